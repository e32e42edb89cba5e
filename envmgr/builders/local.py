"""A file or folder of the checkout, taken in as an object's tree: read once, and what is hashed is what is written."""

import hashlib
import os
import stat
from collections.abc import Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path

from envmgr.files import each_file
from envmgr.manifest import Entry, FileEntry, FolderEntry, Manifest, other_entries
from envmgr.sealed import seal_entry, seal_symlink
from envmgr.tree import READ_FILE, READ_FOLDER, Level, reading, walk

_BLOCK = 2**18
_LARGE = 2**23
"""From this size on a file is worth a second thread."""
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def take_in(origin: Path, out: Path, *, exclude: Collection[str] = frozenset()) -> Manifest:
    """Copy a file, or a tree without what is excluded, into an empty folder that nobody else can reach.

    Files, links and folders get an object's modes and times; `out` itself stays writable.

    Raises:
        UnfitTreeError: the tree holds what no object can hold, or a part of it cannot be read.
        OSError: it cannot be written.
    """
    place = os.open(out, READ_FOLDER)
    try:
        if origin.is_dir():
            return _take_tree(origin, place, exclude)
        folder = os.open(origin.parent, READ_FOLDER)
        try:
            level = Level(str(origin), "", folder, [], [], [])
            return Manifest((_take_file(place, level, origin.name, folder),))
        finally:
            os.close(folder)
    finally:
        os.close(place)


def _take_tree(origin: Path, place: int, exclude: Collection[str]) -> Manifest:
    entries: list[Entry] = []

    def seen() -> Iterator[Level]:
        for level in walk(origin, exclude=exclude):
            for folder in level.folders:
                os.mkdir(level.path(folder), 0o700, dir_fd=place)
            for link in level.symlinks:
                os.symlink(level.target(link), level.path(link), dir_fd=place)
                seal_symlink(level.path(link), place)
            entries.extend(other_entries(level))
            yield level

    entries += each_file(seen(), partial(_take_file, place))
    manifest = Manifest.of(entries)
    for entry in reversed(manifest.entries):
        if isinstance(entry, FolderEntry):
            _seal(os.open(entry.path, READ_FOLDER, dir_fd=place))
    return manifest


def _take_file(place: int, level: Level, name: str, folder: int) -> FileEntry:
    path = level.prefix + name
    with reading(path, level.where):
        source = os.open(name, READ_FILE, dir_fd=folder)
    try:
        status = os.fstat(source)
        runs = bool(status.st_mode & stat.S_IXUSR)
        target = os.open(path, _NEW_FILE, 0o700 if runs else 0o600, dir_fd=place)
        try:
            size, sha256 = _copy(_blocks(source, level.where, path), target, large=status.st_size >= _LARGE)
        finally:
            _seal(target)
    finally:
        os.close(source)
    return FileEntry(path, size, runs, sha256)


def _blocks(source: int, where: str, path: str) -> Iterator[bytes]:
    while True:
        with reading(path, where):
            block = os.read(source, _BLOCK)
        if not block:
            return
        yield block


def _copy(blocks: Iterator[bytes], target: int, *, large: bool) -> tuple[int, str]:
    """Write the blocks; their size and SHA-256. Of a large file one is written while the next is hashed."""
    sha256, size = hashlib.sha256(), 0
    if not large:
        for block in blocks:
            _write(target, block)
            sha256.update(block)
            size += len(block)
        return size, sha256.hexdigest()
    with ThreadPoolExecutor(1, thread_name_prefix="write") as writer:
        written: Future[None] = writer.submit(_write, target, b"")
        for block in blocks:
            written.result()
            written = writer.submit(_write, target, block)
            sha256.update(block)
            size += len(block)
        written.result()
    return size, sha256.hexdigest()


def _write(target: int, block: bytes) -> None:
    left = memoryview(block)
    while left:
        left = left[os.write(target, left) :]


def _seal(descriptor: int) -> None:
    try:
        seal_entry(descriptor)
    finally:
        os.close(descriptor)
