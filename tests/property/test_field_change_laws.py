"""Laws of the fields in which two documents differ."""

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from envmgr.model.field_change import FieldChange, field_changes, shown

DOCUMENTS = st.recursive(
    st.booleans() | st.integers() | st.text(max_size=5),
    lambda inside: st.lists(inside, max_size=3) | st.dictionaries(st.sampled_from("abc"), inside, max_size=3),
    max_leaves=8,
)


@given(DOCUMENTS)
def test_a_document_does_not_differ_from_itself(document: Any) -> None:  # noqa: ANN401  any JSON value
    assert list(field_changes(document, copy.deepcopy(document))) == []


@given(DOCUMENTS, DOCUMENTS)
def test_the_changes_lead_from_one_document_to_the_other_and_back(before: Any, after: Any) -> None:  # noqa: ANN401
    changes = list(field_changes({"top": before}, {"top": after}))
    back = list(field_changes({"top": after}, {"top": before}))
    assert back == [FieldChange(item.field, item.after, item.before) for item in changes]
    assert repr(_changed({"top": before}, changes)) == repr(_sorted({"top": after}))


def _changed(document: Any, changes: list[FieldChange]) -> Any:  # noqa: ANN401
    document = copy.deepcopy(document)
    for change in changes:
        *way, last = change.field.replace("[", ".[").split(".")
        inside = document
        for step in way:
            inside = inside[int(step[1:-1]) if step.startswith("[") else step]
        if change.after is None:
            del inside[last]
        else:
            inside[int(last[1:-1]) if last.startswith("[") else last] = change.after
    return _sorted(document)


def _sorted(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value


TEXTS = st.text(st.characters(exclude_characters="\\"))
"""Without the sign that a line break is shown by."""


@given(TEXTS, TEXTS)
def test_two_texts_that_differ_are_shown_differently_and_on_one_line(before: str, after: str) -> None:
    old, new = shown(before, after)
    assert (old == new) == (before == after)
    assert "\n" not in old + new


def test_of_long_texts_the_part_that_differs_is_shown() -> None:
    old, new = shown("x" * 500 + "old", "x" * 500 + "new")
    assert (old, new) == (f"…{'x' * 24}old", f"…{'x' * 24}new")
