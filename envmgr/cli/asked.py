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
    settings: Mapping[str, int]
    """The run's open values: the recipe's, and what was set."""


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
    axes = {key: value for key, value in wanted.items() if key not in settings}
    try:
        node = project.planner_with(replacements).plan(name, axes)
    except UnknownNameError as error:
        if error.kind != "axis" or error.name not in axes:
            raise
        known = [*error.known, *settings]  # a misspelt setting looks like a misspelt axis
        raise UnknownNameError("axis or setting", error.name, known, where=error.where) from error
    return Asked(node, run, settings)


def _run_of(catalog: Catalog, name: str) -> Run | None:
    """The run that a recipe describes, or that the one does of which it is a use."""
    names, recipe = [name], catalog.recipe(name)
    while recipe.use and recipe.use.recipe not in names:
        names.append(recipe.use.recipe)
        recipe = catalog.recipe(names[-1])
    return recipe.run


def _settings(run: Run, wanted: Mapping[str, str]) -> dict[str, int]:
    settings = dict(run.settings)
    for name in settings.keys() & wanted.keys():
        if not wanted[name].isdecimal():
            raise UsageError(f"{name} is a number, not {wanted[name]!r}", fix=f"--set {name}={settings[name]}")
        settings[name] = int(wanted[name])
    return settings
