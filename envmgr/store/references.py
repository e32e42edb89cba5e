"""Which objects the bytes of a tree name, and which files name a place that no object may name.

A reference is the 32 characters of a store path, wherever they stand: in a file, a file's name or a symlink's
target. Looking for each candidate in turn would cost a pass each. Instead the bytes are mapped to "may stand in
those 32 characters" and "may not", and a run of 32 of the first is looked for: Python does both in C, and the second
skips ahead wherever a window's last byte is of the other kind. Only the rare runs are looked up, so the cost does
not depend on the number of candidates.
"""

import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from envmgr.content import READ_FILE
from envmgr.model.store_path import BASE_LENGTH, StorePath
from envmgr.tree import reading, walk

_BLOCK = 2**22
_ALPHABET = b"abcdefghijklmnopqrstuvwxyz234567"
_KINDS = bytes(ord("x") if byte in _ALPHABET else ord(" ") for byte in range(256))
_RUN = b"x" * BASE_LENGTH


@dataclass(frozen=True)
class Findings:
    """What a tree names.

    `leaks` are the files (and symlinks) that name a forbidden place, with the place.
    """

    references: tuple[StorePath, ...]
    leaks: tuple[tuple[str, bytes], ...]


def scan(tree: Path, *, candidates: Collection[StorePath], forbidden: Sequence[bytes]) -> Findings:
    """Read a tree and find which candidates it refers to and where it names a forbidden place.

    Raises:
        UnfitTreeError: a part of the tree cannot be read.
    """
    by_base = {path.base.encode(): path for path in candidates}
    named: set[bytes] = set()
    leaks: list[tuple[str, bytes]] = []
    for path, data in _texts(tree, overlap=max(map(len, [_RUN, *forbidden])) - 1):
        if by_base:
            named |= _bases(data) & by_base.keys()
        leaks += [(path, place) for place in forbidden if place in data]
    return Findings(
        references=tuple(sorted(by_base[base] for base in named)),
        leaks=tuple(sorted(set(leaks))),
    )


def mentions(tree: Path, candidates: Collection[StorePath]) -> dict[StorePath, list[str]]:
    """Read a tree and find where it names each candidate: files (by their bytes or their names) and symlinks, sorted.

    Raises:
        UnfitTreeError: a part of the tree cannot be read.
    """
    by_base = {path.base.encode(): path for path in candidates}
    found: dict[StorePath, set[str]] = {path: set() for path in candidates}
    for place, data in _texts(tree, overlap=BASE_LENGTH - 1):
        for base in _bases(data) & by_base.keys():
            found[by_base[base]].add(place)
    return {path: sorted(places) for path, places in found.items()}


def _texts(tree: Path, *, overlap: int) -> Iterator[tuple[str, bytes]]:
    for level in walk(tree):
        for entry in (*level.folders, *level.files, *level.symlinks):
            yield level.path(entry), entry.name.encode()
        for entry in level.symlinks:
            yield level.path(entry), level.target(entry).encode()
        for entry in level.files:
            with reading(level.path(entry), level.where):
                descriptor = os.open(entry.name, READ_FILE, dir_fd=level.descriptor)
            try:
                for block in _blocks(descriptor, overlap):
                    yield level.path(entry), block
            finally:
                os.close(descriptor)


def _blocks(descriptor: int, overlap: int) -> Iterator[bytes]:
    """The bytes of a file in blocks, each beginning with the last `overlap` bytes of the one before."""
    size = min(_BLOCK, os.fstat(descriptor).st_size + 1)
    tail = b""
    while block := os.read(descriptor, size):
        yield tail + block
        tail = block[-overlap:]


def _bases(data: bytes) -> set[bytes]:
    kinds = data.translate(_KINDS)
    found = set()
    start = kinds.find(_RUN)
    while start >= 0:
        end = kinds.find(b" ", start)
        end = len(data) if end < 0 else end
        found |= {data[at : at + BASE_LENGTH] for at in range(start, end - BASE_LENGTH + 1)}
        start = kinds.find(_RUN, end)
    return found
