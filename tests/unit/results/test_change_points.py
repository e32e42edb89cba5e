"""Where a sequence of numbers changes its level."""

import random

from hypothesis import given
from hypothesis import strategies as st

from envmgr.results.change_points import LEAST_SIDE, LEAST_VALUES, change_points


def noisy(level: float, count: int, seed: int) -> list[float]:
    draw = random.Random(seed)  # noqa: S311  a fixed draw, no secret
    return [level * draw.gauss(1, 0.02) for _ in range(count)]


def test_a_step_is_found_where_it_is() -> None:
    assert change_points(noisy(100, 20, 1) + noisy(110, 15, 2)) == [20]


def test_several_steps_are_found_each() -> None:
    assert change_points(noisy(100, 15, 1) + noisy(130, 15, 2) + noisy(90, 15, 3)) == [15, 30]


def test_noise_alone_has_no_step_but_for_one_sequence_in_a_hundred() -> None:
    found = [seed for seed in range(60) if change_points(noisy(100, 30, seed))]
    assert len(found) <= 2


def test_one_odd_run_is_no_step() -> None:
    assert change_points([*noisy(100, 12, 1), 900.0, *noisy(100, 12, 2)]) == []


def test_of_few_numbers_nothing_is_said_however_far_apart_they_are() -> None:
    assert change_points([1.0] * 4 + [1000.0] * 3) == []
    assert LEAST_VALUES == 8


def test_ten_numbers_are_enough_for_a_clean_step() -> None:
    assert change_points([1, 2, 3, 4, 5, 11, 12, 13, 14, 15]) == [5]


@given(st.lists(st.floats(-1e6, 1e6), max_size=40), st.floats(0.1, 10), st.floats(-100, 100))
def test_only_the_order_of_the_numbers_matters(values: list[float], factor: float, shift: float) -> None:
    places = sorted(set(values))
    ranks = [float(places.index(value)) for value in values]
    assert change_points(ranks) == change_points([2 * rank + 7 for rank in ranks])
    found = change_points(values)
    assert found == sorted(set(found))
    for start, end in zip([0, *found], [*found, len(values)], strict=True):
        assert not found or end - start >= LEAST_SIDE
