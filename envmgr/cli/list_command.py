"""`envmgr list`: the recipes."""

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
    lines = [f"{recipe.name:{width}}  {recipe.summary}{_axes(recipe)}" for recipe in recipes]
    return Answer({"recipes": [_data(recipe) for recipe in recipes]}, "\n".join(lines))


def _data(recipe: Recipe) -> Listed:
    return {
        "name": recipe.name,
        "version": recipe.version,
        "summary": recipe.summary,
        "kind": "run" if recipe.run else "use" if recipe.use else "build",
        "axes": {name: list(axis.values) for name, axis in recipe.variants.items()},
    }


def _axes(recipe: Recipe) -> str:
    shown = [f"{name}={'|'.join(axis.values)}" for name, axis in recipe.variants.items()]
    return f"  [{' '.join(shown)}]" if shown else ""
