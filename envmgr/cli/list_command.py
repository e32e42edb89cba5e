"""`envmgr list`: the recipes."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import click
from typing_extensions import TypedDict

from envmgr.cli.answer import Answer, answers
from envmgr.cli.project import Project
from envmgr.model.recipe import Recipe


class Listed(TypedDict):
    """A recipe: what it describes, and the values of its axes."""

    name: str
    version: str
    summary: str
    kind: Literal["build", "run", "use"]
    axes: dict[str, list[str]]
    defaults: dict[str, str]
    """Of the axes that have one."""
    file: Path


class Listing(TypedDict):
    """The recipes, sorted by name."""

    recipes: list[Listed]


@click.command("list")
@click.pass_obj
@answers("list")
def command(project: Project, /) -> Answer[Listing]:
    """List the recipes with their versions and axes."""
    catalog = project.catalog
    recipes = [catalog.recipe(name) for name in catalog.names()]
    width = max((len(recipe.name) for recipe in recipes), default=0)
    lines = [line for recipe in recipes for line in _lines(recipe, width)]
    data = [_data(recipe, catalog.file(recipe.name)) for recipe in recipes]
    return Answer({"recipes": data}, "\n".join(lines))


def _data(recipe: Recipe, file: Path) -> Listed:
    return {
        "name": recipe.name,
        "version": recipe.version,
        "summary": recipe.summary,
        "kind": "run" if recipe.run else "use" if recipe.use else "build",
        "axes": {name: list(axis.values) for name, axis in recipe.variants.items()},
        "defaults": {name: axis.default for name, axis in recipe.variants.items() if axis.default is not None},
        "file": file,
    }


def _lines(recipe: Recipe, width: int) -> Iterator[str]:
    """A line on the recipe, and one on each axis; the default stands in brackets."""
    yield f"{recipe.name:{width}}  {recipe.summary}"
    for name, axis in recipe.variants.items():
        values = (f"[{value}]" if value == axis.default else value for value in axis.values)
        yield f"{'':{width}}  {name} = {' | '.join(values)}"
    if recipe.use:
        fixed = [f"{axis} = {value}" for axis, value in recipe.use.set.items()]
        yield f"{'':{width}}  is {recipe.use.recipe} with {', '.join(fixed) or 'nothing else'}"
