"""The bytes that trees take on the disk: files that are hard links of one another are one file."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from envmgr.tree import reading, walk

Inode = tuple[int, int]
"""A file wherever it is named: device and number."""


@dataclass(frozen=True)
class FileUse:
    """One file, however many names it has: its bytes, the names that were seen, and all that objects have of it."""

    bytes: int
    seen: int
    links: int

    @property
    def named_elsewhere(self) -> bool:
        """Whether it has a name that was not seen: then it stays when those that were seen go."""
        return self.links > self.seen


def disk_use(tree: Path, *, shared: Collection[int] = frozenset()) -> dict[Inode, FileUse]:
    """The files of a tree.

    Args:
        tree: its top.
        shared: numbers of files that have one more name, in no object (see `optimise`).

    Raises:
        UnfitTreeError: a part of the tree cannot be read.
    """
    found: dict[Inode, FileUse] = {}
    for level in walk(tree):
        for entry in level.files:
            with reading(level.path(entry), level.where):
                status = entry.stat(follow_symlinks=False)
            inode = status.st_dev, status.st_ino
            seen = found[inode].seen if inode in found else 0
            found[inode] = FileUse(status.st_size, seen + 1, status.st_nlink - (status.st_ino in shared))
    return found


def together(trees: Iterable[Mapping[Inode, FileUse]]) -> dict[Inode, FileUse]:
    """The files of several trees, each once."""
    found: dict[Inode, FileUse] = {}
    for tree in trees:
        for inode, use in tree.items():
            seen = found[inode].seen if inode in found else 0
            found[inode] = FileUse(use.bytes, seen + use.seen, use.links)
    return found


def bytes_of(files: Mapping[Inode, FileUse]) -> int:
    """Bytes of all of these files."""
    return sum(use.bytes for use in files.values())
