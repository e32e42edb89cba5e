"""A recipe's conditions over axes: they name what there is, and what it refuses is said before anything is built."""

from collections.abc import Mapping

from envmgr.model.axis import Axes, holds
from envmgr.model.errors import UsageError
from envmgr.model.recipe import Recipe, Refusal, Scalar
from envmgr.planning.catalog import UnknownNameError


class RefusedCombinationError(UsageError):
    """Values that were chosen do not go together; `chosen` are those, and `ways` what each could be instead."""

    def __init__(self, recipe: str, chosen: Axes, why: str, ways: Mapping[str, tuple[str, ...]], *, where: str) -> None:
        self.recipe, self.chosen, self.why, self.ways = recipe, dict(chosen), why, dict(ways)
        shown = " with ".join(f"{axis} = {value}" for axis, value in chosen.items())
        super().__init__(
            f"{recipe} can't have {shown}: {why}",
            where=where,
            fix=" or ".join(f"--set {axis}={'|'.join(values)}" for axis, values in ways.items()),
        )


def check_value(recipe: Recipe, axis: str, wanted: Scalar | tuple[Scalar, ...], where: str) -> None:
    """Return if a condition names only values that the axis has.

    Raises:
        UnknownNameError: it has one of them not.
    """
    known = recipe.variants[axis].values
    for value in wanted if isinstance(wanted, tuple) else (wanted,):
        if value not in known:
            raise UnknownNameError(f"value of axis {axis}", str(value), known, where=where)


def check_conditions(recipe: Recipe, choices: Axes, where: str) -> None:
    """Return if the conditions of steps and refusals name only axes that there are, and values that these have.

    Raises:
        UnknownNameError: one names another.
    """
    conditions = [(f"step {step.name}", step.when) for step in (recipe.run.steps if recipe.run else ())]
    conditions += [(f"refusal {number}", refusal.when) for number, refusal in enumerate(recipe.refusals, 1)]
    for place, when in conditions:
        for axis, wanted in when.items():
            if axis not in choices:
                raise UnknownNameError("axis", axis, choices, where=f"{where}, {place}")
            if axis in recipe.variants:
                check_value(recipe, axis, wanted, f"{where}, {place}")


def require_possible(recipe: Recipe, choices: Axes, where: str) -> None:
    """Return if the recipe refuses none of what was chosen, as far as that is known.

    Raises:
        RefusedCombinationError: it refuses some values together.
    """
    for refusal in recipe.refusals:
        if refusal.when.keys() <= choices.keys() and holds(refusal.when, choices.__getitem__):
            chosen = {axis: choices[axis] for axis in refusal.when}
            raise RefusedCombinationError(recipe.name, chosen, refusal.why, _ways(recipe, refusal), where=where)


def _ways(recipe: Recipe, refusal: Refusal) -> dict[str, tuple[str, ...]]:
    """By axis, the values that are not refused."""
    ways = {axis: _left(recipe, axis, wanted) for axis, wanted in refusal.when.items() if axis in recipe.variants}
    return {axis: values for axis, values in ways.items() if values}


def _left(recipe: Recipe, axis: str, refused: Scalar | tuple[Scalar, ...]) -> tuple[str, ...]:
    words = refused if isinstance(refused, tuple) else (refused,)
    return tuple(value for value in recipe.variants[axis].values if value not in words)
