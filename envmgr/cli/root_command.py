"""`envmgr root`: what is kept, and why."""

from typing import Any

import click
from typing_extensions import TypedDict

from envmgr.cli.answer import Answer, answers
from envmgr.cli.live import watching
from envmgr.cli.options import complete_recipe, set_option, work_options
from envmgr.cli.project import Project
from envmgr.cli.realizing import realizing
from envmgr.model.errors import UsageError
from envmgr.model.store_path import StorePath
from envmgr.store.roots import Kind, Root


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
    path: StorePath


class Removed(TypedDict):
    """A profile that is no more."""

    removed: str


def _checked(_context: click.Context, _option: click.Parameter, name: str | None) -> str | None:
    """The name, if a root can have it: looked at before anything is built for it."""
    try:
        return name and Root("profile", name, (), "").name
    except ValueError as error:
        raise UsageError(str(error), fix="--as with a plain file name") from error


@click.group("root")
def command() -> None:
    """List, add and remove what garbage collection keeps."""


@command.command("list")
@click.pass_obj
@answers("root-list")
def list_roots(project: Project, /) -> Answer[Roots]:
    """List the roots: lockfiles in use, profiles, runs."""
    with project.store() as store:
        found = store.roots()
    data: list[Kept] = [
        {"kind": root.kind, "name": root.name, "reason": root.reason, "paths": list(root.paths)} for root in found
    ]
    return Answer({"roots": data}, "\n".join(f"{root.kind} {root.name}: {root.reason}" for root in found))


@command.command("add")
@click.argument("name", shell_complete=complete_recipe)
@click.option("--as", "profile", callback=_checked, help="The profile's name; by default the recipe's.")
@set_option()
@work_options()
@click.pass_obj
@answers("root-add")
def add_root(
    project: Project,
    /,
    *,
    name: str,
    profile: str | None,
    axes: dict[str, str],
    **work: Any,  # noqa: ANN401  the shared options, as click parsed them
) -> Answer[Added]:
    """Realise NAME and keep it until `root remove`."""
    node = project.planner.plan(name, axes)
    with project.store() as store, watching(stream=work["stream"]) as notice:
        with realizing(project, store, work, notice) as realizer:
            path = realizer.realize([node], {})[node.digest].store_path
        store.add_root(Root("profile", profile or name, (path,), f"envmgr root add {name}"))
    return Answer({"name": profile or name, "path": path}, f"{profile or name} keeps {path}")


@command.command("remove")
@click.argument("profile")
@click.pass_obj
@answers("root-remove")
def remove_root(project: Project, /, *, profile: str) -> Answer[Removed]:
    """Drop a profile; what only it kept goes with the next `gc`."""
    with project.store() as store:
        if not store.remove_root("profile", profile):
            known = ", ".join(root.name for root in store.roots() if root.kind == "profile") or "none"
            raise UsageError(f"there is no profile {profile!r}", fix=f"profiles: {known}")
    return Answer({"removed": profile}, f"removed {profile}")
