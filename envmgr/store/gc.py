"""Garbage collection: what no root reaches is dropped, and so is whatever has no row in the index.

It may run at any time beside realize and run. The protocol:

- Whoever makes objects valid or comes to rely on one holds the *collector lock* shared, and registers what it relies
  on in the running root of its process in the same section in which it asks the index, and before it writes an object,
  its record or its row. What it writes of a realisation (record, row) it writes in one section.
  Making a staging folder is such a section, too. These sections last milliseconds.
- Garbage collection reads the roots in a section in which it holds the lock alone, and finds out at leisure, without
  any lock, what they don't reach. That may be wrong by the time it is acted upon, but in one direction only: what an
  object refers to never changes, so what was garbage is garbage still, unless a root has come that reaches it, or an
  object that refers to it.
- So it drops garbage batch by batch, in sections of some hundredths of a second, and in each looks at the roots anew,
  running ones first. Every section of another process lies wholly before (what it relies on is seen, and stays) or
  wholly after (it finds the object gone, and realizes it again). There is no moment in which an object is relied on and
  not seen to be. That nothing refers to an object is asked of the index as its row is deleted.
- A section first deletes the rows of its batch, in one transaction; from then on the objects are what a crash would
  have left. Then it moves the trees into the trash and deletes the files beside them, so that whoever makes one of
  these objects again finds its place empty. The trees are deleted after it, without any lock: nobody knows them.
- Rubbish is swept in such sections as well: it is looked for without the lock, and looked at again in it. What a living
  process holds is spared whether it has a row or not: it may stand in its place and not be recorded yet (`publish`).
- A `realize` with nothing to do asks no index: it looks whether the objects are there, in one such section in which it
  makes a root young (realize_hot). It can't tell an object from what is left of one when a collection was killed before
  it moved the tree; so the first section deletes all memos that answers are given from, and they are made anew.

Interrupted or killed at any point, it has done a part of its work; the next one finds the rest without rows, or in
the trash. A log goes with the last realisation of its derivation; logs of builds that fail, or run now, have none and
stay for a while, as does one whose collection was killed before it came to it.
"""

import math
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Self, TypeVar

from envmgr.model.store_path import StorePath
from envmgr.store import optimise, roots
from envmgr.store.db import DeadObject, Dropped
from envmgr.store.durable import sync_folder
from envmgr.store.garbage import Bounds, garbage_of
from envmgr.store.last_use import used
from envmgr.store.layout import Layout, log_name
from envmgr.store.path_lock import LOCK_SECONDS, alone, remove_free
from envmgr.store.remove import Remover, unlink
from envmgr.store.root_watch import RootWatch
from envmgr.store.rubbish import Rubbish, Search
from envmgr.store.store import Store
from envmgr.tree import READ_FOLDER

ALL = Bounds()
"""All garbage goes."""

Progress = Callable[[int, int], None]
"""Called with the objects that are dropped so far, and all that are to be."""

_BATCH = 1000
"""Objects that are dropped in one section."""
_THREADS = 8
"""Threads that wait for the disk while a section deletes files,"""
_FILES = 32
"""... and what one of them does at a time."""

_Item = TypeVar("_Item")
_File = tuple[str, int]
"""A name, and the descriptor of the folder that it stands in."""


@dataclass(frozen=True)
class Garbage:
    """What a collection drops: dead objects, referrers before their references, and rubbish."""

    dead: tuple[DeadObject, ...]
    rubbish: tuple[Rubbish, ...]

    @property
    def bytes(self) -> int:
        """Bytes of the files of the dead objects."""
        return sum(dead.bytes for dead in self.dead)


def garbage(store: Store, bounds: Bounds = ALL) -> Garbage:
    """What `collect` would drop now.

    Raises:
        ReadOnlyStoreError: the store cannot be written (its running roots cannot be told from dead ones).
        DamagedRootError: a root can't be read.
        PathLockTimeoutError: other processes held the collector lock all the time.
    """
    store.require_writable()
    _remember_uses(store.layout)
    watch = RootWatch(store.layout, printed_seconds=bounds.printed_seconds)
    with _section(store.layout):
        watch.news()
    dead = garbage_of(store.layout, store.database, watch.kept, bounds)
    search = Search(store.layout, store.database, watch.kept, bounds.printed_seconds)
    suspects = search.suspects()
    with _section(store.layout):
        watch.news()
        return Garbage(tuple(dead), tuple(search.rubbish_among(suspects)))


def collect(store: Store, bounds: Bounds = ALL, progress: Progress = lambda dropped, all_: None) -> Garbage:
    """Drop what no root reaches, as much of it as the bounds allow, and rubbish; returns what was dropped.

    See the top of this module.

    Raises:
        ReadOnlyStoreError: the store cannot be written.
        DamagedRootError: a root can't be read; nothing is dropped from then on.
        PathLockTimeoutError: other processes held the collector lock all the time.
        NotDeletedError: something that was dropped could not be deleted.
    """
    store.require_writable()
    _remember_uses(store.layout)
    with Remover(store.layout.trash) as remover, _Collection(store, bounds, remover) as collection:
        collection.remove([tree.name for tree in store.layout.trash.iterdir()])
        dead = collection.drop_objects(progress)
        rubbish = collection.drop_rubbish()
        collection.delete_stale_locks()
    optimise.sweep(store.layout)
    return Garbage(tuple(dead), tuple(rubbish))


