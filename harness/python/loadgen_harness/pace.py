"""How fast backends are without LoadGen: the warm-up before a test, and the bare loop that its cost is judged by."""

import math
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from loadgen_harness.answer import Answer
from loadgen_harness.backend import Backend
from loadgen_harness.sample_library import QuerySampleLibrary


@dataclass(frozen=True)
class Pace:
    """What came of a warm-up."""

    best_seconds: float
    """The wall seconds of the fastest sample: what the machine can do when it does nothing else."""
    samples_per_second: float
    """Of all backends at the same time: what the machine did."""


def warm_up(
    library: QuerySampleLibrary, loaded: int, samples: int, seconds: float, backends: Sequence[Backend]
) -> Pace:
    """Run samples that nobody counts, so that memory is allocated and caches are warm before the clock starts.

    All backends run at the same time, each in a thread of its own, as in a test; the library's first `loaded` samples
    are in memory. Each runs `samples` first, 1 or more. Then the pace is measured for `seconds`; 0: it is taken from
    the fastest sample.
    """
    with ThreadPoolExecutor(len(backends)) as pool:
        paces = list(pool.map(partial(_warm_up, library, loaded, samples, seconds), backends))
    return Pace(min(pace.best_seconds for pace in paces), sum(pace.samples_per_second for pace in paces))


def _warm_up(library: QuerySampleLibrary, loaded: int, samples: int, seconds: float, backend: Backend) -> Pace:
    answer, best = Answer(), math.inf

    def timed(number: int) -> float:
        nonlocal best
        begin = time.perf_counter()
        answer.start(number % loaded)
        backend.run([library.sample(number % loaded)], [answer])
        end = time.perf_counter()
        best = min(best, end - begin)
        return end

    for number in range(samples):
        timed(number)
    if not seconds:
        return Pace(best, 1 / best)
    done = 0
    start = now = time.perf_counter()
    while now - start < seconds:
        now = timed(done)
        done += 1
    return Pace(best, done / (now - start))


@dataclass(frozen=True)
class BareRun:
    """What a bare loop came to."""

    samples_per_second: float
    cpu_seconds_per_sample: float


def run_bare(library: QuerySampleLibrary, loaded: int, samples: int, backend: Backend) -> BareRun:
    """Run `samples` samples in a plain loop: the first `loaded` ones, in the order of the library, over and over."""
    answer = Answer()
    wall, cpu = time.perf_counter(), time.process_time()
    for number in range(samples):
        answer.start(number % loaded)
        backend.run([library.sample(number % loaded)], [answer])
    return BareRun(samples / (time.perf_counter() - wall), (time.process_time() - cpu) / samples)
