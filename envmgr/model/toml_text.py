"""TOML as envmgr writes it: one text for one value, so that equal values are equal texts."""

import json
from collections.abc import Iterator, Mapping
from typing import Any


def toml_table(fields: Mapping[str, Any]) -> Iterator[str]:
    """The lines of one table, in the order of the mapping."""
    for key, value in fields.items():
        yield f"{_key(key)} = {_inline(value)}\n"


def _inline(value: Any) -> str:  # noqa: ANN401  any value that JSON has
    """One TOML value, tables of a list on a line each; JSON's texts, integers and booleans are TOML's."""
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_key(key)} = {_inline(item)}" for key, item in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, list | tuple):
        items = [_inline(item) for item in value]
        if any(isinstance(item, Mapping) for item in value):
            return "[\n" + "".join(f"    {item},\n" for item in items) + "]"
        return f"[{', '.join(items)}]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(key: str) -> str:
    return key if key and all(c.isascii() and (c.isalnum() or c in "_-") for c in key) else json.dumps(key)
