"""`envmgr init`: a project of one's own."""

import json
import os
from pathlib import Path

import click
from typing_extensions import TypedDict

from envmgr.cli.answer import Answer, answers
from envmgr.cli.documented import DIALECT, json_schema
from envmgr.cli.templates import EXAMPLE, PROJECT
from envmgr.model.errors import UsageError
from envmgr.model.recipe import Recipe


class Begun(TypedDict):
    """The project's folder, and the files that were written."""

    project: Path
    files: list[Path]


class AlreadyThereError(UsageError):
    """A file that would be written is there already."""

    def __init__(self, file: Path) -> None:
        self.file = file
        super().__init__("this is there already, and nothing was written", where=str(file), fix="take another name")


@click.command("init")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=Path())
@answers("init")
def command(*, folder: Path) -> Answer[Begun]:
    """Begin a project in FOLDER (else here) that imports the recipes that came with envmgr, with one example."""
    top = folder.absolute()
    schema = {"$schema": DIALECT, **json_schema(Recipe)}
    texts = {
        top / "envmgr.toml": PROJECT,
        top / "recipe.schema.json": json.dumps(schema, indent=2, ensure_ascii=False) + "\n",
        top / "recipes" / "quick-look.toml": EXAMPLE,
    }
    for path in (*texts, top / "recipes"):
        if os.path.lexists(path):
            raise AlreadyThereError(path)
    (top / "recipes").mkdir(parents=True)
    for path, text in texts.items():
        path.write_text(text)
    return Answer({"project": top, "files": list(texts)}, str(top), notes=["`envmgr list` shows what can be used here"])
