"""The harness: a model under MLPerf's LoadGen.

Exit codes: 0 the test ran (LoadGen's summary says whether it is VALID), 1 it failed, 2 the command line is wrong.
"""

import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import mlperf_loadgen as loadgen

from loadgen_harness.backend import Backend
from loadgen_harness.loadgen_settings import LoadgenSettings, make_loadgen_settings
from loadgen_harness.null_backend import NullBackend
from loadgen_harness.pace import Pace, run_bare, warm_up
from loadgen_harness.record import Outcome, write_record
from loadgen_harness.sample_library import QuerySampleLibrary
from loadgen_harness.settings import Settings, UsageError, parse_settings, usage
from loadgen_harness.system_under_test import SystemUnderTest, fail

WARM_UP_SECONDS = 0.3
"""How long the pace is measured before a test: LoadGen's number of queries rests on it."""


def main(arguments: Sequence[str]) -> int:
    """Run a test; returns the exit code."""
    if list(arguments) == ["--help"]:
        sys.stdout.write(usage())
        return 0
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # LoadGen's code cannot pass a KeyboardInterrupt on
    try:
        _run(parse_settings(arguments, len(os.sched_getaffinity(0))))
    except UsageError as error:
        sys.stderr.write(f"harness: {error}\nharness --help lists the options\n")
        return 2
    except Exception as error:  # noqa: BLE001  said in one line, as the C++ harness says it
        sys.stderr.write(f"harness: {error}\n")
        return 1
    return 0


def _run(settings: Settings) -> None:
    outcome = Outcome()
    start = time.perf_counter()
    with QuerySampleLibrary(Path(settings.tensors), settings.count, settings.python) as library:
        outcome.sample_count = len(library)
        backends = _backends(settings, library.shape, outcome)
        outcome.load_seconds = time.perf_counter() - start
        outcome.tensors_made = "on-load" if library.on_load else "stored"
        outcome.most_at_once = backends[0].most_at_once
        pace = _prepare(settings, library, backends)
        outcome.warmup_best_seconds = pace.best_seconds
        outcome.warmup_samples_per_second = pace.samples_per_second
        if settings.bare:
            return
        Path(settings.output).mkdir(parents=True, exist_ok=True)
        told = make_loadgen_settings(settings, pace)
        _test(settings, told, backends, library, outcome)
    write_record(Path(settings.output) / "harness.json", settings, told, outcome)


def _backends(settings: Settings, shape: tuple[int, int, int], outcome: Outcome) -> list[Backend]:
    """A backend a worker."""
    if settings.backend == "null":
        return [NullBackend(settings.task) for _ in range(settings.workers)]
    if settings.backend == "pytorch":
        from loadgen_harness import torch_backend

        outcome.torch = torch_backend.VERSION
        return [torch_backend.TorchBackend(settings, shape) for _ in range(settings.workers)]
    from loadgen_harness.onnx_backend import OnnxBackend
    from loadgen_harness.onnx_session import VERSION

    outcome.onnxruntime = VERSION
    return [OnnxBackend(settings, shape) for _ in range(settings.workers)]


def _prepare(settings: Settings, library: QuerySampleLibrary, backends: Sequence[Backend]) -> Pace:
    """Run before LoadGen does, on the first samples; all there is to do where there is no LoadGen."""
    first = range(min(settings.bare or settings.warmup, library.most_loaded))
    library.load(first)
    seconds = 0 if settings.mode == "accuracy" else WARM_UP_SECONDS
    pace = warm_up(library, len(first), settings.warmup, seconds, backends)
    if settings.bare:
        run = run_bare(library, len(first), settings.bare, backends[0])
        said = f"{run.samples_per_second:.6g} cpu_seconds_per_sample {run.cpu_seconds_per_sample:.6g}"
        sys.stdout.write(f"bare samples_per_second {said}\n")
    library.unload(first)
    return pace


def _test(
    settings: Settings,
    told: LoadgenSettings,
    backends: Sequence[Backend],
    library: QuerySampleLibrary,
    outcome: Outcome,
) -> None:
    queued = not settings.stream or len(backends) > 1
    system = SystemUnderTest(backends, library, settings.batch, queued=queued)
    logs = loadgen.LogSettings()
    logs.log_output = loadgen.LogOutputSettings()
    logs.log_output.outdir = settings.output
    logs.enable_trace = settings.trace != 0
    with _handles(system, library) as (sut, qsl):
        wall, cpu = time.perf_counter(), time.process_time()
        loadgen.StartTestWithLogSettings(sut, qsl, told.test, logs, settings.audit_conf)
        outcome.test_seconds, outcome.test_cpu_seconds = time.perf_counter() - wall, time.process_time() - cpu
    outcome.answered = system.finish()
    if not outcome.answered:
        raise RuntimeError("LoadGen issued no sample; see mlperf_log_detail.txt")


@contextmanager
def _handles(system: SystemUnderTest, library: QuerySampleLibrary) -> Iterator[tuple[int, int]]:
    """What LoadGen knows the two by."""

    def load(indices: list[int]) -> None:
        try:
            library.load(indices)
        except Exception as error:  # noqa: BLE001  it cannot pass through LoadGen's code
            fail(str(error))

    sut = loadgen.ConstructFastSUT(system.issue, system.flush)
    qsl = loadgen.ConstructQSL(len(library), library.most_loaded, load, library.unload)
    yield sut, qsl
    loadgen.DestroyQSL(qsl)
    loadgen.DestroyFastSUT(sut)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
