"""`envmgr show`: a recipe, a store path or a run in full."""

import json
from pathlib import Path
from typing import Any, TypeGuard

import click
from typing_extensions import TypedDict

from envmgr.cli.answer import Answer, answers, to_json
from envmgr.cli.axes import ShownAxis, ShownRefusal, axes_of, axes_text, refusals_of, refusals_text
from envmgr.cli.operand import store_path
from envmgr.cli.options import complete_recipe, set_option
from envmgr.cli.project import Project
from envmgr.cli.run_page import run_page
from envmgr.model.digest import Digest
from envmgr.model.realisation import Realisation
from envmgr.model.run_record import AnyRecord, Recorded
from envmgr.model.store_path import StorePath
from envmgr.planning.catalog import UnknownNameError
from envmgr.results.ledger import entries
from envmgr.results.records import find
from envmgr.store.db import NotValidError


class Recipe(TypedDict):
    """What a recipe comes to on this host: the text that is hashed can be read."""

    recipe: str
    summary: str
    axes: dict[str, str]
    variants: list[ShownAxis]
    """The axes in full: every value with what it changes, and why one was chosen here."""
    refusals: list[ShownRefusal]
    """What can't be chosen together."""
    derivation: Digest
    about_bytes: int
    """About how many bytes come out, where the recipe says so; else 0."""
    text: dict[str, Any]
    """The derivation text."""
    realisations: list[Realisation]
    """What this store knows to have come of it."""


class Object(TypedDict):
    """A valid object of the store."""

    store_path: StorePath
    manifest: Digest
    size: int
    """Bytes of all its files."""
    references: list[StorePath]
    folder: Path
    closure: list[StorePath]
    realisations: list[Realisation]


@click.command("show")
@click.argument("what", metavar="NAME|PATH|RUN", shell_complete=complete_recipe)
@set_option()
@click.pass_obj
@answers("show")
def command(project: Project, /, *, what: str, axes: dict[str, str]) -> Answer[Recipe | Object | AnyRecord]:
    """Show a recipe's derivation, a store path's object, or a run (as `runs show`; the beginning of its id will do)."""
    data = _shown(project, what, axes)
    if isinstance(data, Recorded):
        return Answer(data, run_page(data, project.store_root / "runs" / data.id))
    return Answer(data, _recipe_text(data) if is_recipe(data) else to_json(data, indent=2))


def _shown(project: Project, what: str, axes: dict[str, str]) -> Recipe | Object | AnyRecord:
    runs = project.store_root / "runs"
    record = find(runs, what)
    if record is not None:
        return record
    path = store_path(what)
    if path is not None:
        return _object(project, path)
    names = project.catalog.names()
    if what not in names:
        raise UnknownNameError("recipe, store path or run", what, [*names, *(entry.run for entry in entries(runs))])
    return _recipe(project, what, axes)


def _recipe(project: Project, name: str, axes: dict[str, str]) -> Recipe:
    node = project.planner.plan(name, axes)
    store = project.store_if_any()
    return {
        "recipe": node.recipe,
        "summary": project.catalog.recipe(node.recipe).summary,
        "axes": dict(node.choices),
        "variants": axes_of(project, node, axes),
        "refusals": refusals_of(project, node),
        "derivation": node.digest,
        "about_bytes": node.about_bytes,
        "text": json.loads(node.derivation.text),
        "realisations": store.realisations_of(node.digest) if store else [],
    }


def is_recipe(data: Recipe | Object | AnyRecord) -> TypeGuard[Recipe]:
    """Whether a recipe is shown."""
    return not isinstance(data, Recorded) and "recipe" in data


def _recipe_text(data: Recipe) -> str:
    parts = [f"{data['recipe']}: {data['summary']}"]
    parts += ["\n".join(axes_text(data["variants"]))] if data["variants"] else []
    parts += ["\n".join(refusals_text(data["refusals"]))] if data["refusals"] else []
    parts.append(f"derivation {data['derivation']}\n{to_json(data['text'], indent=2)}")
    parts += ["\n".join(str(item.store_path) for item in data["realisations"])] if data["realisations"] else []
    return "\n\n".join(parts)


def _object(project: Project, path: StorePath) -> Object:
    store = project.store(read_only=True)
    described = store.object(path)
    if described is None:
        raise NotValidError(store.layout.index, [path])
    return {
        "store_path": described.store_path,
        "manifest": described.manifest,
        "size": described.size,
        "references": list(described.references),
        "folder": store.folder(path),
        "closure": list(store.closure([path])),
        "realisations": store.database.realisations_of(path),
    }
