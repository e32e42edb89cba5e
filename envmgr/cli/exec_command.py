"""`envmgr exec`: start a command in the environment of a recipe."""

import os
from pathlib import Path
from typing import Any

import click
from typing_extensions import TypedDict

from envmgr.cli.answer import Answer, answers
from envmgr.cli.environ import become, environment_of
from envmgr.cli.options import complete_recipe, lock_option, pure_option, set_option, work_options
from envmgr.cli.project import Project
from envmgr.environment.variables import basics


class Executed(TypedDict):
    """Nothing: the command speaks for itself; only what kept it from being started is an answer."""


@click.command("exec")
@click.argument("name", metavar="NAME|PATH", shell_complete=complete_recipe)
@click.argument("argv", nargs=-1, required=True, metavar="-- COMMAND...", type=click.UNPROCESSED)
@pure_option()
@lock_option()
@set_option()
@work_options()
@click.pass_obj
@answers("exec")
def command(
    project: Project,
    /,
    *,
    name: str,
    argv: tuple[str, ...],
    pure: bool,
    lock: Path | None,
    axes: dict[str, str],
    **work: Any,  # noqa: ANN401  the shared options, as click parsed them
) -> Answer[Executed]:
    """Realise NAME and become COMMAND in its environment: exit code and signals are the command's own.

    What the command uses is kept from garbage collection as long as it, or a process that it started, lives.
    """
    _, environment = environment_of(project, [name], axes=axes, lock=lock, work=work, lasting=True)
    become(argv, environment.over(basics(os.environ) if pure else os.environ))
