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
    if fault := _fault(value):
        raise ValueError(f"${fault}")
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def _fault(value: object) -> str:
    """The place in a value, and what is wrong there; empty where nothing is."""
    if isinstance(value, str):
        return "" if value.isascii() or _has_utf8(value) else ": text with a lone surrogate has no UTF-8 form"
    if isinstance(value, int):
        return "" if abs(value) <= LARGEST_INTEGER else f": integer beyond 2^53: {value}"
    if isinstance(value, dict):
        return next((fault for key, item in value.items() if (fault := _item_fault(key, item))), "")
    if isinstance(value, list | tuple):
        return next((f"[{index}]{fault}" for index, item in enumerate(value) if (fault := _fault(item))), "")
    return f": {type(value).__name__} has no canonical text"


def _item_fault(key: object, item: object) -> str:
    if not isinstance(key, str) or not key.isascii():
        return f": key is not ASCII text: {key!r}"
    return f".{key}{fault}" if (fault := _fault(item)) else ""


def _has_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
