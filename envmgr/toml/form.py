"""The agreed form of a TOML file: its keys in one order, one blank line before each table, and no other whim."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from envmgr.toml.statements import Statement, statements

DIRECTIVE = "#:"
"""How a comment begins that speaks to editors about the whole file: it stays on top."""


@dataclass(frozen=True)
class _Table:
    """A header with what stands below it; none for the keys at the top."""

    header: Statement | None
    body: list[Statement]


def in_form(text: str, order: Sequence[str], by_name: Collection[str]) -> str:
    """The text in the agreed form.

    Args:
        text: the text, which is TOML.
        order: the keys at the top in their order; others come last.
        by_name: of these, those whose own keys are sorted by name.
    """
    lines = text.splitlines()
    count = next((number for number, line in enumerate(lines) if not line.startswith(DIRECTIVE)), len(lines))
    found, below = statements("\n".join(lines[count:]))
    top, *tables = _tables(found)

    def place(statement: Statement) -> tuple[int, str]:
        first, *rest = statement.keys
        rank = order.index(first) if first in order else len(order)
        return rank, rest[0] if rest and first in by_name else ""

    parts = [[f"{line}\n" for line in lines[:count]] + [item.lines for item in sorted(top.body, key=place)]]
    in_order = sorted(tables, key=lambda item: place(item.header) if item.header else (0, ""))
    parts += [list(_shown(table, by_name)) for table in in_order]
    parts.append([f"{line}\n" for line in below])
    return "\n".join("".join(part) for part in parts if part)


def _tables(found: Sequence[Statement]) -> list[_Table]:
    tables = [_Table(None, [])]
    for item in found:
        if item.is_header:
            tables.append(_Table(item, []))
        else:
            tables[-1].body.append(item)
    return tables


def _shown(table: _Table, by_name: Collection[str]) -> Iterator[str]:
    body = table.body
    if table.header:
        yield table.header.lines
        if len(table.header.keys) == 1 and table.header.keys[0] in by_name:
            body = sorted(body, key=lambda item: item.keys)
    for number, item in enumerate(body):
        yield ("\n" if item.apart and number else "") + item.lines
