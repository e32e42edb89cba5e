"""An object put together from files of inputs, texts and links; no process runs."""

import shutil
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from envmgr.builders.builder import BuildReport, BuildTask
from envmgr.builders.placeholders import fill
from envmgr.builders.workplace import read_settings
from envmgr.model.errors import BuildError


class TreeSettings(BaseModel):
    """What the tree holds, by path."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    files: dict[str, str] = {}
    """Path to `role/path`: a file or folder of an input."""
    texts: dict[str, str] = {}
    """Path to what the file says."""
    symlinks: dict[str, str] = {}
    """Path to the link's target, relative to the link; `{role.name}` in it is the store path of an input."""


class PathError(BuildError):
    """A path of the settings leaves the tree, or names nothing in an input."""

    def __init__(self, label: str, path: str, why: str) -> None:
        self.label, self.path = label, path
        super().__init__(f"{label}: {path!r} {why}")


class TreeBuilder:
    """Copies, writes and links."""

    name: ClassVar[str] = "tree"

    def build(self, task: BuildTask) -> BuildReport:
        """Fill the tree.

        Raises:
            InvalidInputError: the settings do not fit, or name an input that is not there.
            PathError: a path leaves the tree, or names nothing.
        """
        settings = read_settings(TreeSettings, task.derivation)
        copy_files(task, settings.files)
        for path, text in settings.texts.items():
            inside(task, path).write_text(text)
        names = {f"{role}.name": str(item.store_path) for role, item in task.inputs.items()}
        for path, target in settings.symlinks.items():
            inside(task, path).symlink_to(fill(target, names, task.derivation.label))
        return BuildReport("sandboxed")  # no foreign code runs: there is nothing to hold


def copy_files(task: BuildTask, files: Mapping[str, str]) -> None:
    """Copy into the tree, by path, what `role/path` names.

    Raises:
        PathError: a path leaves the tree, or names nothing.
    """
    for path, source in files.items():
        _copy(found_input(task, source), inside(task, path))


def found_input(task: BuildTask, text: str) -> Path:
    """Where the file or folder lies that `role/path` names.

    Raises:
        PathError: it names nothing.
    """
    role, _, path = text.partition("/")
    if role not in task.inputs:
        raise PathError(task.derivation.label, text, f"begins with no input; known: {', '.join(task.inputs)}")
    found = task.inputs[role].folder / PurePosixPath(path)
    if not found.exists():
        raise PathError(task.derivation.label, text, "is not in that input")
    return found


def inside(task: BuildTask, path: str) -> Path:
    """The place of a path in the tree, its folder made.

    Raises:
        PathError: it leaves the tree.
    """
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or not pure.parts:
        raise PathError(task.derivation.label, path, "leaves the tree")
    place = task.out / pure
    place.parent.mkdir(parents=True, exist_ok=True)
    return place


def _copy(source: Path, place: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, place, symlinks=True)
    else:
        shutil.copy(source, place)
