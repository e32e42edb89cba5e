"""The fields in which two documents differ, by dotted names."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

SHOWN_LENGTH = 100
"""Characters of a value that people are shown."""

_LEAD = 24
"""Characters that two long texts share and that are shown before the place at which they part."""

_DIGEST = re.compile("(sha256:[0-9a-f]{12})[0-9a-f]{52}")
"""People compare the first digits."""


@dataclass(frozen=True)
class FieldChange:
    """One field of two documents (text, numbers, lists, tables): its values before and after, None for nothing."""

    field: str
    """Dotted, items of lists by number: `settings.argv[2]`; empty for the whole document."""
    before: Any
    after: Any

    def __str__(self) -> str:
        return f"{self.field}: {' -> '.join(shown(self.before, self.after))}"


def field_changes(before: object, after: object, name: str = "") -> Iterator[FieldChange]:
    """The innermost fields that differ: tables by key, lists of the same length by number, all else as a whole."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in sorted({*before, *after}):
            yield from field_changes(before.get(key), after.get(key), f"{name}.{key}" if name else key)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, (old, new) in enumerate(zip(before, after, strict=True)):
            yield from field_changes(old, new, f"{name}[{number}]")
    elif before != after or isinstance(before, bool) is not isinstance(after, bool):
        yield FieldChange(name, before, after)


def shown(before: object, after: object) -> tuple[str, str]:
    """Two values for people, in short; of two long texts the part in which they differ."""
    old, new = _text(before), _text(after)
    if max(len(old), len(new)) <= SHOWN_LENGTH:
        return old, new
    shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))
    start = max(0, shared - _LEAD)
    return _cut(old, start), _cut(new, start)


def _text(value: object) -> str:
    if value is None:
        return "nothing"
    text = value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)
    return _DIGEST.sub(r"\1…", text.replace("\n", "\\n"))


def _cut(text: str, start: int) -> str:
    end = start + SHOWN_LENGTH
    return f"{'…' if start else ''}{text[start:end]}{'…' if len(text) > end else ''}"
