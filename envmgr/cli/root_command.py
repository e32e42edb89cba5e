"""`envmgr root`: what is kept, and why."""

from typing import Any

import click

from envmgr.builders.sandbox import executor
from envmgr.cli.answer import Answer, answers
from envmgr.cli.live import watching
from envmgr.cli.options import realize_options, set_option, work_options
from envmgr.cli.project import Project
from envmgr.model.errors import UsageError
from envmgr.realize import Realizer
from envmgr.store.roots import Root


@click.group("root")
def command() -> None:
    """List, add and remove what garbage collection keeps."""


@command.command("list")
@click.pass_obj
@answers("root-list")
def list_roots(project: Project, /) -> Answer:
    """List the roots: lockfiles in use, profiles, runs."""
    with project.store() as store:
        found = store.roots()
    data = [
        {"kind": root.kind, "name": root.name, "reason": root.reason, "paths": [str(path) for path in root.paths]}
        for root in found
    ]
    return Answer({"roots": data}, "\n".join(f"{root.kind} {root.name}: {root.reason}" for root in found))


@command.command("add")
@click.argument("name")
@click.option("--as", "profile", help="The profile's name; by default the recipe's.")
@set_option()
@work_options()
@click.pass_obj
@answers("root-add")
def add_root(project: Project, /, *, name: str, profile: str | None, axes: dict[str, str], **work: Any) -> Answer:  # noqa: ANN401
    """Realise NAME and keep it until `root remove`."""
    node = project.planner.plan(name, axes)
    with project.store() as store, watching(stream=work["stream"]) as notice:
        realizer = Realizer(
            store, executor(work["sandbox"]), checkout=project.recipes, options=realize_options(work), notice=notice
        )
        path = realizer.realize([node], {})[node.digest].store_path
        store.add_root(Root("profile", profile or name, (path,), f"envmgr root add {name}"))
    return Answer({"name": profile or name, "path": str(path)}, f"{profile or name} keeps {path}")


@command.command("remove")
@click.argument("profile")
@click.pass_obj
@answers("root-remove")
def remove_root(project: Project, /, *, profile: str) -> Answer:
    """Drop a profile; what only it kept goes with the next `gc`."""
    with project.store() as store:
        if not store.remove_root("profile", profile):
            known = ", ".join(root.name for root in store.roots() if root.kind == "profile") or "none"
            raise UsageError(f"there is no profile {profile!r}", fix=f"profiles: {known}")
    return Answer({"removed": profile}, f"removed {profile}")
