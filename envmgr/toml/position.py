"""Where a key stands in a TOML file: line and column for an error message.

The TOML reader gives values without places. This looks the place up again in the text: by table headers and by keys
at the start of a line, then by the key's first appearance inside an inline table. It is for messages only.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_HEADER = re.compile(r"^\s*\[\[?\s*([^\]]+?)\s*\]\]?")
_KEY = re.compile(r"""^(\s*)((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*=""")
_PART = re.compile(r"""[A-Za-z0-9_-]+|"[^"]*"|'[^']*'""")


class Position(NamedTuple):
    """A place in a file, both counted from 1, and the text of the line."""

    line: int
    column: int
    text: str


def find(text: str, path: Sequence[str | int]) -> Position:
    """The place of the key with this dotted path, or of the nearest thing around it that can be found."""
    wanted = [part for part in path if isinstance(part, str)]
    lines = text.splitlines() or [""]
    best, depth = Position(1, 1, lines[0]), 0
    for number, column, line, keys in _keys(lines):
        shared = _shared(keys, wanted)
        if shared < min(len(keys), len(wanted)) or shared <= depth:
            continue
        best, depth = _inside(Position(number, column, line), wanted[shared:]), shared
    return best


def _keys(lines: Sequence[str]) -> Iterator[tuple[int, int, str, list[str]]]:
    table: list[str] = []
    for number, line in enumerate(lines, 1):
        if header := _HEADER.match(line):
            table = dotted(header[1])
            yield number, header.start(1) + 1, line, table
        elif key := _KEY.match(line):
            yield number, len(key[1]) + 1, line, table + dotted(key[2])


def dotted(name: str) -> list[str]:
    """The parts of a dotted name."""
    return [part.strip("\"'") for part in _PART.findall(name)]


def _shared(keys: Sequence[str], wanted: Sequence[str]) -> int:
    count = 0
    for have, want in zip(keys, wanted, strict=False):
        if have != want:
            break
        count += 1
    return count


def _inside(found: Position, rest: Sequence[str]) -> Position:
    """Look for the remaining keys on the line itself: an inline table."""
    column = found.column
    for part in rest:
        at = re.compile(rf"""(?<![A-Za-z0-9_-])["']?({re.escape(part)})["']?\s*=""").search(found.text, column)
        if at is not None:
            column = at.start(1) + 1
    return found._replace(column=column)
