"""A comment at the bottom of a long chain: what realising costs after it, over building the chain from nothing."""

import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.checkout import Checkout, call
from benchmarks.paired import seconds
from benchmarks.row import Row

NODES = 200
ROUNDS = 3
TARGET = 0.25
"""The rest is what it costs to find, link by link, that what is asked for is there."""


def measure(checkout: Checkout) -> list[Row]:
    """Each round has a store of its own; the comment changes one script's text, and no byte of what it writes."""
    with TemporaryDirectory(prefix="envmgr-early-cutoff-") as name:
        folder = Path(name)
        _write_chain(folder)
        measured = [_round(folder, folder / f"store-{number}", checkout) for number in range(ROUNDS)]
    full, changed = (median(turn[side] for turn in measured) for side in (0, 1))
    ratio, built = median(turn[1] / turn[0] for turn in measured), max(turn[2] for turn in measured)
    return [
        Row("early-cutoff", ratio, "x", TARGET, "<=", changed, full),
        Row("early-cutoff-built", built, "nodes", 1, "<=", built, NODES),
    ]


def _write_chain(folder: Path) -> None:
    """`n0`, and above it nodes that each name the one below."""
    (folder / "recipes").mkdir()
    for number in range(NODES):
        below = f"n{number - 1}"
        said = f"{{{below}.name}}" if number else "the bottom"
        (folder / f"recipes/n{number}.toml").write_text(
            f'name = "n{number}"\nversion = "1"\nsummary = "A link of a chain"\n\n'
            + (f'inputs.{below} = "{below}"\n\n' if number else "")
            + '[build]\nbuilder = "script"\n'
            + f'settings.argv = ["/bin/sh", "-c", \'echo {said} > {{out}}/file\']\n'
        )


def _round(folder: Path, store: Path, checkout: Checkout) -> tuple[float, float, int]:
    """Seconds from nothing, seconds after the comment, and how many nodes were built then."""
    environ = {**checkout.environ, "ENVMGR_STORE": str(store)}
    argv = [str(Path(sys.executable).with_name("envmgr")), "realize", f"n{NODES - 1}"]
    full = seconds(lambda: call(argv, environ, cwd=folder))
    bottom = folder / "recipes/n0.toml"
    bottom.write_text(bottom.read_text().replace("/file", f"/file # {store.name}", 1))
    said: list[str] = []
    changed = seconds(lambda: said.append(call(argv, environ, cwd=folder).stderr))
    return full, changed, sum("] built " in line for line in said[0].splitlines())
