"""How two texts differ, line by line, within bounds."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import unified_diff
from itertools import islice

MAX_BYTES = 2**19
"""Texts that are longer are not compared line by line."""

MAX_LINES = 100
"""Lines of one diff that are kept."""

_CONTEXT = 2


@dataclass(frozen=True)
class TextDiff:
    """A unified diff; `cut` says that it goes on."""

    lines: tuple[str, ...]
    cut: bool = False

    def __str__(self) -> str:
        return "\n".join([*self.lines, *(["…"] if self.cut else [])])


def text_diff(before: Sequence[str], after: Sequence[str], *, names: tuple[str, str]) -> TextDiff:
    """The lines in which two texts differ, with a little of what stands around them.

    Args:
        before: lines, without their ends.
        after: likewise.
        names: what the two are called.
    """
    lines = unified_diff(before, after, *names, lineterm="", n=_CONTEXT)
    kept = list(islice(lines, MAX_LINES + 1))
    return TextDiff(tuple(kept[:MAX_LINES]), cut=len(kept) > MAX_LINES)


def lines_of(data: bytes) -> list[str] | None:
    """The lines of a text, a last one without an end marked as such; None for what is no text, or too long."""
    if len(data) > MAX_BYTES or b"\0" in data:
        return None
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    lines = text.split("\n")
    return lines[:-1] if lines[-1] == "" else [*lines[:-1], f"{lines[-1]} (no line break at the end)"]
