"""A run in the words of trackers of experiments."""

import pytest

from envmgr.results.export.tracked import tracked
from envmgr.results.fields import fields
from tests.records import record


@pytest.mark.parametrize(
    ("scenario", "metrics", "result", "unit"),
    [
        ("SingleStream", {"latency_p90_ns": 2_500_000, "samples_per_second": 400.0}, 2.5, "Latency (ms)"),
        ("MultiStream", {"latency_p99_ns": 8_000_000}, 8.0, "Latency (ms)"),
        ("Offline", {"samples_per_second": 12.5}, 12.5, "Samples/s"),
        ("Server", {"scheduled_samples_per_second": 7.0}, 7.0, "Queries/s"),
    ],
)
def test_the_result_is_counted_as_cms_dashboard_counted_it(
    scenario: str, metrics: dict[str, float], result: float, unit: str
) -> None:
    run = tracked(fields(record("20260101-000000-aaaaaa", axes={"scenario": scenario}, metrics=metrics)))
    assert run.config["Units"] == unit
    assert run.summary["Result"] == run.summary["performance"] == result
    assert run.summary.items() >= metrics.items(), "our own names keep nanoseconds"
