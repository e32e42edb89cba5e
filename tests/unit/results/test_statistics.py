"""Medians with their intervals, and ratios of them."""

import math

import pytest

from envmgr.results.statistics import Estimate, estimate, paired_ratio, ratio, verdict


@pytest.mark.parametrize(
    ("count", "low", "high", "confidence"),
    [(3, 1, 3, 0.75), (4, 1, 4, 0.875), (5, 1, 5, 0.9375), (6, 1, 6, 0.96875), (9, 2, 8, 0.9609375)],
)
def test_an_interval_says_how_sure_it_is(count: int, low: float, high: float, confidence: float) -> None:
    found = estimate(range(1, count + 1))
    assert found == Estimate((count + 1) / 2, low, high, count, confidence)


def test_many_values_have_a_narrow_interval_of_at_least_95_percent() -> None:
    found = estimate(range(10_000))
    assert found.low is not None
    assert found.low == pytest.approx(4902, abs=2)
    assert 0.95 <= found.confidence < 0.952


@pytest.mark.parametrize("values", [[7.0], [6.0, 8.0]])
def test_of_fewer_than_three_values_the_interval_is_unknown(values: list[float]) -> None:
    assert estimate(values) == Estimate(7, None, None, len(values), 0)
    found = ratio(values, [14.0] * 5)
    assert found == Estimate(2, None, None, len(values), 0)
    assert verdict(found) == "too few"


@pytest.mark.parametrize("values", [[], [math.nan], [1.0, math.inf]])
def test_what_has_no_median_is_refused(values: list[float]) -> None:
    with pytest.raises(ValueError, match="no median"):
        estimate(values)
    with pytest.raises(ValueError, match="no median"):
        ratio([1.0], values)


def test_there_is_no_ratio_to_what_is_not_above_zero() -> None:
    assert ratio([0.0, 1.0, 1.0], [1.0, 1.0, 1.0]) is None
    assert ratio([1.0, 1.0, 1.0], [1.0, -1.0, 1.0]) is None
    assert paired_ratio([(1.0, 0.0)]) is None
    assert paired_ratio([]) is None


def test_the_same_numbers_always_say_the_same() -> None:
    before, after = [1.0, 1.1, 1.2, 0.9], [1.5, 1.4, 1.7, 1.2, 1.3]
    assert ratio(before, after) == ratio(before[::-1], after[::-1])


def test_three_rounds_that_agree_are_too_few_to_say_that_sides_differ() -> None:
    found = paired_ratio([(1.0, 2.0), (1.0, 2.1), (1.0, 2.2)])
    assert found == Estimate(2.1, 2, 2.2, 3, 0.75)
    assert verdict(found) == "too few"
    five = paired_ratio([(1.0, 2.0 + share / 10) for share in range(5)])
    assert five is not None
    assert verdict(five) == "differs"


def test_sides_that_took_no_turns_are_no_surer_of_their_ratio_than_of_their_medians() -> None:
    few, many = [1.0, 1.1, 1.2, 1.3], [2.0 + share / 10 for share in range(20)]
    for sides, confidence in (((few[:3], many), 0.75), ((many, few), 0.875), ((many[:5], many), 0.9375)):
        found = ratio(*sides)
        assert found is not None
        assert found.confidence == confidence
    assert [verdict(found) for side in (few, many) if (found := ratio(side, many)) is not None] == [
        "too few",
        "within noise",
    ]
