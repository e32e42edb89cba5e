"""Group commit: what builds have placed is brought to the disk and made valid, as many at a time as have come together.

One thread does it, so that builds go on meanwhile; the steps are those of `publish`. A batch gathers for a moment, and
while the one before it waits for the disk: the slower the disk, the larger the batches.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from envmgr.model.digest import Digest
from envmgr.model.errors import EnvmgrError
from envmgr.model.realisation import Realisation, StoreObject
from envmgr.model.store_path import StorePath
from envmgr.store.db import Database
from envmgr.store.disk import Disk
from envmgr.store.durable import sync_folder, write_draft, writing
from envmgr.store.layout import Layout
from envmgr.store.path_lock import LOCK_SECONDS, shared
from envmgr.store.record import Question, Record, Written, read_to_write, show, writing_record
from envmgr.store.staging import Staging, StagingFolders, discard

MOST = 64
"""Additions that may wait for the disk: who brings one more waits as well. So much work a crash can lose."""
GATHER_SECONDS = 0.05
"""How long a batch gathers that nobody waits for."""


@dataclass(frozen=True)
class Addition:
    """What is new in a store: realisations, and perhaps an object."""

    realisations: Sequence[Realisation]
    texts: Mapping[Digest, bytes]
    """The texts of their derivations, by derivation digest."""
    placed: StoreObject | None = None
    """An object whose tree stands in its place."""
    manifest: bytes = b""
    """The canonical text of its manifest."""


@dataclass(frozen=True)
class Placed:
    """A realisation that this process may build on; when it is settled it is on the disk, and others know it too."""

    realisation: Realisation
    settled: Future[None]
    settle: Callable[[], None]
    """Lets it be settled now."""

    def wait(self) -> Realisation:
        """The realisation, settled.

        Raises:
            DiskFullError, NotWrittenError, NotValidError: it could not be.
        """
        self.settle()
        return self.realisation


class Committer:
    """Settles what is added to one store, in the order in which it comes."""

    def __init__(self, layout: Layout, database: Database, staging: StagingFolders) -> None:
        self._layout, self._database, self._staging = layout, database, staging
        self._disk = Disk(layout.objects)
        self._scratch: Staging | None = None
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._waiting: list[tuple[Addition, Future[None]]] = []
        self._placed: dict[StorePath, StoreObject] = {}
        self._is_busy = self._is_closed = self._is_synced = False
        self._urgent = 0
        self._failure: BaseException | None = None

    def add(self, addition: Addition) -> Future[None]:
        """Have an addition settled, all that came before it being settled first.

        Raises:
            DiskFullError, NotWrittenError, NotValidError: an earlier one could not be. What comes after it may rest on
                it, so nothing is settled any more.
        """
        settled: Future[None] = Future()
        with self._changed:
            self._changed.wait_for(lambda: len(self._waiting) < MOST or self._failure)
            if self._failure is not None:
                raise self._failure
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="commit", daemon=True)
                self._thread.start()
            self._waiting.append((addition, settled))
            if addition.placed is not None:
                self._placed[addition.placed.store_path] = addition.placed
            self._changed.notify_all()
        return settled

    def placed(self) -> dict[StorePath, StoreObject]:
        """The objects that stand in their places and are not recorded yet."""
        with self._changed:
            return dict(self._placed)

    def require_whole(self) -> None:
        """Go on only if nothing has failed to be settled.

        Raises:
            DiskFullError, NotWrittenError, NotValidError: something could not be.
        """
        with self._changed:
            if self._failure is not None:
                raise self._failure

    def settle(self) -> None:
        """Wait until all that was added is settled.

        Raises:
            DiskFullError, NotWrittenError, NotValidError: something could not be.
        """
        with self._changed:
            self._urgent += 1
            self._changed.notify_all()
            try:
                self._changed.wait_for(lambda: not self._waiting and not self._is_busy)
            finally:
                self._urgent -= 1
            if self._failure is not None:
                raise self._failure

    def close(self) -> None:
        """Settle what can be, and end."""
        with self._changed:
            if self._is_closed:
                return
            self._is_closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()
        self._disk.close()

    def _work(self) -> None:
        while batch := self._next():
            try:
                self._commit([addition for addition, _ in batch])
            except BaseException as error:  # noqa: BLE001  whoever waits for the batch raises it
                self._give_up(batch, error)
            else:
                self._tell(batch)

    def _next(self) -> list[tuple[Addition, Future[None]]]:
        with self._changed:
            self._is_busy = False
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._waiting or self._is_closed)
            self._changed.wait_for(self._has_gathered, GATHER_SECONDS)
            batch, self._waiting = self._waiting, []
            self._is_busy = bool(batch)
            self._changed.notify_all()
            return batch

    def _has_gathered(self) -> bool:
        return self._is_closed or self._urgent > 0 or len(self._waiting) == MOST

    def _commit(self, batch: Sequence[Addition]) -> None:
        objects = [addition.placed for addition in batch if addition.placed is not None]
        realisations = [made for addition in batch for made in addition.realisations]
        changed = {item.store_path for item in objects} | {made.store_path for made in realisations}
        self._is_synced = False
        with writing(self._layout.root), ExitStack() as turns:
            touched = sorted(changed | self._database.answering(realisations))
            places = {path: turns.enter_context(writing_record(self._layout, path)) for path in touched}
            records = _joined(self._known(places), batch)
            drafts = self._write_drafts("new", {path: records[path] for path in changed})
            left = self._write_drafts("left", dict(_without_moved(records, realisations)))
            tops = (self._layout.object(item.store_path) for item in objects)
            trees = [top for top in tops if not top.is_symlink()]
            self._disk.sync(trees=trees, files=[*drafts, *left], folders=[self._layout.objects])
            with shared(self._layout.collector_lock, timeout=LOCK_SECONDS):
                for draft, target in drafts.items():
                    draft.replace(target)
                sync_folder(self._layout.records)
                self._is_synced = True
                self._database.record(objects, realisations)
                for draft, target in left.items():
                    if target.exists():  # it is deleted, where the object was collected as garbage meanwhile
                        draft.replace(target)

    def _known(self, places: Mapping[StorePath, Path]) -> dict[StorePath, Record]:
        """The records of valid objects as they are. Where one says nothing of its object, the index does."""
        records = dict.fromkeys(places, Record())
        for path in map(StorePath, self._database.valid_among(map(str, places))):
            found = read_to_write(places[path])
            records[path] = found if found.described else replace(found, described=self._database.object(path))
        return records

    def _write_drafts(self, kind: str, records: Mapping[StorePath, Record]) -> dict[Path, Path]:
        """Write what records are to be, and where: each draft with its target."""
        if self._scratch is None:
            self._scratch = self._staging.make("commit")
        drafts: dict[Path, Path] = {}
        for path, record in records.items():
            if record.described is not None:
                draft = self._scratch.work / f"{kind}-{len(drafts)}"
                write_draft(draft, show(record.described, record.written, record.manifest))
                drafts[draft] = self._layout.record(path)
        return drafts

    def _tell(self, batch: Sequence[tuple[Addition, Future[None]]]) -> None:
        with self._changed:
            for addition, _ in batch:
                if addition.placed is not None:
                    del self._placed[addition.placed.store_path]
        for _, settled in batch:
            settled.set_result(None)

    def _give_up(self, batch: Sequence[tuple[Addition, Future[None]]], error: BaseException) -> None:
        with self._changed:
            self._failure = error
            lost, self._waiting = [*batch, *self._waiting], []
        for addition, settled in lost:
            if addition.placed is not None:
                with suppress(OSError, EnvmgrError):  # it stays as rubbish, and whoever waits must be told all the same
                    self._take_away(addition.placed.store_path)
            settled.set_exception(error)

    def _take_away(self, path: StorePath) -> None:
        """Take a placed object away, unless its row is there: a transaction can fail after it was made."""
        if not self._is_synced or self._database.object(path) is None:
            discard(self._layout, self._layout.object(path))


def _joined(before: Mapping[StorePath, Record], batch: Sequence[Addition]) -> dict[StorePath, Record]:
    """The records as they were, and what is new."""
    records, now = dict(before), time.time_ns()
    new: defaultdict[StorePath, list[Written]] = defaultdict(list)
    for addition in batch:
        if (placed := addition.placed) is not None:
            path = placed.store_path
            records[path] = replace(records[path], described=placed, manifest=addition.manifest)
        for made in addition.realisations:
            text = addition.texts[made.derivation].decode()
            new[made.store_path].append(Written(realisation=made, derivation=text, when=now))
    return {path: replace(record, written=record.joined(new[path])) for path, record in records.items()}


def _without_moved(
    records: Mapping[StorePath, Record], realisations: Collection[Realisation]
) -> Iterator[tuple[StorePath, Record]]:
    """The records with an answer that is now another object's, without it.

    They are put in place after the transaction: were it lost, the index would have a row that no record speaks of.
    """
    now: dict[Question, StorePath] = {(made.derivation, made.resolved): made.store_path for made in realisations}
    for path, record in records.items():
        kept = tuple(item for item in record.written if now.get(item.question, path) == path)
        if len(kept) < len(record.written):
            yield path, replace(record, written=kept)
