"""What a tree contains, as sorted entries in one canonical text, and the digest of that text.

In a manifest: folders (also empty), files with size, executable bit and SHA-256, symlinks with target. Not in it:
owner, times, or any mode but the owner's executable bit. The digest of a file equals what `sha256sum` prints.

The text is what `canonical_text` would give. It is put together entry by entry, at a fifth of the time, since every
object's is made whenever it is read.
"""

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from json.encoder import encode_basestring as _quoted
from pathlib import Path
from typing import Self

from envmgr.content import hash_file
from envmgr.files import Readers
from envmgr.model.canonical import LARGEST_INTEGER
from envmgr.model.digest import Digest
from envmgr.tree import MAX_DEPTH, MAX_NAME, Level, UnfitTreeError, check_name, reading, walk

SCHEMA = 1
SKETCH_DIGITS = 16


@dataclass(frozen=True, slots=True)
class FolderEntry:
    """A folder, empty or not."""

    path: str

    @property
    def text(self) -> str:
        """The entry as it stands in the canonical text."""
        return f'{{"path":{_quoted(self.path)},"type":"folder"}}'


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file: its size in bytes, whether its owner may execute it, and its SHA-256 in hex."""

    path: str
    size: int
    executable: bool
    sha256: str

    @property
    def text(self) -> str:
        """The entry as it stands in the canonical text."""
        executable, path = "true" if self.executable else "false", _quoted(self.path)
        return f'{{"executable":{executable},"path":{path},"sha256":"{self.sha256}","size":{self.size},"type":"file"}}'


@dataclass(frozen=True, slots=True)
class SymlinkEntry:
    """A symlink and the text that it holds."""

    path: str
    target: str

    @property
    def text(self) -> str:
        """The entry as it stands in the canonical text."""
        return f'{{"path":{_quoted(self.path)},"target":{_quoted(self.target)},"type":"symlink"}}'


Entry = FolderEntry | FileEntry | SymlinkEntry


@dataclass(frozen=True)
class Manifest:
    """The entries of a tree, sorted by the bytes of their paths, relative to its top."""

    entries: tuple[Entry, ...]

    @cached_property
    def text(self) -> bytes:
        """The canonical text; `parse` reads it back."""
        return f'{{"entries":{_list(self.entries)},"schema":{SCHEMA}}}'.encode()

    @cached_property
    def digest(self) -> Digest:
        """The digest of the text: two trees with the same digest are the same tree."""
        return Digest.of(self.text)

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(entry.size for entry in self.entries if isinstance(entry, FileEntry))

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> Self:
        """The manifest of a tree that has these entries, given in any order."""
        return cls(tuple(sorted(entries, key=lambda entry: entry.path.encode())))

    @classmethod
    def parse(cls, text: bytes) -> Self:
        """Read a canonical text, strictly: each path stands in a folder of the manifest, and none climbs.

        Raises:
            ValueError: the text is not the canonical text of any tree.
        """
        document = json.loads(text)
        if not isinstance(document, dict) or document.get("schema") != SCHEMA:
            raise ValueError(f"not a manifest of schema {SCHEMA}")
        try:
            manifest = cls(tuple(map(_parse_entry, document["entries"])))
        except (TypeError, KeyError) as error:
            raise ValueError("the manifest has no list of entries") from error
        _check_paths(manifest.entries)
        if manifest.text != text:
            raise ValueError("the text of the manifest is not canonical")
        return manifest


@dataclass(frozen=True)
class Change:
    """One path at which two trees differ: what stood there before and what stands there after, None for nothing."""

    path: str
    before: Entry | None
    after: Entry | None


def difference(before: Manifest, after: Manifest) -> list[Change]:
    """The paths at which two trees differ, sorted by the bytes of the path."""
    old = {entry.path: entry for entry in before.entries}
    new = {entry.path: entry for entry in after.entries}
    paths = sorted(old.keys() | new.keys(), key=str.encode)
    return [Change(path, old.get(path), new.get(path)) for path in paths if old.get(path) != new.get(path)]


def sketch(manifest: Manifest, rows: int = 32) -> dict[str, str]:
    """A tree in a few rows, to name what differs from it: paths with the first digits of a digest.

    Folders are unfolded level by level as long as at most `rows` rows come of it; a folder that is not unfolded has the
    digest of all entries below it.
    """
    best: dict[str, list[Entry]] = {}
    for depth in range(1, MAX_DEPTH + 1):
        groups: dict[str, list[Entry]] = {}
        for entry in manifest.entries:
            groups.setdefault("/".join(entry.path.split("/")[:depth]), []).append(entry)
        if (best and len(groups) > rows) or groups.keys() == best.keys():
            break
        best = groups
    return {path: Digest.of(_list(group).encode()).hex[:SKETCH_DIGITS] for path, group in best.items()}


def manifest_of(folder: Path, *, exclude: Collection[str] = frozenset()) -> Manifest:
    """Read a tree, without following links, several files at a time.

    Args:
        folder: the top of the tree; not a symlink.
        exclude: names that are left out wherever they stand.

    Raises:
        UnfitTreeError: the tree holds what no manifest can describe, or a part of it cannot be read.
    """
    with Readers() as readers:
        return begin_manifest(walk(folder, exclude=exclude), readers)()


def begin_manifest(levels: Iterable[Level], readers: Readers, place: int | None = None) -> Callable[[], Manifest]:
    """Begin to read what a walk comes through, and to copy its files, as `readers` do; what is returned waits for it.

    Like their results, that raises UnfitTreeError or OSError.
    """
    others: list[Entry] = []

    def seen() -> Iterator[Level]:
        for level in levels:
            others.extend(other_entries(level))
            yield level

    begun = readers.begin(seen(), place)
    return lambda: Manifest.of([*others, *(FileEntry(*found) for found in begun.results())])


def other_entries(level: Level) -> list[Entry]:
    """The entries of the folders and symlinks of a level."""
    links = [SymlinkEntry(level.path(entry), level.target(entry)) for entry in level.symlinks]
    return [*links, *(FolderEntry(level.path(entry)) for entry in level.folders)]


def manifest_of_file(path: Path, name: str) -> Manifest:
    """The manifest of a tree that holds one file: the one at `path` (a link is followed), under `name`.

    Raises:
        UnfitTreeError: it is not a file that can be read, or the name is not one.
    """
    where = str(path)
    if name in {"", ".", ".."} or "/" in name:
        raise UnfitTreeError(name, "it is not the name of a file", where=where)
    check_name(name, name, where)
    with reading(name, where):
        return Manifest((FileEntry(name, *hash_file(str(path.resolve()))),))


def _list(entries: Iterable[Entry]) -> str:
    return f"[{','.join([entry.text for entry in entries])}]"


def _parse_entry(fields: object) -> Entry:
    # Fields too many, and `true` for a size, are found when the canonical text is compared.
    match fields:
        case {"type": "folder", "path": str(path)}:
            return FolderEntry(path)
        case {"type": "symlink", "path": str(path), "target": str(target)} if target:
            return SymlinkEntry(path, target)
        case {"type": "file", "path": str(path), "size": int(size), "executable": bool(runs), "sha256": str(sha256)}:
            if 0 <= size <= LARGEST_INTEGER and re.fullmatch("[0-9a-f]{64}", sha256):
                return FileEntry(path, int(size), runs, sha256)
    raise ValueError(f"not an entry of a manifest: {fields}")


def _check_paths(entries: Sequence[Entry]) -> None:
    folders: set[str] = set()
    before = b""
    for entry in entries:
        parent, slash, name = entry.path.rpartition("/")
        if (current := entry.path.encode()) <= before:
            raise ValueError(f"{entry.path}: twice, or not in the order of bytes")
        if slash and parent not in folders:
            raise ValueError(f"{entry.path}: not in a folder of the tree")
        if name in {"", ".", ".."} or "\0" in name or len(name.encode()) > MAX_NAME:
            raise ValueError(f"{entry.path}: not a name of a file")
        if entry.path.count("/") >= MAX_DEPTH:
            raise ValueError(f"{entry.path}: more than {MAX_DEPTH} levels deep")
        if isinstance(entry, FolderEntry):
            folders.add(entry.path)
        before = current
