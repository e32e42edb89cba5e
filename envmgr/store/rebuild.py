"""The index made again from the files beside it, when it is damaged or gone.

Of the old index nothing but the number of its schema is read. The new one is made beside it, whole and on the disk,
and takes its place by a rename; processes that have the old one open notice that and open the new one. The old
rollback journal is deleted before, as SQLite would play it into whatever file has the index's name.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel

from envmgr.model.realisation import Realisation, StoreObject
from envmgr.model.store_path import StorePath
from envmgr.store.db import Database
from envmgr.store.durable import sync_folder, writing
from envmgr.store.layout import Layout
from envmgr.store.lock_proof import require_locks
from envmgr.store.path_lock import LOCK_SECONDS, alone
from envmgr.store.schema import refuse_newer
from envmgr.store.store import NoStoreError, Store

_Model = TypeVar("_Model", bound=BaseModel)


@dataclass(frozen=True)
class Rebuilt:
    """What a rebuilt index holds, and the files that could not be used (relative to the store), with the reason."""

    objects: int
    realisations: int
    unused: tuple[tuple[Path, str], ...]


def rebuild_db(root: Path, *, trust_locks: bool = False) -> Rebuilt:
    """Make the index of the store at `root` again. No object is read: `verify` does that.

    Args:
        root: the folder of the store.
        trust_locks: as for `Store.open`.

    Raises:
        NoStoreError: there is no store.
        LocksFailError, LocksUnsureError: locks would not keep it whole.
        NewerStoreError: a newer envmgr wrote the store.
        PathLockTimeoutError: other processes held the collector lock all the time.
        DiskFullError, NotWrittenError: the new index could not be brought to the disk; the old one is still there.
    """
    layout = Layout(root.resolve())
    if not layout.objects.is_dir():
        raise NoStoreError(root)
    refuse_newer(layout.index)
    require_locks(layout, trust=trust_locks)
    unused: list[tuple[Path, str]] = []
    with writing(layout.root), alone(layout.collector_lock, holder="rebuilding the index", timeout=LOCK_SECONDS):
        objects = _usable_objects(layout, unused)
        realisations = _usable_realisations(layout, objects, unused)
        _replace_index(layout, objects.values(), realisations)
    return Rebuilt(len(objects), len(realisations), tuple((file.relative_to(layout.root), why) for file, why in unused))


def open_without_index(root: Path, scratch: Path) -> Store:
    """Open a store for reading, with an index that is made from its files in the folder `scratch`.

    Raises:
        NoStoreError: there is no store.
    """
    layout = Layout(root.resolve())
    if not layout.objects.is_dir():
        raise NoStoreError(root)
    objects = _usable_objects(layout, [])
    database = Database(scratch / layout.index.name, read_only=False)
    database.record(objects.values(), _usable_realisations(layout, objects, []))
    return Store.of(layout, "its index can't be used", database)


def _usable_objects(layout: Layout, unused: list[tuple[Path, str]]) -> dict[StorePath, StoreObject]:
    """The objects that are there with all that they refer to, references first."""
    records = {record.store_path: record for record in _read(layout.manifests, StoreObject, unused)}
    usable: dict[StorePath, StoreObject] = {}
    for path in TopologicalSorter({path: record.references for path, record in records.items()}).static_order():
        if path not in records:
            continue
        if not layout.object(path).is_dir():
            unused.append((layout.record(path), "the folder of the object is gone"))
        elif missing := [str(reference) for reference in records[path].references if reference not in usable]:
            unused.append((layout.record(path), f"it refers to what is not there: {', '.join(missing)}"))
        else:
            usable[path] = records[path]
    return usable


def _usable_realisations(
    layout: Layout, objects: dict[StorePath, StoreObject], unused: list[tuple[Path, str]]
) -> list[Realisation]:
    usable = []
    for realisation in _read(layout.realisations, Realisation, unused):
        if realisation.store_path in objects:
            usable.append(realisation)
        else:
            unused.append((layout.realisation(realisation.derivation, realisation.resolved), "its object is not there"))
    return usable


def _read(folder: Path, model: type[_Model], unused: list[tuple[Path, str]]) -> list[_Model]:
    found = []
    for file in sorted(folder.glob("*.json")):
        try:
            found.append(model.model_validate_json(file.read_bytes()))
        except ValueError as error:
            unused.append((file, f"it is damaged: {error}"))
    return found


def _replace_index(layout: Layout, objects: Iterable[StoreObject], realisations: Iterable[Realisation]) -> None:
    draft = layout.staging / layout.index.name
    draft.unlink(missing_ok=True)
    database = Database(draft, read_only=False)
    try:
        database.record(objects, realisations)
    finally:
        database.close()
    journal = layout.index.with_name(layout.index.name + "-journal")
    journal.unlink(missing_ok=True)
    draft.replace(layout.index)
    sync_folder(layout.root)
