"""Configurations that take turns favour none of them."""

from collections import Counter
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from envmgr.series import order

COUNTS = st.integers(1, 9)


@settings(deadline=None)
@given(COUNTS, st.integers(0, 40))
def test_each_has_one_turn_in_a_round(count: int, number: int) -> None:
    assert sorted(order(count, number)) == list(range(count))


@settings(deadline=None)
@given(COUNTS)
def test_each_stands_in_each_place_equally_often(count: int) -> None:
    places = Counter((place, item) for number in range(1, count + 1) for place, item in enumerate(order(count, number)))
    assert set(places.values()) == {1}


@settings(deadline=None)
@given(st.integers(2, 9))
def test_each_follows_each_other_one_equally_often(count: int) -> None:
    rounds = range(1, 2 * count + 1)
    followed = Counter(pair for number in rounds for pair in pairwise(order(count, number)))
    assert len(followed) == count * (count - 1)
    assert set(followed.values()) == {2}
