"""A plan as a picture: a tree of lines for the terminal, or a graph for Graphviz and for Mermaid.

Every form has each derivation once: in the tree, what was unfolded above is not unfolded again, so its lines are as
many as the edges of the graph.
"""

from collections.abc import Callable, Iterator, Mapping

from envmgr.model.digest import Digest
from envmgr.model.node import Node

_MERMAID = {ord(sign): f"#{ord(sign)};" for sign in '"#&<>`;\n\r\\'}
"""Mermaid has no escapes, but numbers for signs that mean something to it."""

_DOT = {ord('"'): '\\"', ord("\\"): "\\\\", ord("\n"): "\\n", ord("\r"): "\\r"}


def tree(root: Node) -> Iterator[str]:
    """Lines that show the inputs below each derivation."""
    shown: set[Digest] = set()
    waiting = [(root, "", "", "")]
    while waiting:
        node, role, first, rest = waiting.pop()
        again = node.digest in shown and node.inputs
        shown.add(node.digest)
        kind = f"  ({node.source.kind})" if node.source else ""
        yield f"{first}{role}{node.derivation.label}{kind}{'  …' if again else ''}"
        below = [] if again else list(node.inputs.items())
        ends = ["├─ "] * (len(below) - 1) + ["└─ "]
        waiting += [
            (deeper, f"{name}: ", rest + end, rest + ("│  " if end == "├─ " else "   "))
            for (name, deeper), end in reversed(list(zip(below, ends, strict=False)))
        ]


def dot(root: Node) -> Iterator[str]:
    """The graph in the language of Graphviz; edges lead from a derivation to its inputs."""
    names = _names(root)
    yield "digraph plan {"
    yield "  rankdir=LR; node [shape=box];"
    for node in root.walk():
        style = ", style=rounded" if node.is_source else ""
        yield f'  {names[node.digest]} [label="{node.derivation.label.translate(_DOT)}"{style}];'
    for node, role, below in _edges(root):
        yield f'  {names[node.digest]} -> {names[below.digest]} [label="{role.translate(_DOT)}"];'
    yield "}"


def mermaid(root: Node) -> Iterator[str]:
    """The graph as a flowchart of Mermaid's, which Markdown pages can hold."""
    names = _names(root)
    yield "flowchart LR"
    for node in root.walk():
        left, right = ("(", ")") if node.is_source else ("[", "]")
        yield f'  {names[node.digest]}{left}"{node.derivation.label.translate(_MERMAID)}"{right}'
    for node, role, below in _edges(root):
        yield f'  {names[node.digest]} -->|"{role.translate(_MERMAID)}"| {names[below.digest]}'


def _names(root: Node) -> dict[Digest, str]:
    """A short name for each derivation, as neither language takes every digest or label for one."""
    return {node.digest: f"n{number}" for number, node in enumerate(root.walk())}


def _edges(root: Node) -> Iterator[tuple[Node, str, Node]]:
    for node in root.walk():
        for role, below in node.inputs.items():
            yield node, role, below


DRAWINGS: Mapping[str, Callable[[Node], Iterator[str]]] = {"tree": tree, "dot": dot, "mermaid": mermaid}
"""The forms by name."""
