"""`envmgr log`: the log of the last build of a recipe."""

from pathlib import Path

import click
from typing_extensions import TypedDict

from envmgr.cli.answer import Answer, answers
from envmgr.cli.options import complete_recipe, set_option
from envmgr.cli.project import Project
from envmgr.model.errors import InvalidInputError


class NoLogError(InvalidInputError):
    """The recipe was not built here, or its builder runs no process."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            f"{name} has no log in this store: it was not built here, or no process was run",
            fix=f"envmgr realize {name}",
        )


class Log(TypedDict):
    """A build's log, and the file that holds it."""

    log: Path
    text: str


@click.command("log")
@click.argument("name", shell_complete=complete_recipe)
@set_option()
@click.pass_obj
@answers("log")
def command(project: Project, /, *, name: str, axes: dict[str, str]) -> Answer[Log]:
    """Print the log of the last build of NAME."""
    node = project.planner.plan(name, axes)
    log = project.store(read_only=True).log(node.digest)
    if not log.is_file():
        raise NoLogError(name)
    text = log.read_text(errors="replace")
    return Answer({"log": log, "text": text}, text.rstrip("\n"))
