"""`envmgr env`: the variables of an environment, for a shell to read."""

import os
from pathlib import Path
from typing import Any

import click
from typing_extensions import TypedDict

from envmgr.cli.answer import Answer, answers, to_json
from envmgr.cli.environ import environment_of
from envmgr.cli.options import complete_recipe, lock_option, pure_option, set_option, work_options
from envmgr.cli.project import Project
from envmgr.environment.text import TEXTS
from envmgr.environment.variables import Environment
from envmgr.model.store_path import StorePath


class Variables(TypedDict):
    """What makes the environment, and of which objects it is."""

    objects: list[StorePath]
    first: dict[str, list[Path]]
    """Folders, by the variable in which they come first."""
    fixed: dict[str, str]
    """Variables that have just this value."""


@click.command("env")
@click.argument("names", nargs=-1, required=True, metavar="NAME|PATH...", shell_complete=complete_recipe)
@click.option(
    "--format",
    "form",
    type=click.Choice([*TEXTS, "json"]),
    default="sh",
    show_default=True,
    help="Commands of a shell, or an object of all values.",
)
@pure_option()
@lock_option()
@set_option()
@work_options()
@click.pass_obj
@answers("env")
def command(
    project: Project,
    /,
    *,
    names: tuple[str, ...],
    form: str,
    pure: bool,
    lock: Path | None,
    axes: dict[str, str],
    **work: Any,  # noqa: ANN401  the shared options, as click parsed them
) -> Answer[Variables]:
    """Realise recipes and print the variables of their environment: `eval "$(envmgr env NAME)"`.

    With --pure the variables forget what stood in them before; others stay as they are.
    """
    paths, environment = environment_of(project, names, axes=axes, lock=lock, work=work, lasting=False)
    return Answer(
        {
            "objects": paths,
            "first": {variable: list(folders) for variable, folders in environment.first.items()},
            "fixed": dict(environment.fixed),
        },
        TEXTS[form](environment, pure=pure) if form in TEXTS else _values(environment, pure=pure),
    )


def _values(environment: Environment, *, pure: bool) -> str:
    values = environment.over({} if pure else os.environ)
    return to_json({name: values[name] for name in [*environment.first, *environment.fixed]}, indent=2)
