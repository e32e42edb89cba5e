"""Laws of mixing two documents element by element."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from envmgr.bisect.difference import differences, mixed

VALUES = st.recursive(
    st.integers(0, 2) | st.booleans() | st.text("ab", max_size=1) | st.lists(st.integers(0, 1), max_size=2),
    lambda inner: st.dictionaries(st.sampled_from("xyz"), inner, max_size=3),
    max_leaves=8,
)
DOCUMENTS = st.dictionaries(st.sampled_from("abcd"), VALUES)


@given(DOCUMENTS, DOCUMENTS)
def test_with_no_element_taken_it_is_the_one_and_with_all_the_other(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    places = [element.place for element in differences(before, after)]
    assert mixed(before, after, []) == before
    assert mixed(before, after, places) == after
    assert len(set(places)) == len(places)


@given(DOCUMENTS, DOCUMENTS, st.sets(st.integers(0, 12)))
def test_what_is_taken_differs_no_more_and_what_is_not_still_does(
    before: dict[str, Any], after: dict[str, Any], chosen: set[int]
) -> None:
    places = [element.place for element in differences(before, after)]
    taken = [place for number, place in enumerate(places) if number in chosen]
    left = [element.place for element in differences(mixed(before, after, taken), after)]
    assert left == [place for place in places if place not in taken]
