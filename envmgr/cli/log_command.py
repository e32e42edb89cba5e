"""`envmgr log`: the log of the last build of a recipe."""

import click

from envmgr.cli.answer import Answer, answers
from envmgr.cli.options import set_option
from envmgr.cli.project import Project
from envmgr.model.errors import InvalidInputError


class NoLogError(InvalidInputError):
    """The recipe was not built here, or its builder runs no process."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"{name} has no log in this store: it was not built here, or no process was run")


@click.command("log")
@click.argument("name")
@set_option()
@click.pass_obj
@answers("log")
def command(project: Project, /, *, name: str, axes: dict[str, str]) -> Answer:
    """Print the log of the last build of NAME."""
    node = project.planner.plan(name, axes)
    log = project.store(read_only=True).log(node.digest)
    if not log.is_file():
        raise NoLogError(name)
    text = log.read_text(errors="replace")
    return Answer({"log": str(log), "text": text}, text.rstrip("\n"))
