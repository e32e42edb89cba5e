"""The index made again from the records beside it, when it is damaged or gone.

Of the old index nothing but the number of its schema is read. The new one is made beside it, whole and on the disk,
and takes its place by a rename; processes that have the old one open notice that and open the new one. The old
rollback journal is deleted before, as SQLite would play it into whatever file has the index's name.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path

from envmgr.model.realisation import Realisation, StoreObject
from envmgr.model.store_path import StorePath
from envmgr.store.db import Database
from envmgr.store.durable import sync_folder, writing
from envmgr.store.forward import bring_forward
from envmgr.store.layout import Layout
from envmgr.store.lock_proof import require_locks
from envmgr.store.path_lock import LOCK_SECONDS, alone
from envmgr.store.record import Record, read_lines
from envmgr.store.schema import MIGRATIONS, OlderStoreError, refuse_newer, written_version
from envmgr.store.store import NoStoreError, Store

_Unused = list[tuple[Path, str]]


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
    bring_forward(layout)
    unused: _Unused = []
    with writing(layout.root), alone(layout.collector_lock, holder="rebuilding the index", timeout=LOCK_SECONDS):
        objects, realisations = _usable(layout, unused)
        _replace_index(layout, objects, realisations)
    return Rebuilt(len(objects), len(realisations), tuple((file.relative_to(layout.root), why) for file, why in unused))


def open_without_index(root: Path, scratch: Path) -> Store:
    """Open a store for reading, with an index that is made from its files in the folder `scratch`.

    Raises:
        NoStoreError: there is no store.
        OlderStoreError: it has no such files.
    """
    layout = Layout(root.resolve())
    if not layout.objects.is_dir():
        raise NoStoreError(root)
    if not layout.records.is_dir():
        raise OlderStoreError(layout.index, written_version(layout.index), len(MIGRATIONS))
    database = Database(scratch / layout.index.name, read_only=False)
    database.record(*_usable(layout, []))
    return Store.of(layout, "its index can't be used", database)


def _records(layout: Layout, unused: _Unused) -> dict[StorePath, Record]:
    """What the records say that describe an object; what makes no sense is noted."""
    records = {}
    for file in sorted(layout.records.glob("*")):
        record = read_lines(file)
        unused += [(file, fault) for fault in record.faults]
        if record.described is not None:
            records[record.described.store_path] = record
    return records


def _usable(layout: Layout, unused: _Unused) -> tuple[list[StoreObject], list[Realisation]]:
    """The objects that are there with all that they refer to, references first, and what gave them.

    Of two answers to one question the last one counts.
    """
    records = _records(layout, unused)
    described = {path: record.described for path, record in records.items() if record.described is not None}
    usable: dict[StorePath, StoreObject] = {}
    for path in TopologicalSorter({path: item.references for path, item in described.items()}).static_order():
        if path not in described:
            continue
        if not layout.object(path).is_dir():
            unused.append((layout.record(path), "the folder of the object is gone"))
        elif missing := [str(reference) for reference in described[path].references if reference not in usable]:
            unused.append((layout.record(path), f"it refers to what is not there: {', '.join(missing)}"))
        else:
            usable[path] = described[path]
    written = sorted((item for path in usable for item in records[path].written), key=lambda item: item.when)
    answers = {item.question: item.realisation for item in written}
    return [*usable.values()], [*answers.values()]


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
