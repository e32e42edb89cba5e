"""Runs with what only the store knows of them, for the pages that show them."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from envmgr.cli.project import Project
from envmgr.cli.subject import declared
from envmgr.model.digest import Digest
from envmgr.model.run_record import AnyRecord, RunRecord
from envmgr.model.store_path import StorePath
from envmgr.results.pages.shown import ObjectFacts, ShownRun
from envmgr.store.store import Store

if TYPE_CHECKING:
    from envmgr.provenance.ancestry import Ancestry, Made
    from envmgr.provenance.licences import Licence

ANNOTATIONS = "annotations/openimages-mlperf.json"
PICTURES = "validation/data"
"""Where recipes of data keep them."""


def shown(project: Project, store: Store | None, record: AnyRecord) -> ShownRun:
    """A run with its objects, and the pictures that it looked at, as far as the store has them."""
    folder = project.store_root / "runs" / record.id
    if store is None or not isinstance(record, RunRecord):
        return ShownRun(record, folder)
    from envmgr.provenance.ancestry import ancestry
    from envmgr.provenance.licences import licences

    here = {path: None for path in record.closure if store.object(path) is not None}
    objects = ancestry(store, {**here, **_inputs(record, here)})
    known = licences(store, objects, declared(project), only=here)
    annotations, pictures = _data(store, record, objects)
    facts = {path: _facts(objects[path], known[path]) for path in here}
    abi = record.axes.get("python", "")
    shrink = partial(_smaller, {path: store.folder(path) for path in here}, abi) if abi else None
    return ShownRun(record, folder, facts, annotations, pictures, shrink)


def _smaller(closure: Mapping[StorePath, Path], abi: str, folder: Path, names: Sequence[str]) -> Mapping[str, bytes]:
    from envmgr.cli.smaller_pictures import smaller

    return smaller(closure, abi, folder, names)


def _inputs(record: RunRecord, here: "dict[StorePath, None]") -> "dict[StorePath, Digest | None]":
    """The derivations by which the run asked for its inputs: an object may have come of several."""
    return {item.store_path: item.derivation for item in record.inputs.values() if item.store_path in here}


def _facts(made: "Made", licence: "Licence") -> ObjectFacts:
    described, origin = made.described, made.origin
    if origin is None:
        return ObjectFacts(described.references, described.size, described.manifest, licence=licence.text)
    name = origin.text.fields["name"]
    return ObjectFacts(
        references=described.references,
        bytes=described.size,
        manifest=described.manifest,
        recipe=name,
        derivation=origin.realisation.derivation,
        isolation=origin.realisation.isolation,
        log="" if made.is_source else f"envmgr log {name}",
        licence=licence.text,
    )


def _data(store: Store, record: RunRecord, objects: "Ancestry") -> tuple[Path | None, Path | None]:
    """The annotations of the run's data and the folder of its pictures: in its inputs, or what these were made from."""
    annotations = pictures = None
    for item in record.inputs.values():
        made = objects.get(item.store_path)
        for path in (item.store_path, *(made.inputs.values() if made else ())):
            folder = store.folder(path)
            annotations = annotations or _if_there(folder / ANNOTATIONS)
            pictures = pictures or _if_there(folder / PICTURES)
    return annotations, pictures


def _if_there(path: Path) -> Path | None:
    return path if path.exists() else None
