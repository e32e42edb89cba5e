"""The recipes that a command of `envmgr recipe` is about: files that were named, else all of the project's own."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from envmgr.cli.project import Project
from envmgr.model.errors import UsageError


def files_argument() -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """`[FILE...]`; the command gets `files`."""
    path = click.Path(path_type=Path, exists=True, dir_okay=False)
    return click.argument("files", nargs=-1, type=path, metavar="[FILE...]")


def own_files(project: Project, files: Sequence[Path]) -> list[Path]:
    """The files, each of them a recipe of this project.

    Raises:
        UsageError: a file lies elsewhere.
    """
    found = [file.resolve() for file in files] or sorted(project.recipes.glob("*.toml"))
    for file in found:
        if file.parent != project.recipes.resolve() or file.suffix != ".toml":
            raise UsageError(
                "this is no recipe of the project", where=str(file), fix=f"it would lie in {project.recipes}"
            )
    return [project.recipes / file.name for file in found]
