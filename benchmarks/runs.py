"""A list of 1,000 recorded runs, and a choice among them: `envmgr runs list`, whole processes."""

from pathlib import Path
from statistics import median

from benchmarks.checkout import Checkout
from benchmarks.many_runs import leave_runs
from benchmarks.paired import rounds, seconds
from benchmarks.row import Row
from envmgr.results.ledger import FILE

RUNS = 1000
ROUNDS = 15
SECONDS = 0.3
WHERE = "scenario == 'Offline' and mAP > 61.85 and batch in (1, 4)"


def measure(checkout: Checkout) -> list[Row]:
    """Two rows: all of them, and a choice by an expression.

    The peer is a list that reads every record: the first one in a store, without a ledger.
    """
    with checkout.scratch("runs") as folder:
        store = Checkout(folder / "store", checkout.folder, checkout.environment)
        leave_runs(_runs(store), RUNS)

        def first() -> float:
            (_runs(store) / FILE).unlink(missing_ok=True)
            return seconds(lambda: store.envmgr("runs", "list"))

        sides = {
            "first": first,
            "list": lambda: seconds(lambda: store.envmgr("runs", "list")),
            "where": lambda: seconds(lambda: store.envmgr("runs", "list", "--where", WHERE)),
        }
        store.envmgr("runs", "list")
        measured = rounds(ROUNDS, sides)
    middle = {name: median(turn[name] for turn in measured) for name in sides}
    names = {"list": "runs-1000", "where": "runs-1000-where"}
    return [Row(name, middle[side], "s", SECONDS, "<=", middle[side], middle["first"]) for side, name in names.items()]


def _runs(checkout: Checkout) -> Path:
    assert checkout.store is not None  # noqa: S101  it was just named
    return checkout.store / "runs"
