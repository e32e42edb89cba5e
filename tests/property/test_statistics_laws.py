"""What is said of several numbers holds in whatever order they come, in whatever unit, and as often as it claims."""

import random
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envmgr.results.statistics import Estimate, estimate, paired_ratio, ratio, verdict

NUMBERS = st.floats(min_value=1e-6, max_value=1e9, allow_nan=False)
SAMPLES = st.lists(NUMBERS, min_size=1, max_size=30)
SEVERAL = st.lists(NUMBERS, min_size=3, max_size=12)
TRIALS = 300


@settings(deadline=None)
@given(SAMPLES, st.randoms(use_true_random=False))
def test_the_order_of_the_values_changes_nothing(values: list[float], chance: random.Random) -> None:
    assert estimate(chance.sample(values, len(values))) == estimate(values)


@settings(deadline=None)
@given(SAMPLES, st.integers(-8, 8))
def test_another_unit_changes_the_numbers_alone(values: list[float], power: int) -> None:
    one, other = estimate(values), estimate([value * 2.0**power for value in values])
    assert other.median == one.median * 2.0**power
    assert other.low == (None if one.low is None else one.low * 2.0**power)
    assert (other.count, other.confidence) == (one.count, one.confidence)


@settings(deadline=None)
@given(SAMPLES)
def test_the_interval_holds_the_median_and_lies_within_the_values(values: list[float]) -> None:
    found = estimate(values)
    assert (found.low is None) == (found.high is None) == (len(values) < 3)
    if found.low is not None and found.high is not None:
        assert min(values) <= found.low <= found.median <= found.high <= max(values)


@settings(max_examples=15, deadline=None)
@given(SEVERAL)
def test_what_is_held_against_itself_is_within_noise(values: list[float]) -> None:
    for found in (ratio(values, values), paired_ratio([(value, value) for value in values])):
        assert found is not None
        assert found.median == 1
        assert verdict(found) == "within noise"


@settings(max_examples=15, deadline=None)
@given(SEVERAL, SEVERAL, st.integers(-8, 8))
def test_a_ratio_is_in_no_unit(before: list[float], after: list[float], power: int) -> None:
    assert ratio([value * 2.0**power for value in before], [value * 2.0**power for value in after]) == ratio(
        before, after
    )


@settings(deadline=None)
@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=12), st.data())
def test_what_moves_both_of_a_round_moves_no_paired_ratio(
    rounds: list[tuple[float, float]], data: st.DataObject
) -> None:
    powers = [2.0 ** data.draw(st.integers(-8, 8)) for _ in rounds]
    moved = [(before * power, after * power) for (before, after), power in zip(rounds, powers, strict=True)]
    assert paired_ratio(moved) == paired_ratio(rounds)


def dice(seed: int) -> random.Random:
    """Noise that is the same each time."""
    return random.Random(seed)  # noqa: S311  no secrets


def paired(before: Sequence[float], after: Sequence[float]) -> Estimate | None:
    return paired_ratio(list(zip(before, after, strict=True)))


@pytest.mark.parametrize(("compare", "count"), [(paired, 5), (paired, 6), (paired, 12), (ratio, 5)])
def test_noise_alone_is_taken_for_a_difference_no_more_often_than_promised(
    compare: Callable[[Sequence[float], Sequence[float]], Estimate | None], count: int
) -> None:
    chance, trials = dice(1), TRIALS if compare is paired else TRIALS // 4
    said = [compare(*([chance.lognormvariate(0, 0.1) for _ in range(count)] for _ in range(2))) for _ in range(trials)]
    wrong = sum(found is not None and verdict(found) == "differs" for found in said)
    assert wrong / trials < 0.0625 + 0.03


def test_a_difference_far_beyond_the_noise_is_seen_by_five_rounds() -> None:
    chance = dice(2)
    before = [chance.lognormvariate(0, 0.02) for _ in range(5)]
    after = [1.3 * chance.lognormvariate(0, 0.02) for _ in range(5)]
    for found in (ratio(before, after), paired(before, after)):
        assert found is not None
        assert verdict(found) == "differs"
        assert found.median == pytest.approx(1.3, rel=0.05)


def test_the_true_median_is_held_as_often_as_is_claimed() -> None:
    chance = dice(3)
    for count in (3, 5, 6, 9, 20):
        found = [estimate([chance.expovariate(1) for _ in range(count)]) for _ in range(2000)]
        held = sum(
            item.low is not None and item.high is not None and item.low <= 0.693147 <= item.high for item in found
        )
        assert held / 2000 == pytest.approx(found[0].confidence, abs=0.03)
