"""`envmgr show`: a recipe, a store path or a run in full."""

import json
from pathlib import PurePath
from typing import Any

import click

from envmgr.cli.answer import Answer, answers
from envmgr.cli.options import set_option
from envmgr.cli.project import Project
from envmgr.model.store_path import StorePath
from envmgr.results.records import find
from envmgr.store.db import NotValidError


@click.command("show")
@click.argument("what", metavar="NAME|PATH|RUN")
@set_option()
@click.pass_obj
@answers("show")
def command(project: Project, /, *, what: str, axes: dict[str, str]) -> Answer:
    """Show a recipe's derivation, a store path's object, or a run's record."""
    record = find(project.store_root / "runs", what)
    if record is not None:
        return Answer(record.model_dump(mode="json", by_alias=True), record.text().rstrip())
    path = _store_path(what)
    data = _recipe(project, what, axes) if path is None else _object(project, path)
    return Answer(data, json.dumps(data, indent=2, ensure_ascii=False))


def _store_path(what: str) -> StorePath | None:
    try:
        return StorePath.parse(PurePath(what).name)
    except ValueError:
        return None


def _recipe(project: Project, name: str, axes: dict[str, str]) -> dict[str, Any]:
    """What NAME comes to on this host: the text that is hashed can be read."""
    node = project.planner.plan(name, axes)
    known = project.store(read_only=True).realisations_of(node.digest) if project.store_root.exists() else []
    return {
        "recipe": node.recipe,
        "summary": project.planner.catalog.recipe(node.recipe).summary,
        "axes": dict(node.choices),
        "derivation": str(node.digest),
        "text": json.loads(node.derivation.text),
        "realisations": [item.model_dump(mode="json") for item in known],
    }


def _object(project: Project, path: StorePath) -> dict[str, Any]:
    store = project.store(read_only=True)
    described = store.object(path)
    if described is None:
        raise NotValidError(store.layout.index, [path])
    return {
        **described.model_dump(mode="json"),
        "folder": str(store.folder(path)),
        "closure": [str(item) for item in store.closure([path])],
        "realisations": [item.model_dump(mode="json") for item in store.database.realisations_of(path)],
    }
