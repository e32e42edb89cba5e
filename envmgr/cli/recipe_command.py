"""`envmgr recipe`: recipes of one's own: written, checked, put in form."""

from collections.abc import Mapping

import click

from envmgr.cli.lazy_group import LazyGroup

COMMANDS: Mapping[str, str] = {
    "check": "Look for every fault, each with its place.",
    "fmt": "Put recipes into the agreed form.",
    "new": "Write the beginning of a recipe.",
}


@click.command("recipe", cls=LazyGroup, lines=COMMANDS, module="envmgr.cli.recipe.{}")
def command() -> None:
    """Recipes of one's own."""
