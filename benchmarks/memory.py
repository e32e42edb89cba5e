"""How much memory the largest plans take: 10,000 nodes, all of them there."""

from collections.abc import Mapping
from pathlib import Path

from benchmarks.checkout import Checkout
from benchmarks.filled_store import fill_plan
from benchmarks.graph import layered, top, write_recipes
from benchmarks.peak import peak_megabytes
from benchmarks.project import Project
from benchmarks.row import Row
from envmgr.planning.catalog import Catalog
from envmgr.planning.plan import Planner
from envmgr.planning.probe import probe

NODES = 10_000


def measure(checkout: Checkout) -> list[Row]:
    """Megabytes at the peak of a `realize` that plans and looks at everything, and of the next, which a memo answers.

    They are held against a command that does nothing.
    """
    with checkout.scratch("memory") as folder:
        graph, project, store = layered(NODES), Project(folder / "project"), folder / "store"
        write_recipes(graph, project)
        fill_plan(store, Planner(Catalog(project.folder / "recipes"), probe()).plan(top(graph)))
        environ = {**checkout.environ, "ENVMGR_STORE": str(store)}
        floor, planned, answered = (
            _peak(project.folder, environ, *arguments)
            for arguments in (["--version"], ["realize", top(graph)], ["realize", top(graph)])
        )
        return [
            Row("memory-10000", planned, "MB", 200.0, "<=", planned, floor),
            Row("memory-10000/memo", answered, "MB", 200.0, "<=", answered, floor),
        ]


def _peak(folder: Path, environ: Mapping[str, str], *arguments: str) -> float:
    return peak_megabytes(Checkout.argv(*arguments), environ, cwd=folder)
