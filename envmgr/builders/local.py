"""A file or folder of the checkout, taken in as an object's tree: read once, and what is hashed is what is written."""

import hashlib
import os
import stat
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from envmgr.files import each_file
from envmgr.manifest import Entry, FileEntry, FolderEntry, Manifest, other_entries
from envmgr.sealed import seal_entry, seal_symlink, sealed_mode
from envmgr.tree import READ_FILE, READ_FOLDER, Level, read_all, reading, walk

_LARGE = 2**23
"""From this size on a file is worth a second thread."""
_PART = 2**25
_BLOCK = 2**18
_NEW_FILE = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


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
        target = os.open(path, _NEW_FILE, sealed_mode(status.st_mode), dir_fd=place)
        try:
            if status.st_size < _LARGE:
                with reading(path, level.where):
                    data = read_all(source, status.st_size)
                size, sha256 = _write(target, data)
            else:
                size, sha256 = _copy(source, target)
        finally:
            _seal(target)
    finally:
        os.close(source)
    return FileEntry(path, size, bool(status.st_mode & stat.S_IXUSR), sha256)


def _write(target: int, data: bytes) -> tuple[int, str]:
    """Write all; its size and SHA-256."""
    left = memoryview(data)
    while left:
        left = left[os.write(target, left) :]
    return len(data), hashlib.sha256(data).hexdigest()


def _copy(source: int, target: int) -> tuple[int, str]:
    """Copy a file; its size and SHA-256. One part is copied while the one before is hashed, as it was written."""
    sha256, done, buffer = hashlib.sha256(), 0, memoryview(bytearray(_BLOCK))
    with ThreadPoolExecutor(1, thread_name_prefix="copy") as copier:
        part = copier.submit(_copy_part, source, target, 0)
        while end := part.result():
            part = copier.submit(_copy_part, source, target, end)
            while done < end:
                got = os.preadv(target, [buffer], done)
                sha256.update(buffer[:got])
                done += got
    return done, sha256.hexdigest()


def _copy_part(source: int, target: int, begin: int) -> int:
    """Copy at most `_PART` bytes; where they end, or 0 if there are none."""
    end = begin
    while end < begin + _PART and (copied := os.sendfile(target, source, end, begin + _PART - end)):
        end += copied
    return end if end > begin else 0


def _seal(descriptor: int) -> None:
    try:
        seal_entry(descriptor)
    finally:
        os.close(descriptor)
