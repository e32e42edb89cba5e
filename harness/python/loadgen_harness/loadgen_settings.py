"""What LoadGen is told: its own configuration files, and the pace that it must know beforehand."""

from dataclasses import dataclass

import mlperf_loadgen as loadgen

from loadgen_harness.loadgen_conf import read_conf, user_conf_names
from loadgen_harness.pace import Pace
from loadgen_harness.settings import Settings

HEADROOM = 1.2
"""The test may be this much faster than the warm-up."""
QUIETER = 2
"""On a busy machine the test may find it this much quieter than the warm-up did."""
SERVER_SHARE = 0.5
"""Server queries arrive at random: at half of what the workers can do queues stay short."""
PEAK_SEARCH_SHARE = 0.1
"""LoadGen searches the peak upwards from a pace that must hold."""
MOST_A_SECOND = {"Offline": 5e5, "Server": 2e4, "SingleStream": 5e5, "MultiStream": 5e5}
"""LoadGen and Python get through no more samples a second on any machine seen, and in Server no more are kept up with.
Without bounds a null run would fill the memory with queries: LoadGen makes them all before the test."""

EXPECTATIONS = {
    "Offline": "offline_expected_qps",
    "Server": "server_target_qps",
    "SingleStream": "single_stream_expected_latency_ns",
    "MultiStream": "multi_stream_expected_latency_ns",
}
"""The scenario's own number of LoadGen's settings: samples a second, or nanoseconds a query."""
MODES = {
    "accuracy": loadgen.TestMode.AccuracyOnly,
    "performance": loadgen.TestMode.PerformanceOnly,
    "find-peak-performance": loadgen.TestMode.FindPeakPerformance,
}


@dataclass(frozen=True)
class LoadgenSettings:
    """LoadGen's settings for a run, and where the pace in them comes from."""

    test: loadgen.TestSettings
    expected: float
    """The scenario's own number in `test` (EXPECTATIONS)."""
    measured: bool
    """Whether `expected` was measured in the warm-up; else user.conf says it."""


def make_loadgen_settings(settings: Settings, pace: Pace) -> LoadgenSettings:
    """LoadGen's mlperf.conf, then user.conf, then the command line.

    LoadGen makes its queries before the test, as many as fill the minimum duration at the expected pace. An
    expectation that is too slow lets a run end early, which makes it INVALID; one that is too fast lets a run Offline,
    which is one query, take as many times longer. So where user.conf names none (`target_qps` or `target_latency`), it
    comes from the warm-up: the fastest sample says what the machine can do, all workers together what it did just then.

    `pace` is what came of the warm-up. Raises UsageError when LoadGen cannot read its files.
    """
    test = loadgen.TestSettings()
    read_conf(settings, test)
    test.scenario = getattr(loadgen.TestScenario, settings.scenario)
    test.mode = MODES[settings.mode]
    if settings.performance_sample_count:
        test.performance_sample_count_override = settings.performance_sample_count
    measured = not _user_names_pace(settings)
    if measured:
        setattr(test, EXPECTATIONS[settings.scenario], _expected(settings, test, pace))
    return LoadgenSettings(test, float(getattr(test, EXPECTATIONS[settings.scenario])), measured)


def _user_names_pace(settings: Settings) -> bool:
    """Whether user.conf itself names a pace; mlperf.conf always does, for no machine in particular."""
    return user_conf_names(settings, "target_latency" if settings.stream else "target_qps")


def _expected(settings: Settings, test: loadgen.TestSettings, pace: Pace) -> float:
    alone, most = settings.workers / pace.best_seconds, MOST_A_SECOND[settings.scenario]
    if settings.scenario == "SingleStream":
        return _latency(min(HEADROOM / pace.best_seconds, most), 1)
    if settings.scenario == "MultiStream":
        return _latency(min(HEADROOM * alone, most), test.multi_stream_samples_per_query)
    if settings.scenario == "Server":
        share = PEAK_SEARCH_SHARE if settings.mode == "find-peak-performance" else SERVER_SHARE
        return min(share * pace.samples_per_second, most)
    return min(HEADROOM * min(alone, QUIETER * pace.samples_per_second), most)


def _latency(samples_per_second: float, samples_in_query: int) -> float:
    """The nanoseconds that a query takes when so many samples are answered in a second, one query after the other."""
    return 1e9 * samples_in_query / samples_per_second
