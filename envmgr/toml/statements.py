"""A TOML text as its statements, comments and all: for putting it in order without losing a word of it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from envmgr.toml.position import dotted

_CLOSED = re.compile(r'"""(?:\\.|[^\\])*?"""|\'\'\'.*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|#[^\n]*', re.DOTALL)
"""Strings from quote to quote, and comments: nothing in them counts."""
_ASSIGNED = re.compile(r"""^\s*((?:[A-Za-z0-9_.\s-]|"[^"]*"|'[^']*')+?)\s*=[ \t]*""")


@dataclass(frozen=True)
class Statement:
    """A table's header, or a key with its value; on several lines where the value is."""

    keys: tuple[str, ...]
    """The dotted name."""
    text: str
    above: tuple[str, ...] = ()
    """The comments that stand above it; empty where a blank line parts them."""
    is_header: bool = False
    apart: bool = False
    """Whether a blank line stands before it."""

    @property
    def lines(self) -> str:
        """The statement with its comments."""
        return "".join(f"{line}\n" for line in (*self.above, self.text))


def statements(text: str) -> tuple[list[Statement], tuple[str, ...]]:
    """The statements of a TOML text in their order, and the comments after the last of them."""
    found: list[Statement] = []
    above: list[str] = []
    apart = False
    for part in _parts(text.splitlines()):
        if not part.strip() and above:
            above += [""] * bool(above[-1])
        elif not part.strip():
            apart = True
        elif part.lstrip().startswith("#"):
            above.append(part.strip())
        else:
            found.append(_statement(part, tuple(above), apart=apart))
            above, apart = [], False
    return found, tuple(above)


def _parts(lines: Sequence[str]) -> Iterator[str]:
    """The lines, joined where a value goes on."""
    part: list[str] = []
    for line in lines:
        part.append(line)
        if not _goes_on("\n".join(part)):
            yield "\n".join(part)
            part = []
    if part:
        yield "\n".join(part)


def _goes_on(part: str) -> bool:
    rest = _CLOSED.sub("", part)
    return any(quote in rest for quote in "\"'") or sum(map(rest.count, "[{")) > sum(map(rest.count, "]}"))


def _statement(part: str, above: tuple[str, ...], *, apart: bool) -> Statement:
    if part.lstrip().startswith("["):
        name = part.strip().partition("#")[0].strip("[] \t")
        return Statement(tuple(dotted(name)), part.strip(), above, is_header=True, apart=apart)
    assigned = _ASSIGNED.match(part)
    key = assigned[1] if assigned else part
    text = f"{key} = {part[assigned.end() :].rstrip()}" if assigned else part.rstrip()
    return Statement(tuple(dotted(key)), text, above, apart=apart)
