"""The files of an archive, all or some of them, as a tree.

No foreign code runs in it, so there is nothing for a sandbox to hold.
"""

import os
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from envmgr.archive.symlinks import check_symlinks
from envmgr.archive.unpack import Bounds, unpack
from envmgr.builders.builder import BuildReport, BuildTask
from envmgr.builders.workplace import read_settings
from envmgr.model.errors import BuildError

NEAR_NAMES = 3


class UnpackSettings(BaseModel):
    """What is taken out of the archive, and where it goes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    files: dict[str, str] = {}
    """Path in the tree (`.`: its top) to a file or folder of the archive; none: the whole archive."""
    symlinks: dict[str, str] = {}
    """Path in the tree to the target of a symlink that is added there."""


class MissingEntryError(BuildError):
    """The archive has no such file or folder; `near` has names that look like it."""

    def __init__(self, label: str, entry: str, near: list[str]) -> None:
        super().__init__(
            f"{label}: there is no {entry!r} in the archive",
            fix=f"near names: {', '.join(near)}" if near else "list the archive to see what it holds",
        )
        self.entry = entry
        self.near = near


class PlaceError(BuildError):
    """A path of the settings cannot be used; `path` and `why` say which and for what reason."""

    def __init__(self, label: str, path: str, why: str) -> None:
        super().__init__(f"{label}: {path!r} {why}", fix="correct the settings of the recipe")
        self.path = path
        self.why = why


class UnpackBuilder:
    """Unpacks the one archive in the input `archive`."""

    name: ClassVar[str] = "unpack"

    def build(self, task: BuildTask) -> BuildReport:
        """Unpack beside the output, and move there what is asked for.

        Raises:
            IntegrityError: the archive is refused, or a symlink leads out of the tree.
            BuildError: the archive has not what is asked for, or the settings do not go together.
            InvalidInputError: the settings do not fit.
        """
        settings = read_settings(UnpackSettings, task.derivation)
        label = task.derivation.label
        tree = task.work / "tree"
        unpack(_archive(task), tree, bounds=Bounds(bytes=task.limits.output_bytes))
        _check_apart(settings.files.values(), label)
        # In the order of the places, so that a folder is there before what goes into it.
        for place, entry in sorted((settings.files or {".": "."}).items()):
            _take(tree, _plain(entry, label), task.out, _plain(place, label), label)
        for place, target in sorted(settings.symlinks.items()):
            _link(task.out, _plain(place, label), target, label)
        check_symlinks(task.out)
        return BuildReport("sandboxed")


def _archive(task: BuildTask) -> Path:
    archive = task.inputs.get("archive")
    files = sorted(archive.folder.iterdir()) if archive else []
    if len(files) != 1 or not files[0].is_file():
        held = ", ".join(file.name for file in files) or "nothing"
        raise PlaceError(task.derivation.label, "archive", f"must be an input with one file; it holds: {held}")
    return files[0]


def _plain(path: str, label: str) -> str:
    """Read a path below a tree; the top is the empty text."""
    parts = [] if path in {"", "."} else path.removesuffix("/").split("/")
    if not {"", ".", ".."}.isdisjoint(parts):
        raise PlaceError(label, path, "is not a plain path below the tree")
    return "/".join(parts)


def _check_apart(entries: Iterable[str], label: str) -> None:
    """Refuse an entry that is taken twice, alone or with its folder: what one place gets, another misses."""
    before = None
    for entry in sorted(f"{_plain(entry, label)}/".removeprefix("/") for entry in entries):
        if before is not None and entry.startswith(before):
            raise PlaceError(label, entry, f"is taken twice, by itself or with {before!r}")
        before = entry


def _take(tree: Path, entry: str, out: Path, place: str, label: str) -> None:
    origin = tree / entry
    if not os.path.lexists(origin):
        known = [str(path.relative_to(tree)) for path in tree.rglob("*")]
        raise MissingEntryError(label, entry, get_close_matches(entry, known, NEAR_NAMES))
    if place:
        origin.rename(_free(out, place, label))
        return
    if origin.is_symlink() or not origin.is_dir():
        raise PlaceError(label, entry, "is not a folder, and cannot be the top of the tree")
    for child in sorted(origin.iterdir()):
        child.rename(_free(out, child.name, label))


def _free(out: Path, place: str, label: str) -> Path:
    """Make the folders above a place where nothing stands yet. None of them may be a link: it could lead outside."""
    *folders, _ = (out / place).relative_to(out).parents
    for folder in map(out.joinpath, reversed(folders)):
        if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
            raise PlaceError(label, place, f"would go through {folder.name!r}, which is not a folder")
        folder.mkdir(exist_ok=True)
    if os.path.lexists(out / place):
        raise PlaceError(label, place, "is taken already")
    return out / place


def _link(out: Path, place: str, target: str, label: str) -> None:
    link = _free(out, place, label)
    link.symlink_to(target)
    if not link.exists():
        raise PlaceError(label, target, f"is nothing that the symlink {place!r} could lead to")
