"""Laws of the expressions by which runs are chosen."""

import string

from hypothesis import given, settings
from hypothesis import strategies as st

from envmgr.results.fields import Fields
from envmgr.results.where import ExpressionError, chosen

ROW: Fields = {"recipe": "bench", "axes.scenario": "Offline", "settings.batch": 4, "imported": False, "seconds": 1.5}
WORDS = (
    "recipe", "scenario", "batch", "imported", "seconds", "and", "or", "not", "in", "==", "<", "(", ")", ",", "'a'",
    "4", "-1", "2026-01-01", "true", "lambda", ":", "x", ".", "[", "]", "+", "é", "if", "else", "{", "}", "'", "\\d",
)  # fmt: skip
operands = st.sampled_from(["recipe == 'bench'", "batch > 3", "imported", "seconds < 1", "scenario != 'Server'"])
texts = st.one_of(
    st.text(max_size=60), st.text(string.printable, max_size=60), st.lists(st.sampled_from(WORDS)).map(" ".join)
)


def holds(text: str) -> bool:
    return chosen(text, [ROW])[0]


@settings(deadline=None)
@given(texts)
def test_any_text_chooses_or_is_refused_at_a_column_of_it(text: str) -> None:
    column = 1
    try:
        chosen(text, [ROW])
    except ExpressionError as error:
        column = error.column
    assert 1 <= column <= len(text) + 1


@settings(deadline=None)
@given(operands, operands)
def test_and_or_and_not_are_those_of_logic(one: str, other: str) -> None:
    assert holds(f"{one} and {other}") is (holds(one) and holds(other))
    assert holds(f"{one} or {other}") is (holds(one) or holds(other))
    assert holds(f"not ({one} and {other})") is holds(f"not {one} or not {other}")


@settings(deadline=None)
@given(st.integers(-10, 10), st.integers(-10, 10))
def test_numbers_are_ordered_as_numbers(one: int, other: int) -> None:
    row: Fields = {"settings.batch": one}
    for sign, expected in (("<", one < other), ("<=", one <= other), ("==", one == other), ("!=", one != other)):
        assert chosen(f"batch {sign} {other}", [row]) == [expected]