class _Collection:
    """One collection under way: the roots that it has seen, and where it deletes."""

    def __init__(self, store: Store, bounds: Bounds, remover: Remover) -> None:
        self.layout, self.database = store.layout, store.database
        self.bounds, self.remover = bounds, remover
        self.watch = RootWatch(self.layout, printed_seconds=bounds.printed_seconds)
        self.logged = {log.name for log in self.layout.logs.iterdir()}
        self.folders: dict[Path, int] = {}
        self.opened = ExitStack()
        self.threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="unlink")

    def __enter__(self) -> Self:
        self.opened.enter_context(self.threads)
        return self

    def __exit__(self, *_: object) -> None:
        self.opened.close()

    def drop_objects(self, progress: Progress) -> list[DeadObject]:
        with _section(self.layout):
            self.unlink(self.file(memo) for memo in self.layout.memos.iterdir())
            self.watch.news()
        dead = garbage_of(self.layout, self.database, self.watch.kept, self.bounds)
        spared: set[StorePath] = set()
        done: list[DeadObject] = []
        for batch in _batches(dead, _BATCH):
            with _section(self.layout):
                if news := self.watch.news():
                    spared |= self.database.reached(news)
                dropped = self.database.drop([item.store_path for item in batch if item.store_path not in spared])
                objects = self.folder(self.layout.objects)
                trees = self.take((str(path), objects) for path in dropped.paths)
                self.unlink(self.files_of(dropped))
            self.remove(trees)
            gone = set(dropped.paths)
            done += [item for item in batch if item.store_path in gone]
            progress(len(done), len(dead))
        return done

    def drop_rubbish(self) -> list[Rubbish]:
        search = Search(self.layout, self.database, self.watch.kept, self.bounds.printed_seconds)
        done: list[Rubbish] = []
        for batch in _batches(search.suspects(), _BATCH):
            with _section(self.layout):
                self.watch.news()
                found = search.rubbish_among(batch)
                places = [self.layout.root / item.place for item in found]
                trees = self.take(self.file(place) for place in places if place.is_dir())
                self.unlink(self.file(place) for place in places)
            self.remove(trees)
            done += found
        return done

    def delete_stale_locks(self) -> None:
        """Those that nobody holds: there is one for everything that was ever built, copied or run."""
        for kind in ("build", "copy", "run", "series"):
            for lock in self.layout.locks.glob(f"{kind}-*"):
                remove_free(lock)

    def take(self, files: Iterable[_File]) -> list[str]:
        """Move files and trees into the trash; their names there."""
        taken = [self.remover.take(name, folder) for name, folder in files]
        return [name for name in taken if name]

    def remove(self, trees: Sequence[str]) -> None:
        """Begin to delete trees of the trash; an index that is made again must not find what is half deleted."""
        if trees:
            self.remover.remove_after(partial(sync_folder, self.layout.records), trees)

    def unlink(self, files: Iterable[_File]) -> None:
        """Delete files by several threads."""
        for _ in self.threads.map(_unlink, _batches(files, _FILES)):
            pass

    def files_of(self, dropped: Dropped) -> Iterator[_File]:
        """The files that say what was dropped, and how it was built."""
        records, logs = self.folder(self.layout.records), self.folder(self.layout.logs)
        for path in dropped.paths:
            yield str(path), records
        for digest in dropped.derivations:
            if (name := log_name(digest)) in self.logged:
                yield name, logs

    def file(self, place: Path) -> _File:
        """A file of the store."""
        return place.name, self.folder(place.parent)

    def folder(self, path: Path) -> int:
        """A descriptor of one of the store's folders."""
        if path not in self.folders:
            self.folders[path] = os.open(path, READ_FOLDER)
            self.opened.callback(os.close, self.folders[path])
        return self.folders[path]


@contextmanager
def _section(layout: Layout) -> Iterator[None]:
    with alone(layout.collector_lock, holder="garbage collection", timeout=LOCK_SECONDS):
        yield


def _remember_uses(layout: Layout) -> None:
    """Roots of what was printed go before what they keep: that it was used then must stay known."""
    for kind, file in roots.files(layout):
        if kind == "printed" and (root := roots.held(layout, kind, file, printed_seconds=math.inf)):
            with suppress(FileNotFoundError):  # another collection is about it, too
                used(layout, root.paths, file.stat().st_mtime)


def _unlink(files: Iterable[_File]) -> None:
    for file in files:
        unlink(*file)


def _batches(items: Iterable[_Item], size: int) -> Iterator[list[_Item]]:
    items = iter(items)
    while batch := list(islice(items, size)):
        yield batch
