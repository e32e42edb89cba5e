"""A search for the highest rate that holds is right about a steady server, and honest about one that is not."""

import math

from hypothesis import example, given, settings
from hypothesis import strategies as st

from envmgr.slo import search

RATES = st.floats(1, 1e5)


@settings(deadline=None)
@given(capacity=RATES, off=st.floats(0.1, 10), runs=st.integers(1, 5), tolerance=st.floats(0.01, 0.3))
def test_the_capacity_of_a_steady_server_lies_between_what_holds_and_what_is_refused(
    capacity: float, off: float, runs: int, tolerance: float
) -> None:
    found = search(lambda rate, number: rate <= capacity, capacity * off, runs=runs, tolerance=tolerance)
    assert found.highest is not None
    assert found.lowest_refused is not None
    assert found.highest.rate <= capacity < found.lowest_refused.rate
    assert found.lowest_refused.rate / found.highest.rate <= 1 + tolerance + 1e-3
    assert found.highest.verdicts == (True,) * runs


@settings(deadline=None)
@given(st.lists(st.booleans(), min_size=200, max_size=200), st.integers(1, 5), RATES)
@example([False] * 200, 3, 100.0)
@example([True] * 200, 3, 100.0)
def test_whatever_a_machine_answers_no_rate_is_said_to_hold_that_was_not_mostly_valid(
    answers: list[bool], runs: int, start: float
) -> None:
    asked: list[tuple[float, int]] = []

    def ask(rate: float, number: int) -> bool:
        asked.append((rate, number))
        return answers[len(asked) - 1]

    found = search(ask, start, runs=runs, tolerance=0.05)
    for item in found.probed:
        assert len(item.verdicts) <= runs
        assert item.holds == (sum(item.verdicts) > runs / 2)
    assert len(asked) == len(set(asked))
    if found.highest and found.lowest_refused:
        assert found.highest.rate < found.lowest_refused.rate
    if found.highest:
        assert len(found.highest.verdicts) == runs


def test_a_rate_that_was_valid_once_and_invalid_twice_does_not_hold() -> None:
    found = search(lambda rate, number: rate < 100 or (rate == 100 and number == 2), 100, runs=3, tolerance=0.05)
    assert found.lowest_refused is not None
    assert (found.lowest_refused.rate, found.lowest_refused.verdicts) == (100, (False, True, False))
    assert found.highest is not None
    assert math.isclose(found.highest.rate, 97.2, abs_tol=3)


def test_one_disturbed_run_of_three_decides_nothing() -> None:
    found = search(lambda rate, number: rate <= 100 and number != 2, 50, runs=3, tolerance=0.05)
    assert found.highest is not None
    assert found.highest.verdicts == (True, False, True)
    assert 95 < found.highest.rate <= 100
