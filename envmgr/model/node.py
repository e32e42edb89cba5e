"""A plan: a graph of derivations, each bound to what it came from.

A node came from a recipe, with the axes that were chosen, or from a source, which says where a fixed output can be
fetched. Nodes with one derivation digest are one build.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from envmgr.model.axis import Axes
from envmgr.model.derivation import Derivation
from envmgr.model.digest import Digest
from envmgr.model.recipe import Run, When
from envmgr.model.source import FetchedSource


@dataclass(frozen=True)
class Node:
    """One derivation of a plan, and what it came from."""

    derivation: Derivation
    inputs: Mapping[str, "Node"] = field(default_factory=dict)
    recipe: str = ""
    """The recipe's name; empty for a source."""
    axes: Axes = field(default_factory=dict)
    """The axes that decide what this derivation is, its inputs' included, with the values that they got."""
    choices: Axes = field(default_factory=dict)
    """These, and the axes that change no derivation: a run's scenario, for one."""
    source: FetchedSource | None = None
    """Where it is fetched from; None where it is built."""
    folder: Path | None = None
    """The folder of recipes that a local source's path is relative to."""
    run: Run | None = None
    requires: When = field(default_factory=dict)
    """Facts that a host must have to run it."""
    about_bytes: int = 0
    """About how many bytes come out, as the recipe says; 0: few."""

    @property
    def is_source(self) -> bool:
        """Whether it is a source, and no recipe."""
        return self.source is not None and not self.recipe

    @property
    def is_fetched(self) -> bool:
        """Whether it is fetched, not built; a recipe may be, too."""
        return self.source is not None

    @property
    def digest(self) -> Digest:
        """The derivation digest."""
        return self.derivation.digest

    def walk(self) -> Iterator["Node"]:
        """Every node of the graph once, inputs first."""
        done: set[Digest] = set()
        stack = [(self, False)]
        while stack:
            node, ready = stack.pop()
            if node.digest in done:
                continue
            if ready:
                done.add(node.digest)
                yield node
            else:
                stack.append((node, True))
                stack.extend((item, False) for item in node.inputs.values() if item.digest not in done)
