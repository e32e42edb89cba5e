"""`envmgr diff`: how two runs, two objects, two closures or two lockfiles differ."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import click
from typing_extensions import TypedDict

from envmgr.cli.answer import Answer, answers
from envmgr.cli.operand import objects, store_path
from envmgr.cli.options import complete_recipe, set_option
from envmgr.cli.project import Project
from envmgr.cli.run_words import run_words
from envmgr.cli.series_words import invalid_warnings
from envmgr.explain.closure_diff import ObjectChange, closure_diff
from envmgr.explain.lockfile_diff import LockedChange, RootChange, lockfile_diff, root_diff
from envmgr.explain.run_diff import ClosureCauses, run_diff
from envmgr.explain.tree_diff import EntryDiff, Tree, tree_diff
from envmgr.model.errors import UsageError
from envmgr.model.run_record import Recorded
from envmgr.model.store_path import StorePath
from envmgr.planning.locked_plan import read
from envmgr.results.chosen import NoSuchRunError, chosen
from envmgr.results.comparison import Comparison
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


class Side(TypedDict):
    """One side of two that are compared: a run, or all that count of a configuration of a series."""

    runs: list[str]
    """Their ids, oldest first."""
    recipe: str
    started: str
    """When the first of them was started; UTC, ISO 8601."""


class RunsDiff(TypedDict):
    """How two runs, or two configurations of several, differ."""

    kind: Literal["run"]
    before: Side
    after: Side
    records: Comparison
    closure: ClosureCauses | None
    """Null where a side was made elsewhere: nobody knows what it was made from."""


Difference = RunsDiff | ObjectDiff | ClosureDiff | LockfileDiff


class DifferentKindsError(UsageError):
    """Two things were named that cannot be compared."""

    def __init__(self, kind: str, one: str, other: str) -> None:
        self.kind, self.one, self.other = kind, one, other
        super().__init__(f"{one} is a {kind}, and {other} is none", fix=f"name two {kind}s, or two objects")


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
def command(project: Project, /, *, before: str, after: str, closure: bool, axes: dict[str, str]) -> Answer[Difference]:
    """Show how A and B differ: two runs, two objects (store paths or recipes), or two lockfiles (files).

    A run is named by the beginning of its id; several runs of one configuration by SERIES:CONFIGURATION. Of runs, the
    metrics come first, and only what noise cannot have made is called a difference; then why: settings, the closure
    down to the source or setting at the bottom, the host. Of objects, text files are compared line by line. Exit code
    0 whether they differ or not: the answer says so.
    """
    files = [name for name in (before, after) if store_path(name) is None and Path(name).is_file()]
    if len(files) == 1:
        raise DifferentKindsError("lockfile", files[0], after if files[0] == before else before)
    if files:
        return _lockfiles(Path(before), Path(after))
    store = project.store(read_only=True)
    old, new = (_runs(store, name) for name in (before, after))
    if old and new:
        return _compared(store, old, new)
    if old or new:
        raise DifferentKindsError("run", *((before, after) if old else (after, before)))
    sides = [objects(project, store, name, axes) for name in (before, after)]
    if closure:
        return _closures(store, *sides)
    for name, paths in zip((before, after), sides, strict=True):
        if len(paths) != 1:
            raise NoOneObjectError(name)
    return _objects(store, sides[0][0], sides[1][0])


def _runs(store: Store, name: str) -> list[Recorded]:
    """The runs that a word names; none where it names something else."""
    try:
        return [*chosen(store.layout.runs, name)] if store_path(name) is None else []
    except NoSuchRunError:
        return []


def _compared(store: Store, before: list[Recorded], after: list[Recorded]) -> Answer[Difference]:
    found = run_diff(store, before, after)
    sides = [_side(before), _side(after)]
    data: RunsDiff = {
        "kind": "run",
        "before": sides[0],
        "after": sides[1],
        "records": found.records,
        "closure": found.closure,
    }
    head = [f"{name}: {_side_words(side)}" for name, side in zip(("before", "after"), sides, strict=True)]
    return Answer(data, "\n".join([*head, *run_words(found)]), warnings=invalid_warnings([*before, *after]))


def _side(runs: list[Recorded]) -> Side:
    return {"runs": [run.id for run in runs], "recipe": runs[0].recipe, "started": runs[0].started}


def _side_words(side: Side) -> str:
    first, *others = side["runs"]
    return f"{first}{f' and {len(others)} more' if others else ''}, {side['recipe']}, {side['started']}"


def _objects(store: Store, before: StorePath, after: StorePath) -> Answer[Difference]:
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


def _closures(store: Store, before: list[StorePath], after: list[StorePath]) -> Answer[Difference]:
    closures = [set(store.closure(paths)) for paths in (before, after)]
    changes = closure_diff(*closures)
    common = len(closures[0] & closures[1])
    data: ClosureDiff = {"kind": "closure", "equal": not changes, "common": common, "objects": changes}
    return Answer(data, _text([f"{common} objects are in both"], map(str, changes)))


def _lockfiles(before: Path, after: Path) -> Answer[Difference]:
    old, new = read(before), read(after)
    roots, entries = root_diff(old, new), lockfile_diff(old, new)
    data: LockfileDiff = {"kind": "lockfile", "equal": not (roots or entries), "roots": roots, "entries": entries}
    return Answer(data, _text([], [*map(str, roots), *map(str, entries)]))


def _text(head: list[str], differences: Iterator[str] | list[str]) -> str:
    listed = list(differences)
    return "\n".join([*head, *(listed or ["no difference"])])
