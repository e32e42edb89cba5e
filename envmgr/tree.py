"""A walk through a tree by descriptors, so that no symlink can turn it elsewhere, and what a tree may hold.

A tree holds folders, files and symlinks with UTF-8 names, at most `MAX_DEPTH` levels deep. Nothing is changed here.
"""

import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from envmgr.model.errors import BuildError

MAX_DEPTH = 64
"""Names in one path: so bounded, every tree can be walked by recursion and with one descriptor a level."""
MAX_NAME = 255
"""Bytes in one name."""

READ_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
"""Flags that follow no link."""


class UnfitTreeError(BuildError):
    """A tree holds what no manifest can describe, or a part of it cannot be read."""

    def __init__(self, path: str, reason: str, *, where: str) -> None:
        printable = path.encode(errors="surrogateescape").decode(errors="backslashreplace")
        super().__init__(
            f"{printable}: {reason}",
            where=where,
            fix="remove or rename it; a tree holds readable folders, files and symlinks with UTF-8 names "
            f"of at most {MAX_NAME} bytes, at most {MAX_DEPTH} levels deep",
        )
        self.path = path
        self.reason = reason


@dataclass(frozen=True)
class Level:
    """One folder on the way through a tree: its descriptor, and what stands in it."""

    where: str
    """The top of the tree, for messages."""
    prefix: str
    """The path of the folder with a slash behind it; empty for the top."""
    descriptor: int
    folders: Sequence[os.DirEntry[str]]
    files: Sequence[os.DirEntry[str]]
    symlinks: Sequence[os.DirEntry[str]]

    def path(self, entry: os.DirEntry[str]) -> str:
        """The path of an entry from the top of the tree."""
        return self.prefix + entry.name

    def target(self, entry: os.DirEntry[str]) -> str:
        """What a symlink says.

        Raises:
            UnfitTreeError: its text is not UTF-8.
        """
        target = os.readlink(entry.name, dir_fd=self.descriptor)
        if not _is_utf8(target):
            raise UnfitTreeError(self.path(entry), "the target of this symlink is not UTF-8", where=self.where)
        return target


def walk(top: Path, *, exclude: Collection[str] = frozenset()) -> Iterator[Level]:
    """Every folder of a tree, parents first; `exclude` has names that are left out wherever they stand.

    The descriptor of a level is open until the next level is asked for.

    Raises:
        UnfitTreeError: the tree holds what no manifest can describe, or a folder cannot be read.
    """
    with reading(".", str(top)):
        descriptor = os.open(top, READ_FOLDER)
    yield from _walk(descriptor, "", 1, exclude, str(top))


def _walk(descriptor: int, prefix: str, depth: int, exclude: Collection[str], where: str) -> Iterator[Level]:
    try:
        with reading(prefix or ".", where), os.scandir(descriptor) as found:
            entries = [entry for entry in found if entry.name not in exclude]
        if entries and depth > MAX_DEPTH:
            raise UnfitTreeError(prefix, f"it holds something more than {MAX_DEPTH} levels deep", where=where)
        level = _level(where, prefix, descriptor, entries)
        yield level
        for entry in level.folders:
            with reading(level.path(entry), where):
                below = os.open(entry.name, READ_FOLDER, dir_fd=descriptor)
            yield from _walk(below, level.path(entry) + "/", depth + 1, exclude, where)
    finally:
        os.close(descriptor)


def _level(where: str, prefix: str, descriptor: int, entries: list[os.DirEntry[str]]) -> Level:
    level = Level(where, prefix, descriptor, folders := [], files := [], symlinks := [])
    for entry in entries:
        check_name(entry.name, level.path(entry), where)
        if entry.is_symlink():
            symlinks.append(entry)
        elif entry.is_dir(follow_symlinks=False):
            folders.append(entry)
        elif entry.is_file(follow_symlinks=False):
            files.append(entry)
        else:
            raise UnfitTreeError(level.path(entry), "it is neither a folder, a file nor a symlink", where=where)
    return level


class reading:  # noqa: N801  used as the function that it is; a generator would cost three times as much a file
    """A block in which a failure to read `path` in the tree `where` is an UnfitTreeError that names it."""

    __slots__ = ("path", "where")

    def __init__(self, path: str, where: str) -> None:
        self.path, self.where = path, where

    def __enter__(self) -> None:
        """Nothing is to be prepared."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        """Tell.

        Raises:
            UnfitTreeError: the block failed to read.
        """
        if isinstance(error, OSError):
            raise unreadable(self.path, error.strerror or str(error), self.where) from error


def unreadable(path: str, why: str, where: str) -> UnfitTreeError:
    """What is told of `path` in the tree `where`, if it cannot be read."""
    return UnfitTreeError(path, f"it cannot be read: {why}", where=where)


def check_name(name: str, path: str, where: str) -> None:
    """Refuse a name that no manifest can hold; `path` and `where` are for the message.

    Raises:
        UnfitTreeError: the name is not UTF-8, or too long.
    """
    if name.isascii() and len(name) <= MAX_NAME:
        return
    if not _is_utf8(name):
        raise UnfitTreeError(path, "its name is not UTF-8", where=where)
    if len(name.encode()) > MAX_NAME:
        raise UnfitTreeError(path, f"its name is longer than {MAX_NAME} bytes", where=where)


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
