"""`python -m benchmarks.matrix [--only AXIS=VALUE]... [--store DIR] [--write FILE]`: the benchmark in each of its ways.

Every combination of the recipe's axes below is run, for a moment, on the tiny model; the table says what came of it, or
how the way ends. What was detected must not depend on the way: 1 where the figures differ, else 0.
"""

import argparse
import itertools
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.checkout import TOP, Checkout
from benchmarks.page import write_below
from envmgr.planning.catalog import Catalog

RECIPE = "benchmark"
ROWS = ("implementation", "backend", "device", "scenario")
COLUMNS = "mode"
COMPOSED = "both"
"""The mode that is two others, one after the other."""
QUICK = {"min_duration_ms": "2000"}
ANY_EXIT = range(256)
TOLERANCE = 0.001
"""By what share an mAP may differ between backends."""


@dataclass(frozen=True)
class Cell:
    """One way of running, and how that ended."""

    axes: Mapping[str, str]
    exit: int
    metrics: Mapping[str, float]
    message: str = ""
    """What went wrong."""
    load: float = 0.0
    """Processes that ran or waited when it began."""

    @classmethod
    def run(cls, checkout: Checkout, axes: Mapping[str, str]) -> "Cell":
        """Run it, whatever comes of it."""
        words = [word for name, value in {**axes, **QUICK}.items() for word in ("--set", f"{name}={value}")]
        load = os.getloadavg()[0]
        answer = json.loads(checkout.envmgr("run", RECIPE, *words, "--json", expect=ANY_EXIT))
        error = answer.get("error", {"exit": 0, "message": ""})
        metrics = answer["data"].get("run", {}).get("metrics", {})
        return cls(axes, error["exit"], metrics, error["message"], load)

    def text(self, notes: list[str]) -> str:
        """The cell for people; what needs a sentence becomes a note."""
        parts = []
        if "mAP" in self.metrics:
            parts.append(f"mAP {self.metrics['mAP']:.3f} %")
        if "samples_per_second" in self.metrics:
            parts.append(f"{self.metrics['samples_per_second']:.4g} samples/s")
        elif "latency_p99_ns" in self.metrics:
            parts.append(f"99 % within {self.metrics['latency_p99_ns'] / 1e6:.4g} ms")
        if self.exit:
            parts.append(f"exit {self.exit} {_note(notes, self.message)}")
        return ", ".join(parts)


def _note(notes: list[str], text: str) -> str:
    """The number of a note, which is added unless it is there."""
    sentence = " ".join(text.split())
    if sentence not in notes:
        notes.append(sentence)
    return f"[{notes.index(sentence) + 1}]"


def ways(only: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Each combination of the axes' values, as the recipe has them."""
    variants = Catalog(TOP / "recipes").recipe(RECIPE).variants
    values = [
        [value for value in variants[name].values if value != COMPOSED and only.get(name, value) == value]
        for name in (*ROWS, COLUMNS)
    ]
    for way in itertools.product(*values):
        yield dict(zip((*ROWS, COLUMNS), way, strict=True))


def table(cells: Sequence[Cell]) -> str:
    """The cells as a table in Markdown with its notes."""
    notes: list[str] = []
    modes = list(dict.fromkeys(cell.axes[COLUMNS] for cell in cells))
    lines = [f"| {' | '.join((*ROWS, *modes))} |", "| --- " * (len(ROWS) + len(modes)) + "|"]
    for way, row in itertools.groupby(cells, key=lambda cell: [cell.axes[name] for name in ROWS]):
        lines.append(f"| {' | '.join([*way, *(cell.text(notes) for cell in row)])} |")
    return "\n".join([*lines, "", *(f"{number}. {note}" for number, note in enumerate(notes, 1))])


def in_full(cells: Sequence[Cell]) -> str:
    """Every mAP to its last digit, and who gave it; and how busy the machine was."""
    found: dict[float, set[str]] = {}
    for cell in cells:
        if "mAP" in cell.metrics:
            found.setdefault(cell.metrics["mAP"], set()).add(f"{cell.axes['implementation']} {cell.axes['backend']}")
    said = [f"{figure} ({', '.join(sorted(ways))})" for figure, ways in sorted(found.items())]
    loads = [cell.load for cell in cells]
    return f"mAP in full: {'; '.join(said) or 'none'}. Load: {min(loads):.1f} to {max(loads):.1f}."


def disagreements(cells: Sequence[Cell]) -> list[str]:
    """Where what was detected depends on the way: on the backend by more than the tolerance, or on anything else."""
    scored = [cell for cell in cells if "mAP" in cell.metrics]
    found = []
    for one, other in itertools.combinations(scored, 2):
        figures = one.metrics["mAP"], other.metrics["mAP"]
        same = all(one.axes[name] == other.axes[name] for name in ("backend", "device"))
        if abs(figures[0] - figures[1]) > (0 if same else TOLERANCE * max(figures)):
            found.append(f"mAP {figures[0]} with {dict(one.axes)}, {figures[1]} with {dict(other.axes)}")
    return found


def main() -> int:
    """Run every way, print the table, and say where the figures differ."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.matrix", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", action="append", default=[], metavar="AXIS=VALUE", help="only these values")
    parser.add_argument("--store", type=Path, metavar="DIR", help="the store; by default this checkout's own")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the table into a file, below its own words")
    asked = parser.parse_args()
    only = dict(word.split("=", 1) for word in asked.only)
    cells = []
    for way in ways(only):
        cells.append(Cell.run(Checkout(asked.store), way))
        print(*way.values(), cells[-1].text([]), f"(load {cells[-1].load:.1f})", file=sys.stderr, flush=True)
    found = f"{table(cells)}\n\n{in_full(cells)}"
    print(found)
    if asked.write:
        write_below(asked.write, found)
    differing = disagreements(cells)
    print(*differing, sep="\n", file=sys.stderr)
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
