"""The one JSON text of a value."""

import pytest

from envmgr.model.canonical import LARGEST_INTEGER, canonical_text


def test_keys_are_sorted_and_nothing_is_spaced() -> None:
    assert canonical_text({"b": [1, True], "a": {"d": "é", "c": ""}}) == '{"a":{"c":"","d":"é"},"b":[1,true]}'.encode()


def test_control_characters_are_written_as_rfc_8785_asks() -> None:
    assert canonical_text('\b\t\n\f\r\x01\x7f"\\/') == b'"\\b\\t\\n\\f\\r\\u0001\x7f\\"\\\\/"'


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ({"a": [0.5]}, "$.a[0]"),
        ({"a": None}, "$.a"),
        ({"é": 1}, "$"),
        ({"a": {"b": LARGEST_INTEGER + 1}}, "$.a.b"),
        ("\ud800", "$"),
        ({"a": b"bytes"}, "$.a"),
    ],
)
def test_what_has_no_canonical_text_is_refused_at_its_place(value: object, place: str) -> None:
    with pytest.raises(
        ValueError, match=r"^" + place.replace("$", r"\$").replace("[", r"\[").replace("]", r"\]") + ":"
    ):
        canonical_text(value)  # type: ignore[arg-type]  # the point of the test
