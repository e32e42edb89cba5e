"""LoadGen's summary as metrics."""

import pytest

from envmgr.model.loadgen_summary import summary_metrics

OFFLINE = """================================================
MLPerf Results Summary
================================================
SUT name : harness
Scenario : Offline
Mode     : PerformanceOnly
Samples per second: 512.25
Result is : {result}
  Min duration satisfied : Yes
Min latency (ns)                : 100
90.00 percentile latency (ns)   : 250
"""


@pytest.mark.parametrize(("result", "valid"), [("VALID", True), ("INVALID", False)])
def test_a_performance_summary_says_rate_latencies_and_verdict(result: str, valid: bool) -> None:  # noqa: FBT001
    assert summary_metrics(OFFLINE.format(result=result)) == {
        "result_valid": valid, "samples_per_second": 512.25, "latency_min_ns": 100, "latency_p90_ns": 250,
    }  # fmt: skip


def test_a_server_says_whether_its_latency_bound_held_and_whether_that_is_sure() -> None:
    summary = "Mode : PerformanceOnly\nResult is : INVALID\n  Performance constraints satisfied : Yes\n"
    assert summary_metrics(f"{summary}  Early stopping satisfied: NO\n") == {
        "result_valid": False, "latency_bound_met": True, "early_stopping_met": False,
    }  # fmt: skip


def test_an_accuracy_summary_measures_nothing() -> None:
    assert summary_metrics("Mode     : AccuracyOnly\nSamples per second: 5\n") == {}


def test_a_search_for_the_peak_that_failed_is_invalid() -> None:
    summary = "Mode     : FindPeakPerformance\nCompleted samples per second    : 86.42\nResult is : INVALID\n"
    assert summary_metrics(summary) == {"result_valid": False, "samples_per_second": 86.42}


def test_what_is_no_finite_number_is_no_metric() -> None:
    summary = "Mode : PerformanceOnly\nSamples per second: inf\nMean latency (ns) : -nan\nResult is : INVALID\n"
    assert summary_metrics(summary) == {"result_valid": False}
