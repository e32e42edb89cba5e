"""What envmgr adds to a run that has nothing to build: the command's seconds over those of the run's own steps."""

import json
import time
from statistics import median

from benchmarks.checkout import LOCK, RAN, Checkout
from benchmarks.row import Row

RUNS = 3


def measure(checkout: Checkout) -> list[Row]:
    """The default benchmark with everything there; each run is held against its own record."""
    checkout.realize("benchmark")
    measured = [_run(checkout) for _ in range(RUNS)]
    over = median(command - steps for command, steps in measured)
    ours, peer = (median(column) for column in zip(*measured, strict=True))
    return [Row("second-run", over, "s", 1.0, "<=", ours, peer)]


def _run(checkout: Checkout) -> tuple[float, float]:
    """Seconds of the command, and of its steps."""
    start = time.perf_counter()
    answer = checkout.envmgr("run", "benchmark", *LOCK, "--json", expect=RAN)
    command = time.perf_counter() - start
    return command, sum(step["seconds"] for step in json.loads(answer)["data"]["run"]["steps"])
