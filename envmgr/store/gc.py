"""Garbage collection: what no root reaches is dropped, and so is whatever has no row in the index.

It may run at any time beside realize and run. The protocol:

- Whoever makes objects valid or comes to rely on one holds the *collector lock* shared, and registers what it relies
  on in the running root of its process in the same section in which it asks the index. Making a staging folder is
  such a section, too. These sections last milliseconds.
- Garbage collection holds the lock alone, and reads the roots, lasting and running, *after* it got it. So each section
  of another process lies wholly before (its roots are seen) or wholly after (it finds the object gone, and realizes
  it again). There is no moment in which an object is relied on and not seen to be.
- First the rows go, in one transaction that the index itself guards: a foreign key forbids to drop what a remaining
  object refers to. From then on the objects are what a crash would have left: files without a row.
- What a living process holds is spared whether it has a row or not: it may stand in its place and not be recorded yet
  (`publish`).
- Then everything without a row is swept, in batches that take the lock anew and look at the rows anew: trees are
  renamed into the trash, small files deleted. An object that was realized again meanwhile has a row and stays.
- The trees in the trash are deleted without any lock: nobody knows them.

Interrupted or killed at any point, it has done a part of its work; the next one finds the rest without rows, or in
the trash. A derivation's file is deleted after its log, and is what tells that the log is to be deleted: logs of
builds that fail, or run now, have no such file and stay.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from envmgr.model.store_path import StorePath
from envmgr.store import roots, staging
from envmgr.store.db import Database, DeadObject
from envmgr.store.layout import Layout
from envmgr.store.path_lock import LOCK_SECONDS, alone
from envmgr.store.store import Store

_BATCH = 10_000
"""Names swept in one section of the lock; some tenths of a second."""


@dataclass(frozen=True)
class Rubbish:
    """A file or a tree below the store's folder (`place` is relative to it) that no row and no process stands for."""

    place: Path
    why: str


@dataclass(frozen=True)
class Garbage:
    """What a collection drops: dead objects, referrers before their references, and rubbish."""

    dead: tuple[DeadObject, ...]
    rubbish: tuple[Rubbish, ...]

    @property
    def bytes(self) -> int:
        """Bytes of the files of the dead objects."""
        return sum(dead.bytes for dead in self.dead)


def garbage(store: Store) -> Garbage:
    """What `collect` would drop now.

    Raises:
        ReadOnlyStoreError: the store cannot be written (its running roots cannot be told from dead ones).
        DamagedRootError: a root can't be read.
        PathLockTimeoutError: other processes held the collector lock all the time.
    """
    store.require_writable()
    with alone(store.layout.collector_lock, holder="garbage collection", timeout=LOCK_SECONDS):
        return _garbage(store.layout, store.database)


def collect(store: Store) -> Garbage:
    """Drop what no root reaches, and rubbish; returns what was dropped. See the top of this module.

    Raises:
        ReadOnlyStoreError: the store cannot be written.
        DamagedRootError: a root can't be read; nothing was dropped.
        PathLockTimeoutError: other processes held the collector lock all the time.
    """
    store.require_writable()
    with alone(store.layout.collector_lock, holder="garbage collection", timeout=LOCK_SECONDS):
        found = _garbage(store.layout, store.database)
        store.database.drop(dead.store_path for dead in found.dead)
    while _sweep_batch(store.layout, store.database):
        pass
    staging.empty_trash(store.layout)
    return found


def _garbage(layout: Layout, database: Database) -> Garbage:
    dead = database.dead(_rooted(layout))
    rubbish = [Rubbish(file.relative_to(layout.root), why) for file, why in _rubbish(layout, database)]
    return Garbage(tuple(dead), tuple(rubbish))


def _rooted(layout: Layout) -> set[StorePath]:
    lasting = [path for root in roots.lasting(layout) for path in root.paths]
    running = [path for paths in roots.running(layout).values() for path in paths]
    return {*lasting, *running}


def _sweep_batch(layout: Layout, database: Database) -> bool:
    """Sweep some rubbish; whether there may be more."""
    with alone(layout.collector_lock, holder="garbage collection", timeout=LOCK_SECONDS):
        batch = list(islice(_rubbish(layout, database), _BATCH))
        for file, _ in batch:
            if file.parent in {layout.objects, layout.staging}:
                staging.discard(layout, file)
            else:
                file.unlink(missing_ok=True)
    return len(batch) == _BATCH


def _rubbish(layout: Layout, database: Database) -> Iterator[tuple[Path, str]]:
    held = {path for paths in roots.running(layout).values() for path in paths}
    valid = {str(path) for path in held.union(database.objects())}
    named = [(tree, tree.name) for tree in layout.objects.iterdir()]
    named += [(file, file.stem) for file in layout.manifests.iterdir()]
    yield from ((place, "no valid object has this name") for place, name in named if name not in valid)
    yield from _unrealised(layout, database)
    yield from ((folder, "its process is gone") for folder in staging.leftovers(layout, kept=True))


def _unrealised(layout: Layout, database: Database) -> Iterator[tuple[Path, str]]:
    realised = database.realised()
    realisations = {layout.realisation(*digests) for digests in realised}
    derivations = {layout.derivation(digest) for digest, _ in realised}
    for file in layout.realisations.iterdir():
        if file not in realisations:
            yield file, "its object is not valid"
    for file in layout.derivations.iterdir():
        if file not in derivations:
            if (log := layout.logs / f"{file.stem}.log").exists():
                yield log, "no valid object came of this build"
            yield file, "no valid object came of it"
