"""A file or folder of the checkout, taken in as an object's tree: read once, and what is hashed is what is written."""

import os
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from envmgr.content import ReadError, copy_file
from envmgr.files import Readers
from envmgr.manifest import FileEntry, FolderEntry, Manifest, begin_manifest
from envmgr.sealed import seal_entry, seal_symlink
from envmgr.tree import READ_FOLDER, Level, unreadable, walk


def take_in(origin: Path, out: Path, *, exclude: Collection[str] = frozenset()) -> Manifest:
    """Copy a file, or a tree without what is excluded, into an empty folder that nobody else can reach.

    Files, links and folders get an object's modes and times; `out` itself stays writable.

    Raises:
        UnfitTreeError: the tree holds what no object can hold, or a part of it cannot be read.
        OSError: it cannot be written.
    """
    place = os.open(out, READ_FOLDER)
    try:
        return _take_tree(origin, place, exclude) if origin.is_dir() else _take_file(origin, place)
    finally:
        os.close(place)


def _take_tree(origin: Path, place: int, exclude: Collection[str]) -> Manifest:
    with Readers() as readers:
        manifest = begin_manifest(_prepared(walk(origin, exclude=exclude), place), readers, place)()
    for entry in reversed(manifest.entries):
        if isinstance(entry, FolderEntry):
            _seal(os.open(entry.path, READ_FOLDER, dir_fd=place))
    return manifest


def _prepared(levels: Iterable[Level], place: int) -> Iterator[Level]:
    """A walk whose folders and symlinks are made before its files are asked for."""
    for level in levels:
        for folder in level.folders:
            os.mkdir(level.path(folder), 0o700, dir_fd=place)
        for link in level.symlinks:
            os.symlink(level.target(link), level.path(link), dir_fd=place)
            seal_symlink(level.path(link), place)
        yield level


def _take_file(origin: Path, place: int) -> Manifest:
    folder = os.open(origin.parent, READ_FOLDER)
    try:
        return Manifest((FileEntry(origin.name, *copy_file(origin.name, folder, origin.name, place)),))
    except ReadError as error:
        raise unreadable(origin.name, error.why, str(origin)) from error
    finally:
        os.close(folder)


def _seal(descriptor: int) -> None:
    try:
        seal_entry(descriptor)
    finally:
        os.close(descriptor)
