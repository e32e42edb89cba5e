"""How many queries LoadGen and the harness get through when the answer costs nothing."""

from functools import partial
from statistics import median

from benchmarks.checkout import Checkout
from benchmarks.harness import Harness
from benchmarks.paired import rounds
from benchmarks.row import Row

ROUNDS = 7
MILLISECONDS = 300
BARE_SAMPLES = 5_000_000


def measure(checkout: Checkout) -> list[Row]:
    """SingleStream, one query after the other; the peer is the same backend in a bare loop."""
    harness = Harness.of(checkout)
    sides = {
        "ours": partial(harness.under_loadgen, "null", "SingleStream", 100, milliseconds=MILLISECONDS),
        "peer": partial(harness.bare, "null", BARE_SAMPLES),
    }
    measured = rounds(ROUNDS, sides)
    ours, peer = (median(1 / turn[side].wall for turn in measured) for side in sides)
    return [Row("null-backend", ours, "queries/s", 1e6, ">=", ours, peer)]
