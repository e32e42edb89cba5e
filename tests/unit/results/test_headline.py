"""The number that a run is compared by."""

import pytest

from envmgr.model.run_record import Metric
from envmgr.results.headline import Headline, headline
from tests.records import record

MEASURED: dict[str, Metric] = {
    "result_valid": True,
    "samples_per_second": 150.3,
    "scheduled_samples_per_second": 150.5,
    "latency_p90_ns": 7,
    "latency_p99_ns": 9,
    "mAP": 61.8,
}


@pytest.mark.parametrize(
    ("scenario", "expected"),
    [
        ("SingleStream", Headline("latency_p90_ns", 7, "lower", valid=True)),
        ("MultiStream", Headline("latency_p99_ns", 9, "lower", valid=True)),
        ("Offline", Headline("samples_per_second", 150.3, "higher", valid=True)),
        ("Server", Headline("scheduled_samples_per_second", 150.5, "higher", valid=True)),
        ("", Headline("samples_per_second", 150.3, "higher", valid=True)),
    ],
)
def test_each_scenario_has_its_number(scenario: str, expected: Headline) -> None:
    assert headline(record("a").model_copy(update={"axes": {"scenario": scenario}, "metrics": MEASURED})) == expected


def test_a_run_that_only_scores_is_compared_by_its_accuracy() -> None:
    scored = record("a").model_copy(update={"axes": {"scenario": "Offline"}, "metrics": {"mAP": 61.8}})
    assert headline(scored) == Headline("mAP", 61.8, "higher", valid=True)


@pytest.mark.parametrize("metrics", [{}, {"samples_per_second": "many"}, {"samples_per_second": True}])
def test_a_run_that_measured_nothing_has_none(metrics: dict[str, Metric]) -> None:
    assert headline(record("a").model_copy(update={"metrics": metrics})) is None


def test_the_number_of_an_invalid_run_is_no_result() -> None:
    found = headline(record("a").model_copy(update={"metrics": {**MEASURED, "result_valid": False}}))
    assert found is not None
    assert not found.valid


def test_the_better_number_is_the_lower_latency_and_the_higher_rate() -> None:
    assert Headline("latency_p90_ns", 7, "lower", valid=True).beats(Headline("latency_p90_ns", 8, "lower", valid=True))
    assert Headline("mAP", 8, "higher", valid=True).beats(Headline("mAP", 7, "higher", valid=True))
