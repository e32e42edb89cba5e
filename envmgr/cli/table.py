"""A table for people: columns aligned by blanks, and nothing drawn."""

from collections.abc import Sequence


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The text of a table; columns that are empty in all rows are left out."""
    shown = [number for number in range(len(head)) if any(row[number] for row in rows)]
    lines = [[line[number] for number in shown] for line in (head, *rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)
