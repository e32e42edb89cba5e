"""`envmgr root`: what is kept, and why."""

import os
from collections.abc import Sequence
from typing import Any

import click
from typing_extensions import TypedDict

from envmgr.cli.answer import Answer, answers
from envmgr.cli.live import watching
from envmgr.cli.operand import objects, store_path
from envmgr.cli.options import complete_recipe, set_option, work_options
from envmgr.cli.project import Project
from envmgr.cli.realizing import realizing
from envmgr.model.errors import UsageError
from envmgr.model.store_path import StorePath
from envmgr.store.keepers import Keeper, all_roots, keepers
from envmgr.store.roots import Kind, Root
from envmgr.store.store import Store


class Kept(TypedDict):
    """A root, and the objects that it keeps with all that they refer to."""

    kind: Kind
    name: str
    reason: str
    paths: list[StorePath]


class Roots(TypedDict):
    """The roots that hold."""

    roots: list[Kept]


class Added(TypedDict):
    """A new profile, and what it keeps."""

    name: str
    paths: list[StorePath]
    """The object; of a run, the objects of its inputs."""


class Removed(TypedDict):
    """Roots that are no more."""

    removed: list[str]


class KeptBy(TypedDict):
    """A root that keeps an object."""

    kind: Kind
    name: str
    reason: str
    chain: list[StorePath]
    """From an object that the root names, by references, to the one that was asked about."""


class Asked(TypedDict):
    """An object, and the roots that keep it; with none, the next `gc` takes it."""

    store_path: StorePath
    kept_by: list[KeptBy]


class Why(TypedDict):
    """The object that was asked about; of a run, the objects of its inputs."""

    objects: list[Asked]


def _checked(_context: click.Context, _option: click.Parameter, name: str) -> str:
    """The name, if a root can have it: looked at before anything is built for it."""
    try:
        return Root("profile", name, (), "").name
    except ValueError as error:
        raise UsageError(str(error), fix="give a plain file name") from error


@click.group("root")
def command() -> None:
    """List, add and remove what garbage collection keeps."""


@command.command("list")
@click.pass_obj
@answers("root-list")
def list_roots(project: Project, /) -> Answer[Roots]:
    """List the roots: lockfiles in use, profiles, links, runs, what was just printed, running commands."""
    with project.store() as store:
        found = all_roots(store)
    data: list[Kept] = [
        {"kind": root.kind, "name": root.name, "reason": root.reason, "paths": list(root.paths)} for root in found
    ]
    return Answer({"roots": data}, "\n".join(f"{root.kind} {root.name}: {root.reason}" for root in found))


@command.command("add")
@click.argument("name", callback=_checked)
@click.argument("target", required=False, shell_complete=complete_recipe)
@set_option()
@work_options()
@click.pass_obj
@answers("root-add")
def add_root(
    project: Project,
    /,
    *,
    name: str,
    target: str | None,
    axes: dict[str, str],
    **work: Any,  # noqa: ANN401  the shared options, as click parsed them
) -> Answer[Added]:
    """Keep TARGET as the profile NAME until `root remove`; a profile of that name is replaced.

    TARGET is a store path, or a recipe, which is realised; by default the recipe NAME.
    """
    target = target or name
    with project.store() as store, watching(stream=work["stream"]) as notice:
        if store_path(target):
            paths = objects(project, store, target, axes)
        else:
            node = project.planner.plan(target, axes)
            with realizing(project, store, work, notice) as realizer:
                done = realizer.realize([node], {})
            paths = [done[item.digest].store_path for item in (node.inputs.values() if node.run else [node])]
        store.add_root(Root("profile", name, tuple(paths), f"envmgr root add {name} {target}"))
    return Answer({"name": name, "paths": paths}, "\n".join(f"{name} keeps {path}" for path in paths))


@command.command("remove")
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.pass_obj
@answers("root-remove")
def remove_root(project: Project, /, *, names: Sequence[str]) -> Answer[Removed]:
    """Drop roots; what only they kept goes with the next `gc`.

    NAME is that of a profile or of a run, whose record stays, or the path of a link or of a lockfile.
    """
    with project.store() as store:
        going = [root for name in names for root in _named(store, name)]
        for root in going:
            store.remove_root(root.kind, root.name)
    return Answer({"removed": [*names]}, "\n".join(f"removed {name}" for name in names))


@command.command("why")
@click.argument("what", metavar="PATH", shell_complete=complete_recipe)
@set_option()
@click.pass_obj
@answers("root-why")
def why(project: Project, /, *, what: str, axes: dict[str, str]) -> Answer[Why]:
    """Say which roots keep an object, and by which references.

    PATH is a store path, or a recipe that is realised.
    """
    with project.store() as store:
        found = {path: keepers(store, path) for path in objects(project, store, what, axes)}
    data: list[Asked] = [{"store_path": path, "kept_by": [*map(_data, kept)]} for path, kept in found.items()]
    return Answer({"objects": data}, "\n".join(line for path, kept in found.items() for line in _lines(path, kept)))


def _named(store: Store, name: str) -> list[Root]:
    """The roots that a name stands for; a profile comes before anything else.

    Raises:
        UsageError: there is none.
    """
    lasting = store.roots()
    found = [root for root in lasting if name == root.name or os.path.abspath(name) == root.anchor]  # noqa: PTH100
    if not found:
        known = ", ".join(root.name for root in lasting if root.kind == "profile") or "none"
        raise UsageError(f"there is no root {name!r}", fix=f"profiles: {known}; `envmgr root list` names all roots")
    return [root for root in found if root.kind == "profile"] or found


def _data(keeper: Keeper) -> KeptBy:
    root = keeper.root
    return {"kind": root.kind, "name": root.name, "reason": root.reason, "chain": list(keeper.chain)}


def _lines(path: StorePath, found: Sequence[Keeper]) -> list[str]:
    if not found:
        return [f"no root keeps {path}"]
    return [
        line
        for kept in found
        for line in (f"{kept.root.kind} {kept.root.name}: {kept.root.reason}", *(f"    {path}" for path in kept.chain))
    ]
