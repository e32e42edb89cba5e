"""Axes: closed lists of values, chosen once and flowing down.

The value of an axis is, in this order: what was set (on the command line, or by the recipe above), the first value
whose `when` holds on this host and with the axes that stand before it in the recipe, the recipe's default.
"""

from collections.abc import Callable, Mapping

from envmgr.model.host import Condition

Axes = Mapping[str, str]
Fact = str | int | tuple[str, ...]


def choose(whens: Mapping[str, Condition | None], default: str | None, fact: Callable[[str], Fact]) -> str | None:
    """The value of an axis that nobody set, or None where neither a condition nor a default decides.

    Args:
        whens: the values of the axis in the recipe's order, each with its condition (None: only when set or default).
        default: the recipe's default.
        fact: what is known, by name.

    Raises:
        KeyError: a condition names a fact that does not exist.
    """
    for value, condition in whens.items():
        if condition and holds(condition, fact):
            return value
    return default


def holds(condition: Condition, fact: Callable[[str], Fact]) -> bool:
    """Whether each named fact is as the condition says."""
    return all(_fits(wanted, fact(name)) for name, wanted in condition.items())


def _fits(wanted: str | int | tuple[str | int, ...], fact: Fact) -> bool:
    if isinstance(wanted, tuple):
        return any(_fits(one, fact) for one in wanted)
    if isinstance(fact, tuple):
        return wanted in fact
    if isinstance(wanted, str) and wanted.startswith(">="):
        return fact != "" and version_key(str(fact)) >= version_key(wanted.removeprefix(">=").strip())
    return wanted == fact


def version_key(version: str) -> tuple[int, ...]:
    """The numbers of a version, for comparing: `535.104.05` is (535, 104, 5)."""
    digits = "".join(character if character.isdigit() else " " for character in version)
    return tuple(int(part) for part in digits.split())
