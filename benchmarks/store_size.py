"""Whether a large store is slower than a small one: nothing to do, and one small thing to build."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from statistics import median

from benchmarks.checkout import Checkout
from benchmarks.filled_store import fill
from benchmarks.graph import layered, top, write_recipes
from benchmarks.paired import rounds, seconds
from benchmarks.project import Project
from benchmarks.row import Row

LARGE, SMALL = 100_000, 1_000
NODES = 100
"""Of the closure that is there already."""
ROUNDS = 15


@dataclass(frozen=True)
class _Side:
    """A project with a store that holds many other objects as well."""

    project: Project
    store: Path
    environ: Mapping[str, str]
    numbers: Iterator[int]

    def noop(self) -> float:
        """What is there, and was asked for before."""
        return self._milliseconds(f"n{NODES - 1}")

    def build(self) -> float:
        """What nobody built before."""
        self.project.script("one", f"echo {next(self.numbers)} > {{out}}/file")
        return self._milliseconds("one")

    def _milliseconds(self, name: str) -> float:
        return 1000 * seconds(lambda: self.project.realize(self.store, name, environ=self.environ))


def measure(checkout: Checkout) -> list[Row]:
    """Time in the large store over time in the small one; the worse of the two comes first."""
    with checkout.scratch("store-size") as folder:
        sides = {name: _side(folder / name, size, checkout) for name, size in (("ours", LARGE), ("peer", SMALL))}
        noop = rounds(ROUNDS, {name: side.noop for name, side in sides.items()})
        build = rounds(ROUNDS, {name: side.build for name, side in sides.items()})
        rows = [_row("store-100000/noop", noop), _row("store-100000/build", build)]
        return [replace(max(rows, key=lambda row: row.value), name="store-100000"), *rows]


def _side(folder: Path, size: int, checkout: Checkout) -> _Side:
    graph, project, store = layered(NODES), Project(folder), folder / "store"
    write_recipes(graph, project)
    fill(store, size)
    project.realize(store, top(graph), "--sandbox", "none", environ=checkout.environ)
    project.realize(store, top(graph), environ=checkout.environ)
    return _Side(project, store, checkout.environ, count())


def _row(name: str, measured: list[dict[str, float]]) -> Row:
    ours, peer = (median(turn[side] for turn in measured) for side in ("ours", "peer"))
    return Row(name, ours / peer, "x", 1.2, "<=", ours, peer)
