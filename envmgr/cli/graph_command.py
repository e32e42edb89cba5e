"""`envmgr graph`: the inputs of a recipe, and theirs, as a tree."""

from collections.abc import Iterator

import click
from typing_extensions import TypedDict

from envmgr.cli.answer import Answer, answers
from envmgr.cli.options import complete_recipe, set_option
from envmgr.cli.project import Project
from envmgr.model.digest import Digest
from envmgr.model.node import Node


class Item(TypedDict):
    """One derivation: of a recipe, or (with an empty `recipe`) of a source."""

    derivation: Digest
    label: str
    recipe: str
    inputs: dict[str, Digest]
    """Derivation digests by role."""


class Graph(TypedDict):
    """The derivations that a recipe is made of, inputs first."""

    root: Digest
    nodes: list[Item]


@click.command("graph")
@click.argument("name", shell_complete=complete_recipe)
@set_option()
@click.pass_obj
@answers("graph")
def command(project: Project, /, *, name: str, axes: dict[str, str]) -> Answer[Graph]:
    """Show what NAME is made of. What was shown above is not unfolded again."""
    node = project.planner.plan(name, axes)
    nodes: list[Item] = [
        {
            "derivation": item.digest,
            "label": item.derivation.label,
            "recipe": item.recipe,
            "inputs": {role: below.digest for role, below in item.inputs.items()},
        }
        for item in node.walk()
    ]
    return Answer({"root": node.digest, "nodes": nodes}, "\n".join(_tree(node)))


def _tree(node: Node) -> Iterator[str]:
    shown: set[Digest] = set()

    def lines(item: Node, role: str, first: str, rest: str) -> Iterator[str]:
        again = item.digest in shown and item.inputs
        shown.add(item.digest)
        kind = "" if item.recipe else f"  ({item.source.kind})" if item.source else ""
        yield f"{first}{role}{item.derivation.label}{kind}{'  …' if again else ''}"
        below = [] if again else list(item.inputs.items())
        for number, (name, deeper) in enumerate(below, 1):
            last = number == len(below)
            yield from lines(deeper, f"{name}: ", rest + ("└─ " if last else "├─ "), rest + ("   " if last else "│  "))

    yield from lines(node, "", "", "")
