"""What it costs to be told where something lies that is there: `envmgr realize` over a bare start of Python."""

import sys
from statistics import median

from benchmarks.checkout import Checkout, call
from benchmarks.paired import rounds, seconds
from benchmarks.row import Row

ROUNDS = 25
RECIPE = "retinanet-cpp-cpu"


def measure(checkout: Checkout) -> list[Row]:
    """The harness's path, against `python -c pass`; milliseconds of whole processes."""
    checkout.envmgr("realize", RECIPE)
    measured = rounds(
        ROUNDS,
        {
            "ours": lambda: 1000 * seconds(lambda: checkout.envmgr("realize", RECIPE)),
            "peer": lambda: 1000 * seconds(lambda: call([sys.executable, "-c", "pass"], checkout.environ)),
        },
    )
    over = median(turn["ours"] - turn["peer"] for turn in measured)
    ours, peer = (median(turn[side] for turn in measured) for side in ("ours", "peer"))
    return [Row("realize-present", over, "ms", 60.0, "<=", ours, peer)]
