"""What a run was asked to be: its plan, and its settings beside it."""

from collections.abc import Mapping
from dataclasses import dataclass

from envmgr.cli.project import Project
from envmgr.model.errors import UsageError
from envmgr.model.node import Node
from envmgr.model.recipe import Run
from envmgr.planning.catalog import Catalog, UnknownNameError
from envmgr.planning.replacement import Replacement
from envmgr.run import NotARunError


@dataclass(frozen=True)
class Asked:
    """A run as it was asked for."""

    node: Node
    run: Run
    settings: Mapping[str, int | float]
    """The run's open values, the recipe's and what was set; without those that nobody set."""


def wanted(axes: Mapping[str, str], short: Mapping[str, str | int | None]) -> dict[str, str]:
    """What was set, by --set and by the options that are short for it.

    Raises:
        UsageError: one was set in both ways, to two values.
    """
    values = dict(axes)
    for name, value in short.items():
        if value is not None and values.setdefault(name, str(value)) != str(value):
            raise UsageError(f"--{name} {value} and --set {name}={axes[name]}: two values", fix="set it once")
    return values


def ask(project: Project, name: str, wanted: Mapping[str, str], replacements: Mapping[str, Replacement]) -> Asked:
    """The plan and the settings of a benchmark.

    Args:
        project: where this command works.
        name: the recipe.
        wanted: what was set: axes and settings alike.
        replacements: other recipes for some inputs, by role.

    Raises:
        NotARunError: it is no benchmark.
        UnknownNameError: a recipe, axis, value or setting of that name does not exist.
        UsageError: a setting is no number.
    """
    run = _run_of(project.catalog, name)
    if run is None:
        raise NotARunError(name)
    settings = _settings(run, wanted)
    axes = {key: value for key, value in wanted.items() if key not in run.settings}
    try:
        node = project.planner_with(replacements).plan(name, axes)
    except UnknownNameError as error:
        if error.kind != "axis" or error.name not in axes:
            raise
        known = [*error.known, *run.settings]  # a misspelt setting looks like a misspelt axis
        raise UnknownNameError("axis or setting", error.name, known, where=error.where) from error
    return Asked(node, run, settings)


def _run_of(catalog: Catalog, name: str) -> Run | None:
    """The run that a recipe describes, or that the one does of which it is a use."""
    names, recipe = [name], catalog.recipe(name)
    while recipe.use and recipe.use.recipe not in names:
        names.append(recipe.use.recipe)
        recipe = catalog.recipe(names[-1])
    return recipe.run


def _settings(run: Run, wanted: Mapping[str, str]) -> dict[str, int | float]:
    settings: dict[str, int | float] = {name: value for name, value in run.settings.items() if value != ""}
    return settings | {name: _number(run, name, wanted[name]) for name in run.settings.keys() & wanted.keys()}


def _number(run: Run, name: str, text: str) -> int | float:
    """A whole number; where the recipe has no default, one with a decimal point will do."""
    default = run.settings[name]
    whole, _, share = text.partition(".")
    if text.isdecimal():
        return int(text)
    if default == "" and whole.isdecimal() and share.isdecimal():
        return float(text)
    raise UsageError(f"{name} is a number, not {text!r}", fix=f"--set {name}={default or 1}")
