"""Latencies from LoadGen's trace, and from the record alone."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envmgr.results.latencies import BARS, latencies
from envmgr.results.loadgen_logs import read_logs
from tests.loadgen import write_answers, write_measurement

REPORTED = {"latency_min_ns": 10, "latency_p50_ns": 20, "latency_p99_ns": 40, "latency_max_ns": 50, "mAP": 60.5}


def test_every_sample_of_a_trace_counts(tmp_path: Path) -> None:
    write_measurement(tmp_path / "performance", [(0, 3_000), (1, 1_000), (2, 2_000), (3, 4_000)])
    found = latencies(read_logs(tmp_path).trace, REPORTED, "SingleStream")
    assert found is not None
    assert found.curve == ((1000, 25), (2000, 50), (3000, 75), (4000, 100))
    assert (found.count, sum(bar.count for bar in found.bars), len(found.bars)) == (4, 4, BARS)


def test_a_number_that_no_clock_gives_is_no_latency(tmp_path: Path) -> None:
    write_measurement(tmp_path / "performance", [(0, 3_000), (1, 10**19), (10**19, 2_000)])
    found = latencies(read_logs(tmp_path).trace, REPORTED, "SingleStream")
    assert found is not None
    assert found.curve == ((3000, 100),)


def test_in_multistream_the_last_sample_of_a_query_counts(tmp_path: Path) -> None:
    write_measurement(tmp_path / "performance", [(1, 70), (0, 10), (0, 30), (1, 50), (0, 20)], scenario="MultiStream")
    found = latencies(read_logs(tmp_path).trace, {}, "MultiStream")
    assert found is not None
    assert [time for time, _ in found.curve] == [30, 70]


def test_without_a_trace_there_are_the_percentiles_of_the_summary_and_no_bars(tmp_path: Path) -> None:
    write_measurement(tmp_path / "performance")
    found = latencies(read_logs(tmp_path).trace, REPORTED, "SingleStream")
    assert found is not None
    assert (found.curve, found.bars, found.count) == (((10, 0), (20, 50), (40, 99), (50, 100)), (), 0)
    assert latencies(None, {"mAP": 60.5}, "Offline") is None


@given(st.lists(st.integers(0, 10**12), min_size=1, max_size=400))
def test_a_curve_ascends_to_100_percent_and_the_bars_hold_all(values: list[int]) -> None:
    import numpy as np

    from envmgr.results.latencies import _seen

    found = _seen(np.sort(np.array(values, dtype=np.int64)))
    times, shares = zip(*found.curve, strict=True)
    assert (list(times), list(shares)) == (sorted(times), sorted(shares))
    assert (times[-1], shares[-1]) == (max(values), 100)
    assert set(times) <= set(values)
    assert sum(bar.count for bar in found.bars) == len(values)
    for time, share in found.curve:
        assert sum(value <= time for value in values) >= share / 100 * len(values) - 1e-6


@pytest.mark.parametrize("order", [("performance", "audit"), ("audit", "performance")])
def test_the_logs_of_the_performance_step_go_before_those_of_an_audit(tmp_path: Path, order: tuple[str, str]) -> None:
    for step in order:
        write_measurement(tmp_path / step, [(0, 5)], verdict="VALID" if step == "performance" else "INVALID")
    write_answers(tmp_path / "accuracy", {0: [(0, 0, 1, 1, 0.9, 1)]})
    logs = read_logs(tmp_path)
    assert "Result is : VALID" in logs.summary
    assert (logs.trace, logs.accuracy) == (
        tmp_path / "performance/mlperf_log_trace.json", tmp_path / "accuracy/mlperf_log_accuracy.json"
    )  # fmt: skip


def test_a_search_for_the_peak_is_many_tests_whose_trace_is_no_distribution(tmp_path: Path) -> None:
    write_measurement(tmp_path / "peak", [(0, 5)])
    summary = tmp_path / "peak/mlperf_log_summary.txt"
    summary.write_text(summary.read_text().replace("PerformanceOnly", "FindPeakPerformance"))
    assert read_logs(tmp_path).summary
    assert read_logs(tmp_path).trace is None


def test_a_run_without_logs_has_none(tmp_path: Path) -> None:
    logs = read_logs(tmp_path)
    assert (logs.summary, logs.trace, logs.accuracy) == ("", None, None)
