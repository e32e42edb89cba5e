"""`envmgr shell`: start a shell in the environment of some recipes."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from typing_extensions import TypedDict

from envmgr.cli.answer import Answer, answers
from envmgr.cli.environ import become, environment_of
from envmgr.cli.options import complete_recipe, lock_option, pure_option, set_option, work_options
from envmgr.cli.project import Project
from envmgr.environment.variables import basics

WITHOUT_START_UP_FILES: Mapping[str, Sequence[str]] = {
    "bash": ["--noprofile", "--norc"],
    "fish": ["--no-config"],
    "zsh": ["--no-rcs"],
}
"""How these are told to leave the user's start-up files alone, which would put the user's PATH back."""
PLAIN = "/bin/sh"


class Opened(TypedDict):
    """Nothing: the shell speaks for itself; only what kept it from being started is an answer."""


@click.command("shell")
@click.argument("names", nargs=-1, required=True, metavar="NAME|PATH...", shell_complete=complete_recipe)
@pure_option()
@lock_option()
@set_option()
@work_options()
@click.pass_obj
@answers("shell")
def command(
    project: Project,
    /,
    *,
    names: tuple[str, ...],
    pure: bool,
    lock: Path | None,
    axes: dict[str, str],
    **work: Any,  # noqa: ANN401  the shared options, as click parsed them
) -> Answer[Opened]:
    """Realise recipes and become $SHELL in their environment.

    What the shell uses is kept from garbage collection as long as it, or a process that it started, lives.
    """
    _, environment = environment_of(project, names, axes=axes, lock=lock, work=work, lasting=True)
    become(_shell(pure=pure), environment.over(basics(os.environ) if pure else os.environ))


def _shell(*, pure: bool) -> list[str]:
    shell = os.environ.get("SHELL") or PLAIN
    if not pure:
        return [shell]
    options = WITHOUT_START_UP_FILES.get(Path(shell).name)
    return [PLAIN] if options is None else [shell, *options]
