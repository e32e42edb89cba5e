"""`envmgr recipe check`: every fault of some recipes, each with its place."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import click
from typing_extensions import TypedDict

from envmgr.builders.registry import SETTINGS
from envmgr.builders.workplace import read_settings
from envmgr.cli.answer import Answer, answers
from envmgr.cli.project import Project
from envmgr.cli.recipe.files import files_argument, own_files
from envmgr.model.errors import EnvmgrError, InvalidInputError
from envmgr.model.recipe import SYSTEM, Recipe
from envmgr.planning.catalog import RecipeError
from envmgr.planning.conditions import RefusedCombinationError
from envmgr.planning.plan import Planner
from envmgr.toml.file import check_toml


class Fault(TypedDict):
    """Something that is wrong in a recipe."""

    message: str
    where: str
    """File, line and column, or the file."""
    fix: str


class Checked(TypedDict):
    """What is wrong, in the order of the files; nothing where all is well."""

    recipes: int
    faults: list[Fault]


class FaultsError(InvalidInputError):
    """Recipes have faults."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__(f"{len(faults)} fault{'s' * (len(faults) > 1)} found", fix="mend them, and check again")


@click.command("check")
@files_argument()
@click.pass_obj
@answers("recipe-check")
def command(project: Project, /, *, files: tuple[Path, ...]) -> Answer[Checked]:
    """Look for every fault in the project's recipes (or FILEs): keys and values, inputs, axes, settings of builders.

    Each recipe is planned for this host, with every value of every axis, and for the systems that its axis `system`
    names; a value that a refusal keeps from standing alone is passed over. Nothing is built.
    """
    own = own_files(project, files)
    faults: list[Fault] = []
    for error in (error for file in own for error in _faults(project, file)):
        fault: Fault = {"message": error.message, "where": error.where, "fix": error.fix}
        faults += [fault] if fault not in faults else []
    lines = [
        f"{fault['where']}\n    {fault['message']}" + f"\n    {fault['fix']}" * bool(fault["fix"]) for fault in faults
    ]
    return Answer(
        {"recipes": len(own), "faults": faults},
        "\n".join(lines) or f"{len(own)} checked, no fault",
        failure=FaultsError(faults) if faults else None,
    )


def _faults(project: Project, file: Path) -> Iterator[EnvmgrError]:
    found = check_toml(file, Recipe, fault=RecipeError)
    if isinstance(found, list):
        yield from found
        return
    variants = {name: list(axis.values) for name, axis in found.variants.items()}
    plans: list[tuple[Planner, dict[str, str]]] = [
        (project.planner_with({}, system), {}) for system in variants.pop(SYSTEM, [""])
    ]
    plans += [(project.planner, {axis: value}) for axis, values in variants.items() for value in values]
    for planner, axes in plans:
        try:
            node = planner.plan(file.stem, axes)
            if node.derivation.builder in SETTINGS:
                read_settings(SETTINGS[node.derivation.builder], node.derivation)
        except EnvmgrError as error:
            if axes and isinstance(error, RefusedCombinationError):
                continue  # a value that takes another one beside it
            error.where = error.where or str(file)
            yield error
