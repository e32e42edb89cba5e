"""The entries in which two trees differ, and how: sizes, modes, links, and of text files the lines.

The manifests say what differs; only files that do are read.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from envmgr.content import READ_FILE
from envmgr.explain.text_diff import MAX_BYTES, TextDiff, lines_of, text_diff
from envmgr.manifest import Change, Entry, FileEntry, FolderEntry, Manifest, SymlinkEntry, difference
from envmgr.tree import reading

Fields = Mapping[str, str | int | bool]
"""An entry as its manifest has it, without the path."""

MAX_TEXTS = 40
"""Files of one comparison that are shown line by line; those that come later are described by size and digest."""

_BLOCK = 2**20
_SHOWN_DIGITS = 12


@dataclass(frozen=True)
class Tree:
    """A tree on the disk, and what it contains."""

    folder: Path
    manifest: Manifest


@dataclass(frozen=True)
class EntryDiff:
    """One path at which two trees differ."""

    path: str
    before: Fields | None
    """The entry as the manifest has it; None where there is none."""
    after: Fields | None
    first_byte: int | None = None
    """Of two files: the place of the first byte in which they differ, from 0."""
    text: TextDiff | None = None
    """Of two text files: how they differ."""

    def __str__(self) -> str:
        if self.before is None or self.after is None:
            where = "only after" if self.before is None else "only before"
            return f"{self.path}: {where}, {_entry(self.after or self.before or {})}"
        lines = [f"{self.path}: {_changed(self.before, self.after, self.first_byte)}"]
        return "\n".join([*lines, *([str(self.text)] if self.text else [])])


def tree_diff(before: Tree, after: Tree) -> Iterator[EntryDiff]:
    """The entries in which two trees differ, sorted by the bytes of the path.

    Raises:
        UnfitTreeError: a file cannot be read.
    """
    texts_left = MAX_TEXTS
    for change in difference(before.manifest, after.manifest):
        old, new = change.before, change.after
        sides = _fields(old), _fields(new)
        if isinstance(old, FileEntry) and isinstance(new, FileEntry) and old.sha256 != new.sha256:
            text = _text_diff(before, after, change) if texts_left and max(old.size, new.size) <= MAX_BYTES else None
            texts_left -= text is not None
            yield EntryDiff(change.path, *sides, _first_byte(before.folder, after.folder, change.path), text)
        else:
            yield EntryDiff(change.path, *sides)


def _fields(entry: Entry | None) -> Fields | None:
    match entry:
        case None:
            return None
        case FileEntry():
            return {"type": "file", "size": entry.size, "executable": entry.executable, "sha256": entry.sha256}
        case SymlinkEntry():
            return {"type": "symlink", "target": entry.target}
        case FolderEntry():
            return {"type": "folder"}


def _text_diff(before: Tree, after: Tree, change: Change) -> TextDiff | None:
    old, new = (lines_of(b"".join(_blocks(tree.folder, change.path))) for tree in (before, after))
    if old is None or new is None:
        return None
    return text_diff(old, new, names=(f"before/{change.path}", f"after/{change.path}"))


def _first_byte(before: Path, after: Path, path: str) -> int:
    """Where two files part; where one is the beginning of the other, that is its end."""
    place = 0
    for old, new in zip(_blocks(before, path), _blocks(after, path), strict=False):
        shorter = min(len(old), len(new))
        if old[:shorter] != new[:shorter]:
            return place + next(at for at in range(shorter) if old[at] != new[at])
        place += shorter
    return place


def _blocks(folder: Path, path: str) -> Iterator[bytes]:
    with reading(path, str(folder)):
        descriptor = os.open(folder / path, READ_FILE)
        with os.fdopen(descriptor, "rb") as file:
            while block := file.read(_BLOCK):
                yield block


def _entry(entry: Fields) -> str:
    match entry:
        case {"type": "folder"}:
            return "a folder"
        case {"type": "symlink", "target": target}:
            return f"a link to {target}"
        case {"size": size, "executable": executable, "sha256": sha256}:
            kind = "an executable file" if executable else "a file"
            return f"{kind} of {size:,} bytes, sha256:{str(sha256)[:_SHOWN_DIGITS]}…"
    return str(entry)


def _changed(before: Fields, after: Fields, first_byte: int | None) -> str:
    if before["type"] != after["type"] or before["type"] != "file":
        return f"{_entry(before)} -> {_entry(after)}"
    said = []
    if before["executable"] != after["executable"]:
        said.append("executable -> not executable" if before["executable"] else "not executable -> executable")
    if first_byte is not None:
        said.append(f"{before['size']:,} -> {after['size']:,} bytes, the first that differs is byte {first_byte:,}")
        digests = (f"sha256:{str(side['sha256'])[:_SHOWN_DIGITS]}…" for side in (before, after))
        said.append(" -> ".join(digests))
    return "; ".join(said)
