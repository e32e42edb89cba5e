"""How fast a backend is without LoadGen: the warm-up before a test, and the bare loop that its cost is judged by."""

import math
import time
from dataclasses import dataclass

from loadgen_harness.answer import Answer
from loadgen_harness.backend import Backend
from loadgen_harness.sample_library import QuerySampleLibrary


def warm_up(library: QuerySampleLibrary, loaded: int, samples: int, least_seconds: float, backend: Backend) -> float:
    """Run samples that nobody counts, so that memory is allocated and caches are warm before the clock starts.

    At least `samples` of them, and for `least_seconds`: the longer, the surer the result on a busy machine. Returns
    the wall seconds of the fastest one. The library's first `loaded` samples are.
    """
    answer, best = Answer(), math.inf
    start = now = time.perf_counter()
    done = 0
    while done < samples or now - start < least_seconds:
        begin = time.perf_counter()
        answer.start(done % loaded)
        backend.run([library.sample(done % loaded)], [answer])
        now = time.perf_counter()
        best = min(best, now - begin)
        done += 1
    return best


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
