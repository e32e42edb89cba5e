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
    return _measure(Harness.of(checkout), "null-backend", 1e6, BARE_SAMPLES)


def measure_python(checkout: Checkout) -> list[Row]:
    """The Python harness; a tenth of what C++ gets through is enough where a sample takes a millisecond."""
    return _measure(Harness.of(checkout, "retinanet-python-cpu"), "null-backend-python", 1e5, BARE_SAMPLES // 10)


def _measure(harness: Harness, row: str, target: float, bare_samples: int) -> list[Row]:
    sides = {
        "ours": partial(harness.under_loadgen, "null", "SingleStream", 100, milliseconds=MILLISECONDS),
        "peer": partial(harness.bare, "null", bare_samples),
    }
    measured = rounds(ROUNDS, sides)
    ours, peer = (median(1 / turn[side].wall for turn in measured) for side in sides)
    return [Row(row, ours, "queries/s", target, ">=", ours, peer)]
