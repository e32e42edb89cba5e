"""`envmgr diff`: how two objects, two closures or two lockfiles differ."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import click
from typing_extensions import TypedDict

from envmgr.cli.answer import Answer, answers
from envmgr.cli.operand import objects, store_path
from envmgr.cli.options import complete_recipe, set_option
from envmgr.cli.project import Project
from envmgr.explain.closure_diff import ObjectChange, closure_diff
from envmgr.explain.lockfile_diff import LockedChange, RootChange, lockfile_diff, root_diff
from envmgr.explain.tree_diff import EntryDiff, Tree, tree_diff
from envmgr.model.errors import UsageError
from envmgr.model.store_path import StorePath
from envmgr.planning.locked_plan import read
from envmgr.store.store import Store


class ObjectDiff(TypedDict):
    """How the trees of two objects differ."""

    kind: Literal["object"]
    equal: bool
    before: StorePath
    after: StorePath
    entries: list[EntryDiff]


class ClosureDiff(TypedDict):
    """How two closures differ."""

    kind: Literal["closure"]
    equal: bool
    common: int
    """Objects that both have."""
    objects: list[ObjectChange]


class LockfileDiff(TypedDict):
    """How two lockfiles differ; those entries come last of which nothing differs but their inputs."""

    kind: Literal["lockfile"]
    equal: bool
    roots: list[RootChange]
    entries: list[LockedChange]


class DifferentKindsError(UsageError):
    """Two things were named that cannot be compared."""

    def __init__(self, lockfile: str, other: str) -> None:
        self.lockfile, self.other = lockfile, other
        super().__init__(f"{lockfile} is a lockfile, and {other} is none", fix="name two lockfiles, or two objects")


class NoOneObjectError(UsageError):
    """A run has no object of its own, and several inputs."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"{name} is a run: it has inputs, and no object", fix="compare closures with --closure")


@click.command("diff")
@click.argument("before", metavar="A", shell_complete=complete_recipe)
@click.argument("after", metavar="B", shell_complete=complete_recipe)
@click.option("--closure", is_flag=True, help="Compare which objects the closures have, not what is in the objects.")
@set_option()
@click.pass_obj
@answers("diff")
def command(
    project: Project, /, *, before: str, after: str, closure: bool, axes: dict[str, str]
) -> Answer[ObjectDiff | ClosureDiff | LockfileDiff]:
    """Show how A and B differ: two objects (store paths or recipes), or two lockfiles (files).

    Text files are compared line by line. Exit code 0 whether they differ or not: the answer says so.
    """
    files = [name for name in (before, after) if store_path(name) is None and Path(name).is_file()]
    if len(files) == 1:
        raise DifferentKindsError(files[0], after if files[0] == before else before)
    if files:
        return _lockfiles(Path(before), Path(after))
    store = project.store(read_only=True)
    sides = [objects(project, store, name, axes) for name in (before, after)]
    if closure:
        return _closures(store, *sides)
    for name, paths in zip((before, after), sides, strict=True):
        if len(paths) != 1:
            raise NoOneObjectError(name)
    return _objects(store, sides[0][0], sides[1][0])


def _objects(store: Store, before: StorePath, after: StorePath) -> Answer[ObjectDiff | ClosureDiff | LockfileDiff]:
    trees = (Tree(store.folder(path), store.manifest(path)) for path in (before, after))
    entries = list(tree_diff(*trees)) if before != after else []
    data: ObjectDiff = {
        "kind": "object",
        "equal": not entries,
        "before": before,
        "after": after,
        "entries": entries,
    }
    return Answer(data, _text([f"before: {before}", f"after:  {after}"], map(str, entries)))


def _closures(
    store: Store, before: list[StorePath], after: list[StorePath]
) -> Answer[ObjectDiff | ClosureDiff | LockfileDiff]:
    closures = [set(store.closure(paths)) for paths in (before, after)]
    changes = closure_diff(*closures)
    common = len(closures[0] & closures[1])
    data: ClosureDiff = {"kind": "closure", "equal": not changes, "common": common, "objects": changes}
    return Answer(data, _text([f"{common} objects are in both"], map(str, changes)))


def _lockfiles(before: Path, after: Path) -> Answer[ObjectDiff | ClosureDiff | LockfileDiff]:
    old, new = read(before), read(after)
    roots, entries = root_diff(old, new), lockfile_diff(old, new)
    data: LockfileDiff = {"kind": "lockfile", "equal": not (roots or entries), "roots": roots, "entries": entries}
    return Answer(data, _text([], [*map(str, roots), *map(str, entries)]))


def _text(head: list[str], differences: Iterator[str] | list[str]) -> str:
    listed = list(differences)
    return "\n".join([*head, *(listed or ["no difference"])])
