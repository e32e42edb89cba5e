"""What LoadGen and our side of it cost with a real model: time a sample under LoadGen over that in a bare loop."""

from dataclasses import replace
from functools import partial
from statistics import median

from benchmarks.checkout import Checkout
from benchmarks.harness import Harness, Pace
from benchmarks.paired import rounds
from benchmarks.row import Row

ROUNDS = 15
SAMPLES = 1000
"""Some two seconds a side: short, so that the sides of a round see the same machine."""
SCENARIOS = ("SingleStream", "Offline")
NULL_ROUNDS = 5
NULL_SAMPLES = 500_000
MILLISECOND = 1e-3


def measure(checkout: Checkout) -> list[Row]:
    """The C++ harness: both scenarios in wall and CPU time (a busy machine moves that less), after the worse wall."""
    harness = Harness.of(checkout)
    return [*_measure(harness, "harness-overhead"), at_a_millisecond(harness)]


def at_a_millisecond(harness: Harness) -> Row:
    """The pace Offline, of the bare one, were a sample to take 1 ms: what is added to one is what a null one takes."""
    runs = (harness.under_loadgen("null", "Offline", NULL_SAMPLES) for _ in range(NULL_ROUNDS))
    added = median(pace.wall for pace in runs)
    share = MILLISECOND / (MILLISECOND + added)
    return Row("harness-overhead/Offline/at-1-ms", share, "x", 0.99, ">=", 1 / (MILLISECOND + added), 1 / MILLISECOND)


def measure_python(checkout: Checkout) -> list[Row]:
    """The Python harness, held to the same."""
    return _measure(Harness.of(checkout, "retinanet-python-cpu"), "harness-python-overhead")


def _measure(harness: Harness, row: str) -> list[Row]:
    sides = {name: partial(harness.under_loadgen, "onnxruntime", name, SAMPLES) for name in SCENARIOS}
    measured = rounds(ROUNDS, {"bare": partial(harness.bare, "onnxruntime", SAMPLES), **sides})
    wall, cpu = (
        [_row(measured, f"{row}/{name}/{clock}", name, clock) for name in SCENARIOS] for clock in ("wall", "cpu")
    )
    worse = max(wall, key=lambda row: row.value)
    return [replace(worse, name=row), *wall, *cpu]


def _row(measured: list[dict[str, Pace]], row: str, scenario: str, clock: str) -> Row:
    pairs = [(getattr(turn[scenario], clock), getattr(turn["bare"], clock)) for turn in measured]
    ours, peer = (1000 * median(column) for column in zip(*pairs, strict=True))
    ratio = median(loadgen / bare for loadgen, bare in pairs)
    return Row(row, ratio, "x", 1.01, "<=", ours, peer)
