"""What runs were told, and by what of it several runs are told apart."""

from collections.abc import Sequence

from envmgr.results.fields import Fields, Value

TOLD = ("axes.", "settings.", "environment.", "replaced.")
"""How the names of the fields begin that somebody chose."""


def told(row: Fields) -> dict[str, Value]:
    """What a run was told, by the names of fields."""
    return {name: value for name, value in row.items() if name.startswith(TOLD)}


def apart(rows: Sequence[Fields]) -> list[dict[str, Value]]:
    """For each run what it was told that not all of them were, by short names."""
    common = set.intersection(*(set(told(row).items()) for row in rows)) if rows else set()
    return [{short(name): value for name, value in told(row).items() if (name, value) not in common} for row in rows]


def short(name: str) -> str:
    """The name of a field without its group."""
    return name.partition(".")[2]
