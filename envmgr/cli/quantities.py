"""Sizes and ages as people write them: `20GB`, `1.5GiB`, `30d`."""

import re
from collections.abc import Mapping

import click

from envmgr.model.errors import UsageError

_DECIMAL = {"": 1, "B": 1, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12}
_BINARY = {"KIB": 2.0**10, "MIB": 2.0**20, "GIB": 2.0**30, "TIB": 2.0**40}
_AGES = {"S": 1.0, "MIN": 60.0, "H": 3600.0, "D": 86400.0, "W": 7 * 86400.0}


class Quantity(click.ParamType[float]):
    """A number with a unit behind it, as so many of the smallest unit."""

    def __init__(self, name: str, units: Mapping[str, float], example: str) -> None:
        self.name, self.units, self.example = name, units, example

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read the text of an option; what is a number already stays one."""
        if isinstance(value, int | float):
            return value
        found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) ?([A-Za-z]*)", str(value))
        factor = self.units.get(found[2].upper()) if found else None
        if found is None or factor is None:
            raise UsageError(f"not {self.name}: {value!r}", fix=f"such as {self.example}")
        return float(found[1]) * factor


SIZE = Quantity("a size", {**_DECIMAL, **_BINARY}, "20GB, 1.5GiB or 300MB")
"""Bytes."""
AGE = Quantity("an age", _AGES, "30d, 12h or 45min")
"""Seconds."""
