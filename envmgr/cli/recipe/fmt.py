"""`envmgr recipe fmt`: recipes in the agreed form."""

from pathlib import Path

import click
from typing_extensions import TypedDict

from envmgr.cli.answer import Answer, answers
from envmgr.cli.project import Project
from envmgr.cli.recipe.files import files_argument, own_files
from envmgr.model.errors import EnvmgrError, InvalidInputError
from envmgr.model.recipe import Recipe
from envmgr.toml.file import read_toml, same_toml
from envmgr.toml.form import in_form

ORDER = tuple(Recipe.model_fields)
BY_NAME = ("sources", "inputs")


class Formatted(TypedDict):
    """The files that are in another form now; with --check, that would be."""

    changed: list[Path]
    unchanged: int


class NotInFormError(InvalidInputError):
    """Recipes are not in the agreed form (--check)."""

    def __init__(self, files: list[Path]) -> None:
        self.files = files
        listed = "\n    ".join(map(str, files))
        super().__init__(f"{len(files)} not in form", where=listed, fix="envmgr recipe fmt")


class LostInFormError(EnvmgrError):
    """A recipe would say something else in the agreed form; it was left as it is."""

    def __init__(self, file: Path) -> None:
        self.file = file
        super().__init__("this recipe can't be put in form without changing it", where=str(file), fix="tell us of it")


@click.command("fmt")
@files_argument()
@click.option("--check", is_flag=True, help="Write nothing; exit 3 where something would be written.")
@click.pass_obj
@answers("recipe-fmt")
def command(project: Project, /, *, files: tuple[Path, ...], check: bool) -> Answer[Formatted]:
    """Put the project's recipes (or FILEs) into the agreed form; comments stay with what they stand above.

    Keys in the order of the manual, roles by name, one blank line before each table.
    """
    own = own_files(project, files)
    changed = {file: text for file in own if (text := _formed(file)) != file.read_text()}
    if not check:
        for file, text in changed.items():
            file.write_text(text)
    return Answer(
        {"changed": list(changed), "unchanged": len(own) - len(changed)},
        "\n".join(map(str, changed)),
        failure=NotInFormError(list(changed)) if check and changed else None,
    )


def _formed(file: Path) -> str:
    read_toml(file, Recipe)
    text = file.read_text()
    formed = in_form(text, ORDER, BY_NAME)
    if not same_toml(text, formed):
        raise LostInFormError(file)
    return formed
