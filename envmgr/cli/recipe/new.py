"""`envmgr recipe new`: the beginning of a recipe."""

import re
from pathlib import Path

import click
from typing_extensions import TypedDict

from envmgr.cli.answer import Answer, answers
from envmgr.cli.init_command import AlreadyThereError
from envmgr.cli.project import Project
from envmgr.cli.templates import RECIPE
from envmgr.model.errors import UsageError
from envmgr.model.store_path import NAME_PATTERN


class New(TypedDict):
    """The file that was written."""

    file: Path


@click.command("new")
@click.argument("name")
@click.pass_obj
@answers("recipe-new")
def command(project: Project, /, *, name: str) -> Answer[New]:
    """Write the beginning of a recipe: valid, with what may be added as comments."""
    if not re.fullmatch(NAME_PATTERN, name):
        raise UsageError(f"no name for a recipe: {name!r}", fix="lower-case letters, digits, and + . _ - within")
    file = project.recipes / f"{name}.toml"
    if name in project.catalog.names():
        raise AlreadyThereError(project.catalog.file(name))
    text = RECIPE.format(name=name, summary=f"What {name} is, in one line")
    schema = project.recipes.parent / "recipe.schema.json"
    file.write_text(text if schema.is_file() else text.partition("\n")[2])
    return Answer({"file": file}, str(file))
