"""One graph of N nodes as a project of envmgr's and as derivations of Nix's: N - 1 in layers, and one above all.

A layer is about as wide as the graph is deep, each node has two inputs in the layer below, and writes one tiny file
that names them, so that what is printed refers to all N objects.
"""

from collections.abc import Sequence
from math import isqrt
from pathlib import Path

from benchmarks.project import Project

Graph = Sequence[Sequence[int]]
"""For each node its inputs; the last node is the top."""


def layered(size: int) -> Graph:
    """The graph of so many nodes."""
    width = max(1, isqrt(size - 1))
    inputs: list[list[int]] = []
    for node in range(size - 1):
        layer, column = divmod(node, width)
        below = {(layer - 1) * width + column, (layer - 1) * width + (column + 1) % width}
        inputs.append(sorted(below) if layer else [])
    used = {item for items in inputs for item in items}
    return [*inputs, [node for node in range(size - 1) if node not in used]]


def top(graph: Graph) -> str:
    """The name of the last node."""
    return f"n{len(graph) - 1}"


def write_recipes(graph: Graph, project: Project) -> None:
    """Write the graph as recipes."""
    for node, items in enumerate(graph):
        names = [f"n{item}" for item in items]
        text = " ".join([f"n{node}", *(f"{{{name}.name}}" for name in names)])
        project.script(f"n{node}", f"echo {text} > {{out}}/file", inputs=names)


def write_expression(graph: Graph, file: Path) -> None:
    """Write the graph as a Nix expression, whose value is the top derivation."""
    lines = ["let node = name: inputs: derivation {"]
    lines += ['  inherit name inputs; system = builtins.currentSystem; builder = "/bin/sh";']
    lines += ['  args = [ "-c" "echo $name $inputs > $out" ];', "};"]
    lines += [
        f'n{node} = node "n{node}" [ {" ".join(f"n{item}" for item in items)} ];' for node, items in enumerate(graph)
    ]
    file.write_text("\n".join([*lines, f"in {top(graph)}\n"]))
