"""A small language to choose runs by: `scenario == 'Offline' and metrics.mAP > 60`, `started >= 2026-11-01`.

It is the part of Python's expressions that compares fields of records with values, read by Python's own parser and
evaluated here: nothing is called, and there is nothing to reach but the fields. A name is that of a field; one without
a dot may also be an axis, a setting or a metric. A field that a run does not have equals nothing.
"""

import ast
import operator
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

from envmgr.model.errors import UsageError
from envmgr.model.names import did_you_mean
from envmgr.results.fields import Fields, Value

LONGEST = 1000
"""Characters of an expression: so deep can it not be that reading it fails."""
SHORT_FOR = ("", "axes.", "settings.", "metrics.")
"""What a name may leave out, in the order in which it is tried."""

_DATES = re.compile(r"""'[^']*'|"[^"]*"|\b\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d)?)?\b""")
_WORDS = {"true": True, "false": False}
_ORDERS: Mapping[type[ast.cmpop], Callable[[Value, Value], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_Operand = Value | tuple[Value, ...] | None


class ExpressionError(UsageError):
    """An expression can't be understood, or asks for what runs don't have."""

    def __init__(self, why: str, text: str, column: int, fix: str = "") -> None:
        self.text, self.column = text, column
        super().__init__(
            f"column {column} of the expression: {why}",
            where=text,
            fix=fix or "such as: scenario == 'Offline' and metrics.mAP > 60",
        )


def chosen(text: str, rows: Sequence[Fields]) -> list[bool]:
    """For each run, by its fields, whether an expression chooses it.

    Raises:
        ExpressionError: it is none, names a field that no run has, or compares what can't be compared.
    """
    expression = _Expression(text, {name for row in rows for name in row})
    return [expression.holds(expression.tree, row) for row in rows]


class _Expression:
    """An expression, and the fields that there are."""

    def __init__(self, text: str, known: set[str]) -> None:
        self.text, self.known = text, known
        self.places, quoted = _quoted(text)
        if len(text) > LONGEST:
            raise self.failure(f"more than {LONGEST} characters", LONGEST)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of what is odd in Python, and none of this language
                self.tree = ast.parse(quoted, mode="eval").body
        except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
            place = self.places[: getattr(error, "offset", None) or None][-1]  # none: where it ends
            raise self.failure(getattr(error, "msg", "too deep"), place) from error
        self.bytes = quoted.encode()
        self.holds(self.tree, {})  # what it is, is looked at also where there is no run

    def holds(self, node: ast.expr, row: Fields) -> bool:
        """Whether an expression holds for a run; each part of it is looked at, so that no fault hides."""
        match node:
            case ast.BoolOp(kind, parts):
                held = [self.holds(part, row) for part in parts]
                return all(held) if isinstance(kind, ast.And) else any(held)
            case ast.UnaryOp(ast.Not(), part):
                return not self.holds(part, row)
            case ast.Compare(left, kinds, others):
                pairs = zip(kinds, pairwise([left, *others]), strict=True)
                held = [self.compares(kind, *sides, row) for kind, sides in pairs]
                return all(held)
        value = self.value(node, row)
        if not isinstance(value, bool | None):
            raise self.fault(node, f"{value!r} is neither true nor false", fix="compare it: == != < <= > >= in")
        return bool(value)

    def compares(self, kind: ast.cmpop, left: ast.expr, right: ast.expr, row: Fields) -> bool:
        """Whether two values are to each other as is said."""
        one, other = self.value(left, row), self.value(right, row)
        match kind:
            case ast.In() | ast.NotIn():
                return self.within(one, other, right) is isinstance(kind, ast.In)
            case ast.Eq() | ast.NotEq():
                self.require_alike(one, other, right)
                return (one == other) is isinstance(kind, ast.Eq)
            case ast.Lt() | ast.LtE() | ast.Gt() | ast.GtE():
                self.require_alike(one, other, right)
                if one is None or other is None or isinstance(one, tuple) or isinstance(other, tuple):
                    return False
                return _ORDERS[type(kind)](one, other)
        raise self.fault(right, "there is no such comparison", fix="there are == != < <= > >= in, not in")

    def within(self, one: _Operand, other: _Operand, node: ast.expr) -> bool:
        """Whether a value is one of several, or a text is in a text."""
        if isinstance(other, str) and isinstance(one, str | None) and not isinstance(node, ast.Constant):
            return one is not None and one in other
        if not isinstance(other, tuple | None):
            raise self.fault(node, "`in` asks for several values, or for a field", fix="recipe in ('a', 'b')")
        for value in other or ():
            self.require_alike(one, value, node)
        return one is not None and one in (other or ())

    def require_alike(self, one: _Operand, other: _Operand, node: ast.expr) -> None:
        """Refuse to compare a text with a number: it would be false for ever, and nobody told."""
        if one is not None and other is not None and _kind(one) != _kind(other):
            raise self.fault(
                node,
                f"{one!r} is {_kind(one)}, and {other!r} is {_kind(other)}",
                fix="text stands in quotes, a number or a date does not",
            )

    def value(self, node: ast.expr, row: Fields) -> _Operand:
        """A value that is written out, or that of a field; None for a field that the run does not have."""
        match node:
            case ast.Constant(bool() | int() | float() | str() as value):
                return value
            case ast.UnaryOp(ast.USub(), ast.Constant(int() | float() as value)) if not isinstance(value, bool):
                return -value
            case ast.Tuple(items) | ast.List(items):
                return tuple(self.single(item, row) for item in items)
            case ast.Name(name) if name in _WORDS:
                return _WORDS[name]
            case ast.Name() | ast.Attribute() | ast.Subscript():
                return row.get(self.field(node))
        raise self.fault(node, "neither a field nor a value nor a comparison")

    def single(self, node: ast.expr, row: Fields) -> Value:
        """One of several values."""
        value = self.value(node, row)
        if value is None or isinstance(value, tuple):
            raise self.fault(node, "no single value")
        return value

    def field(self, node: ast.expr) -> str:
        """The field that is named, in full."""
        name = self.dotted(node)
        for prefix in SHORT_FOR:
            if prefix + name in self.known:
                return prefix + name
        if not self.known:
            return name
        words = {known.removeprefix(prefix) for known in self.known for prefix in SHORT_FOR} | self.known
        near = did_you_mean(name, words)
        known = "`envmgr runs list --csv` shows all fields; text stands in quotes"
        raise self.fault(node, f"no run has a field {name!r}", fix=f"did you mean {near!r}?" if near else known)

    def dotted(self, node: ast.expr) -> str:
        """A name with dots, as it is written; a part that is no word may stand in brackets: `settings['a-b']`."""
        match node:
            case ast.Name(name):
                return name
            case ast.Attribute(inner, name):
                return f"{self.dotted(inner)}.{name}"
            case ast.Subscript(inner, ast.Constant(str() as name)):
                return f"{self.dotted(inner)}.{name}"
        raise self.fault(node, "no name of a field")

    def fault(self, node: ast.expr, why: str, fix: str = "") -> ExpressionError:
        """What is wrong with a part of the expression."""
        before = len(self.bytes[: node.col_offset].decode())  # the parser counts bytes
        return self.failure(why, self.places[before], fix)

    def failure(self, why: str, place: int, fix: str = "") -> ExpressionError:
        """What is wrong at a character of the expression, counted from 0."""
        return ExpressionError(why, self.text, place + 1, fix)


def _quoted(text: str) -> tuple[list[int], str]:
    """The text with quotes around its dates, and where each of its characters, and its end, stood before."""
    places: list[int] = []
    pieces: list[str] = []
    done = len(text) - len(text.lstrip())
    for match in _DATES.finditer(text, done):
        start, end = match.span()
        quote = "" if text[start] in "'\"" else "'"
        pieces += [text[done:start], quote, match[0], quote]
        places += [*range(done, start), *[start] * len(quote), *range(start, end), *[end - 1] * len(quote)]
        done = end
    return [*places, *range(done, len(text) + 1)], "".join([*pieces, text[done:]])


def _kind(value: Value | tuple[Value, ...]) -> str:
    match value:
        case bool():
            return "yes or no"
        case int() | float():
            return "a number"
        case str():
            return "text"
    return "several values"
