"""Numbers, and how configurations stand, in words."""

import pytest

from envmgr.cli.estimate_words import estimate_words, number_words
from envmgr.cli.series_words import noise_warnings, noise_words, standings_table
from envmgr.results.noise import noise
from envmgr.results.standings import standings
from envmgr.results.statistics import estimate
from tests.records import record
from tests.unit.results.test_noise import run
from tests.unit.results.test_standings import runs


@pytest.mark.parametrize(
    ("value", "metric", "said"),
    [
        (546_092.7, "samples_per_second", "546,093"),
        (146.6812, "samples_per_second", "146.68"),
        (31_537_004, "latency_p90_ns", "31.537 ms"),
    ],
)
def test_a_number_has_as_many_digits_as_tell_something(value: float, metric: str, said: str) -> None:
    assert number_words(value, metric) == said


def test_an_interval_is_said_where_it_is_known_and_says_something() -> None:
    assert estimate_words(estimate([5e6, 6e6, 7e6]), "latency_p99_ns") == "6 ms [5 to 7]"
    assert estimate_words(estimate([5.0, 5.0, 5.0])) == "5"
    assert estimate_words(estimate([5.0])) == "5"


def test_lower_is_better_for_a_latency_and_worse_for_a_rate() -> None:
    latency = standings({"a": runs("a", [7e6] * 5, "SingleStream"), "b": runs("b", [5e6] * 5, "SingleStream")}, "a")
    rate = standings({"a": runs("a", [7] * 5), "b": runs("b", [5] * 5), "c": runs("c", [6] * 3), "d": []}, "a")
    assert standings_table(latency, "a").splitlines()[2].endswith("better")
    _, _, lower, few, none = standings_table(rate, "a").splitlines()
    assert lower.endswith("worse")
    assert few.endswith("too few rounds")
    assert none.split() == ["d", "no", "VALID", "run", "0", "of", "0"]


def test_what_is_not_known_of_the_noise_is_not_said() -> None:
    old = noise(record("a"))
    assert "others" not in noise_words([old])
    assert "frequency not shown here" in noise_words([old])
    assert noise_words([]) == ""


def test_only_a_series_that_is_too_noisy_is_warned_of() -> None:
    loud = noise(run(busy_seconds=130))
    assert noise_warnings([noise(run()), loud]) == []
    assert noise_warnings([loud, loud]) == [
        "too noisy to believe: 2 of 2 runs were disturbed: others kept 1.50 of 2 cores busy"
    ]
