"""Nothing to do, every object looked at: `envmgr realize` of a closure that is there, against Nix; whole processes."""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.checkout import Checkout, call
from benchmarks.graph import layered, top, write_expression, write_recipes
from benchmarks.nix import Nix
from benchmarks.paired import rounds, seconds
from benchmarks.project import Project
from benchmarks.row import Row

ROUNDS = 25


def measure(checkout: Checkout) -> list[Row]:
    """Three rows: 1,000 nodes over both of Nix's ways, and 100 nodes.

    `nix-store --realise` gets a derivation that was made before; `nix-build` makes it first, as we do.
    """
    large, small = (_measure(checkout, size) for size in (1000, 100))
    return [
        _row("noop-1000", large, "realise", 0.45),
        _row("noop-1000-vs-build", large, "build", 0.3),
        _row("noop-100", small, "realise", 0.75),
    ]


def _measure(checkout: Checkout, size: int) -> list[dict[str, float]]:
    with checkout.scratch("noop") as folder:
        graph, project = layered(size), Project(folder / "project")
        write_recipes(graph, project)
        project.realize(folder / "store", top(graph), "--sandbox", "none", environ=checkout.environ)
        nix = Nix(folder / "nix", sandbox=False)
        write_expression(graph, nix.folder / "graph.nix")
        derivation = nix.call("nix-instantiate", "graph.nix").strip()
        nix.call("nix-store", "--realise", derivation)
        ours = Checkout.argv("realize", top(graph))
        environ = {**checkout.environ, "ENVMGR_STORE": str(folder / "store")}
        sides = {
            "ours": _Side(ours, project.folder, environ),
            "realise": _Side(["nix-store", "--realise", derivation], nix.folder, nix.environ),
            "build": _Side(["nix-build", "graph.nix", "--no-out-link"], nix.folder, nix.environ),
        }
        for side in sides.values():
            call(side.argv, side.environ, cwd=side.folder)
        return rounds(ROUNDS, {name: side.milliseconds for name, side in sides.items()})


@dataclass(frozen=True)
class _Side:
    """A command whose whole process is timed; nobody reads what it prints."""

    argv: list[str]
    folder: Path
    environ: Mapping[str, str]

    def milliseconds(self) -> float:
        nowhere = subprocess.DEVNULL
        return 1000 * seconds(
            lambda: subprocess.run(
                self.argv, cwd=self.folder, env=self.environ, stdout=nowhere, stderr=nowhere, check=True
            )
        )


def _row(name: str, measured: list[dict[str, float]], peer: str, target: float) -> Row:
    ours, theirs = (median(turn[side] for turn in measured) for side in ("ours", peer))
    return Row(name, ours / theirs, "x", target, "<=", ours, theirs)
