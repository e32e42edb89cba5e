"""The one JSON text of a value, so that it can be hashed and reviewed.

RFC 8785 on the subset where the standard `json` module prints exactly what the RFC asks for: ASCII keys,
text without lone surrogates, lists, objects, booleans, and integers below 2^53 in size. No floats, no nulls.
"""

import json
from collections.abc import Mapping, Sequence

Value = bool | int | str | Sequence["Value"] | Mapping[str, "Value"]

LARGEST_INTEGER = 2**53 - 1


def canonical_text(value: Value) -> bytes:
    """The canonical UTF-8 text of a value; equal values give equal bytes.

    Raises:
        ValueError: the value is outside the subset; the message names the place.
    """
    _check(value, "$")
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def _check(value: object, place: str) -> None:
    match value:
        case bool():
            pass
        case int():
            if abs(value) > LARGEST_INTEGER:
                raise ValueError(f"{place}: integer beyond 2^53: {value}")
        case str():
            _check_text(value, place)
        case dict():
            for key, item in value.items():
                if not isinstance(key, str) or not key.isascii():
                    raise ValueError(f"{place}: key is not ASCII text: {key!r}")
                _check(item, f"{place}.{key}")
        case list() | tuple():
            for index, item in enumerate(value):
                _check(item, f"{place}[{index}]")
        case _:
            raise ValueError(f"{place}: {type(value).__name__} has no canonical text")


def _check_text(text: str, place: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"{place}: text with a lone surrogate has no UTF-8 form") from error
