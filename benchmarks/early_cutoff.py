"""A comment at the bottom of a long chain: what realising costs after it, over building the chain from nothing."""

from collections.abc import Mapping
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.checkout import Checkout
from benchmarks.paired import seconds
from benchmarks.project import Project
from benchmarks.row import Row

NODES = 200
ROUNDS = 3
TARGET = 0.25
"""The rest is what it costs to find, link by link, that what is asked for is there."""


def measure(checkout: Checkout) -> list[Row]:
    """Each round has a store of its own; the comment changes one script's text, and no byte of what it writes."""
    with TemporaryDirectory(prefix="envmgr-early-cutoff-") as name:
        project = Project(Path(name))
        project.script("n0", "echo the bottom > {out}/file")
        for number in range(1, NODES):
            below = f"n{number - 1}"
            project.script(f"n{number}", f"echo {{{below}.name}} > {{out}}/file", inputs=[below])
        measured = [_round(project, number, checkout.environ) for number in range(ROUNDS)]
    full, changed = (median(turn[side] for turn in measured) for side in (0, 1))
    ratio, built = median(turn[1] / turn[0] for turn in measured), max(turn[2] for turn in measured)
    return [
        Row("early-cutoff", ratio, "x", TARGET, "<=", changed, full),
        Row("early-cutoff-built", built, "nodes", 1, "<=", built, NODES),
    ]


def _round(project: Project, number: int, environ: Mapping[str, str]) -> tuple[float, float, int]:
    """Seconds from nothing, seconds after the comment, and how many nodes were built then."""
    store, top, said = project.folder / f"store-{number}", f"n{NODES - 1}", list[str]()
    full = seconds(lambda: project.realize(store, top, environ=environ))
    project.script("n0", f"echo the bottom > {{out}}/file # {number}")
    changed = seconds(lambda: said.append(project.realize(store, top, environ=environ)))
    return full, changed, sum("] built " in line for line in said[0].splitlines())
