"""Building from nothing: nodes a second, in the sandbox with two jobs, over the same graphs in Nix and in its sandbox.

A node is a shell that writes one file. Ours is the whole command, planning included; Nix realises what was
instantiated before.
"""

from collections.abc import Callable
from functools import partial
from statistics import median

from benchmarks.checkout import Checkout
from benchmarks.nix import Nix, derivation
from benchmarks.paired import rounds, seconds
from benchmarks.project import Project
from benchmarks.row import Row

WIDE, CHAIN = 1_000, 200
GROWN = 10 * WIDE
ROUNDS = 3
JOBS = "-j2"


def measure(checkout: Checkout) -> list[Row]:
    """A wide graph and a chain, against Nix."""
    with checkout.scratch("cold") as folder:
        nix = Nix(folder / "nix")
        graphs = {
            "cold-wide-1000": (WIDE, 80.0, _write_wide, _nix_wide),
            "cold-chain-200": (CHAIN, 40.0, _write_chain, _nix_chain),
        }
        rows = []
        for name, (nodes, target, write, expression) in graphs.items():
            project = Project(folder / name)
            write(project, nodes)
            sides = {"ours": partial(_ours, project, checkout), "peer": partial(_nix, nix, expression, nodes)}
            measured = rounds(ROUNDS, sides)
            ours, peer = (nodes / median(turn[side] for turn in measured) for side in ("ours", "peer"))
            rows.append(Row(name, ours, "nodes/s", target, ">=", ours, peer))
        return rows


def measure_growth(checkout: Checkout) -> list[Row]:
    """Milliseconds a node of a wide graph of ten times as many nodes, over those of a thousand."""
    with checkout.scratch("cold-growth") as folder:
        taken = {}
        for nodes in (WIDE, GROWN):
            project = Project(folder / str(nodes))
            _write_wide(project, nodes)
            taken[nodes] = 1000 * _ours(project, checkout) / nodes
        return [Row("cold-growth", taken[GROWN] / taken[WIDE], "x", 1.15, "<=", taken[GROWN], taken[WIDE])]


def _write_wide(project: Project, nodes: int) -> None:
    """All but one need nothing, and one needs all others."""
    names = [f"n{number}" for number in range(nodes - 1)]
    for name in names:
        project.script(name, f"echo {name} > {{out}}/file")
    project.script("top", "echo top > {out}/file", inputs=names)


def _write_chain(project: Project, nodes: int) -> None:
    """Each needs the one before."""
    names = [*(f"n{number}" for number in range(nodes - 1)), "top"]
    for below, name in zip(["", *names], names, strict=False):
        project.script(name, f"echo {name} > {{out}}/file", inputs=filter(None, [below]))


def _ours(project: Project, checkout: Checkout) -> float:
    store = project.folder / f"store-{len(list(project.folder.glob('store-*')))}"
    return seconds(lambda: project.realize(store, "top", JOBS, "--sandbox", "required", environ=checkout.environ))


def _nix(nix: Nix, expression: Callable[[int, str], str], nodes: int) -> float:
    """What was realised before is not built again, so each round has a graph of its own."""
    salt = f"{expression.__name__}-{len(list(nix.folder.glob('log/*/*/*')))}"
    made = nix.instantiate(expression(nodes, salt))
    return seconds(lambda: nix.call("nix-store", "--realise", made, JOBS))


def _nix_wide(nodes: int, salt: str) -> str:
    node = derivation("n${toString i}", f"echo ${{toString i}} {salt} > $out")
    top = derivation("top", f"echo top {salt} > $out", ["(builtins.genList node count)"])
    return f"let count = {nodes - 1}; node = i: {node}; in {top}"


def _nix_chain(nodes: int, salt: str) -> str:
    node = derivation(
        "n${toString i}", f"echo ${{toString i}} {salt} > $out", ["(if i == 0 then [] else [ (node (i - 1)) ])"]
    )
    return f"let node = i: {node}; in node {nodes - 1}"
