"""`envmgr graph`: the inputs of a recipe, and theirs, as a picture."""

import click
from typing_extensions import TypedDict

from envmgr.cli.answer import Answer, answers, to_json
from envmgr.cli.options import complete_recipe, set_option
from envmgr.cli.project import Project
from envmgr.explain.drawing import DRAWINGS
from envmgr.model.digest import Digest


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
@click.option(
    "--format",
    "form",
    type=click.Choice([*DRAWINGS, "json"]),
    default="tree",
    show_default=True,
    help="A tree of lines, a graph for Graphviz or Mermaid, or the graph as JSON.",
)
@set_option()
@click.pass_obj
@answers("graph")
def command(project: Project, /, *, name: str, form: str, axes: dict[str, str]) -> Answer[Graph]:
    """Show what NAME is made of, each derivation once: what was shown above is not unfolded again."""
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
    graph: Graph = {"root": node.digest, "nodes": nodes}
    return Answer(graph, to_json(graph, indent=2) if form == "json" else "\n".join(DRAWINGS[form](node)))
