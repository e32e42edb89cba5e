"""Which system a plan is for: the axis that goes by it, and what is made for another one.

Nothing here looks at this machine: a plan can be for a system that nobody has at hand.
"""

from collections.abc import Mapping

from envmgr.model.axis import holds
from envmgr.model.errors import HostError
from envmgr.model.recipe import SYSTEM, When


class NotForSystemError(HostError):
    """A recipe, or the variant of it that was chosen, is not for the system that is planned for."""

    def __init__(self, recipe: str, system: str, why: str, *, where: str) -> None:
        self.recipe, self.system, self.why = recipe, system, why
        super().__init__(
            f"{recipe} is not for {system}: {why}",
            where=where,
            fix=f"choose another variant, or say in [variants.{SYSTEM}.{system}] what it is made from there",
        )


def check_requirement(recipe: str, system: str, requires: When, where: str) -> None:
    """Return if a recipe may be made for a system: that is the one fact that is required of building, too.

    Raises:
        NotForSystemError: it requires another.
    """
    wanted = {fact: value for fact, value in requires.items() if fact == SYSTEM}
    if not holds(wanted, lambda _: system):
        raise NotForSystemError(recipe, system, f"it requires {wanted[SYSTEM]}", where=where)


def value_of(recipe: str, system: str, values: Mapping[str, object], where: str) -> str:
    """The value of the axis for a system.

    Raises:
        NotForSystemError: it has none.
    """
    if system not in values:
        raise NotForSystemError(recipe, system, f"it is for {', '.join(values)}", where=where)
    return system


def check_file(recipe: str, system: str, file: str, where: str) -> None:
    """Return if a file of a package index is for a system, as far as its name says: a wheel's does.

    Raises:
        NotForSystemError: it is for another.
    """
    machine, _, kernel = system.partition("-")
    tags = file.removesuffix(".whl").rsplit("-", 1)[-1].split(".")
    fits = any(tag == "any" or (tag.endswith(f"_{machine}") and kernel in tag) for tag in tags)
    if file.endswith(".whl") and not fits:
        raise NotForSystemError(recipe, system, f"{file} is not", where=where)
