"""From what caches have to objects of the store: what was found, with all that it refers to, several at a time.

Nothing is believed that can be proved. The manifest has to give the store path, every file has to be what the manifest
says, and what a record says about references is either signed by a trusted key, or held against the object's bytes:
these are searched for every object that the plan and the lockfile know of, and only where no other can be named. A copy
that fails is tried from the next cache that has the object.
"""

import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from functools import partial

from envmgr.manifest import Manifest
from envmgr.model.digest import Digest
from envmgr.model.event import Event
from envmgr.model.realisation import StoreObject
from envmgr.model.store_path import StorePath
from envmgr.sharing import layout
from envmgr.sharing.question import Question
from envmgr.sharing.substituters import Found, Substituters
from envmgr.store.adopt import Foreign
from envmgr.store.db import NotValidError
from envmgr.store.durable import room
from envmgr.store.pack import DamagedPackError, Source, unpack
from envmgr.store.path_lock import PathLockTimeoutError
from envmgr.store.references import scan
from envmgr.store.staging import Staging
from envmgr.store.store import Store

COPIES = 4
"""Objects copied at a time: they wait for the network, and now and then for a core."""


class _NotCopiedError(Exception):
    """No cache gave an object whole; what was wrong with each was said."""


class Copying:
    """Copies objects from the caches of one command into one store."""

    def __init__(self, store: Store, caches: Substituters, *, timeout: float, notice: Callable[[Event], None]) -> None:
        """Take the store and the caches.

        Args:
            store: where the objects shall be.
            caches: where they are.
            timeout: seconds to wait at most for another process that copies the same object.
            notice: told how it goes.
        """
        self._store = store
        self._caches = caches
        self._timeout = timeout
        self._notice = notice
        self._pool = ThreadPoolExecutor(COPIES, thread_name_prefix="copy")
        self._turn = threading.Lock()
        self._planned: dict[StorePath, Found] = {}
        self._copied: dict[StorePath, Future[None]] = {}
        self._stopped = threading.Event()

    def stop(self) -> None:
        """End all that runs; whoever waits for it is interrupted."""
        self._stopped.set()

    def answers(self, questions: Collection[Question]) -> dict[Digest, Found]:
        """What caches answer, as far as it can be had with all that it refers to, by the digest that was asked for.

        What of it is in the store already is held from now on.
        """
        answers = self._caches.answers(questions)
        self._plan({found.record.store_path: found for found in answers.values()})
        return {digest: found for digest, found in answers.items() if self._is_whole(found.record.store_path)}

    def objects(self, paths: Collection[StorePath]) -> dict[StorePath, Found]:
        """Objects by name, as far as they can be had with all that they refer to."""
        objects = self._caches.objects(paths)
        self._plan(objects)
        return {path: found for path, found in objects.items() if self._is_whole(path)}

    def needed(self, found: Iterable[Found]) -> dict[StorePath, Found]:
        """The objects that must be copied for some answers that were planned, references before their referrers."""
        needed: dict[StorePath, Found] = {}
        for item in found:
            for path in self._closure(item.record.store_path):
                needed[path] = self._planned[path]
        return needed

    def obtain(self, found: Found) -> bool:
        """Have what was found, its object held from now on; False where no cache gives it after all.

        It is settled with all else of the store.

        Raises:
            EnvmgrError: the store failed.
            KeyboardInterrupt: it was stopped.
        """
        path = found.record.store_path
        try:
            for future in self._begin(path):
                future.result()
        except _NotCopiedError:
            return False
        if self._planned.get(path) is not found:
            self._store.learn(found.realisations, found.texts)
        return True

    def ways_to(self, described: StoreObject) -> Iterator[Callable[[Staging], None]]:
        """For each cache that has an object which is known here: what fills a staging folder with its content.

        Raises, when called:
            IntegrityError: it is not what the cache says.
            UnusableError: the cache does not answer.
        """
        for found in self._caches.holders(described.store_path):
            if found.record.manifest == described.manifest:
                yield partial(self._unpack, found)

    def _tell(self, event: Event) -> None:
        if self._stopped.is_set():
            raise KeyboardInterrupt
        self._notice(event)

    def _plan(self, wanted: Mapping[StorePath, Found]) -> None:
        """Find all that must be copied for these."""
        while wanted:
            absent = {
                path: found for path, found in wanted.items() if path not in self._planned and not self._has(path)
            }
            self._planned |= absent
            beyond = {path: found.nameable for found in absent.values() for path in found.record.references}
            asked = [path for path in beyond if path not in self._planned and not self._has(path)]
            found = self._caches.objects(asked)
            wanted = {path: replace(item, nameable=beyond[path]) for path, item in found.items()}

    def _has(self, path: StorePath) -> bool:
        """Whether an object is valid, and held then, or was placed by this process."""
        try:
            if self._store.object(path) is None:
                return path in self._store.closure([path]) and self._store.folder(path).is_dir()
            self._store.hold([path])
        except NotValidError:
            return False
        return True

    def _is_whole(self, path: StorePath) -> bool:
        """Whether all that an object reaches is here, or planned."""
        seen, stack = set(), [path]
        while stack:
            path = stack.pop()
            if path in seen:
                continue
            seen.add(path)
            if path in self._planned:
                stack += self._planned[path].record.references
            elif not self._has(path):
                return False
        return True

    def _closure(self, path: StorePath) -> list[StorePath]:
        """What is planned of all that an object reaches, references before their referrers."""
        order: dict[StorePath, None] = {}
        stack = [(path, False)]
        while stack:
            path, ready = stack.pop()
            if ready:
                order[path] = None
            elif path in self._planned and path not in order:
                stack.append((path, True))
                stack += [(reference, False) for reference in self._planned[path].record.references]
        return list(order)

    def _begin(self, path: StorePath) -> list[Future[None]]:
        """Let all that an object reaches be copied, once a command; a copy waits for none that begins after it."""
        with self._turn:
            order = self._closure(path)
            for each in order:
                if each not in self._copied:
                    needs = [
                        self._copied[item] for item in self._planned[each].record.references if item in self._copied
                    ]
                    self._copied[each] = self._pool.submit(self._copy, each, needs)
            return [self._copied[each] for each in order]

    def _copy(self, path: StorePath, needs: Sequence[Future[None]]) -> None:
        """Copy an object from the first cache that gives it whole; others wait until it is settled."""
        with ExitStack() as turn:
            try:
                turn.enter_context(self._store.copy_lock(path, timeout=0))
            except PathLockTimeoutError:
                self._tell(Event("waiting", str(path), text="for another process that copies it"))
                turn.enter_context(self._store.copy_lock(path, timeout=self._timeout))
            settled = self._settled(path, needs)
            turn_over = turn.pop_all().close
        settled.add_done_callback(lambda _: turn_over())

    def _settled(self, path: StorePath, needs: Sequence[Future[None]]) -> Future[None]:
        if self._has(path):  # another process copied it meanwhile
            return self._store.learn(self._planned[path].realisations, self._planned[path].texts)
        for found in self._holders(path):
            label, began = str(path), time.monotonic()
            self._tell(Event("started", label, "copy", text=f"from {found.cache.name}"))
            with self._store.stage("copy") as staging:
                foreign = None
                with self._caches.trying(found.cache):
                    foreign = self._receive(found, staging)
                if foreign is not None:
                    for need in needs:
                        need.result()
                    settled = self._store.place(staging, foreign)
                    self._tell(Event("finished", label, "copy", seconds=time.monotonic() - began))
                    return settled
            self._tell(Event("failed", label, "copy", text=f"{found.cache.name} did not give it"))
        raise _NotCopiedError(path)

    def _holders(self, path: StorePath) -> Iterator[Found]:
        """Where an object was found, and where else it may be."""
        planned = self._planned[path]
        yield planned
        for found in self._caches.holders(path):
            if found.cache is not planned.cache:
                yield replace(planned, cache=found.cache, record=found.record, signed=found.signed)

    def _receive(self, found: Found, staging: Staging) -> Foreign:
        """Fill a staging folder with an object that is proved to be what was found.

        Raises:
            IntegrityError: it is not.
            UnusableError: the cache does not answer.
        """
        record = found.record
        foreign = Foreign(record.described, found.cache.manifest(record), found.realisations, found.texts)
        foreign.check()
        self._unpack(found, staging, foreign.manifest)
        if not found.signed and found.kind == "built":
            _check_references(found, staging)
        return foreign

    def _unpack(self, found: Found, staging: Staging, manifest: Manifest | None = None) -> None:
        manifest = manifest or found.cache.manifest(found.record)
        file = layout.contents(manifest.digest)
        try:
            with found.cache.contents(found.record) as source, room(self._store.root):
                unpack(manifest, _Counted(source, found, self._tell), staging.out, where=file)
        except DamagedPackError as error:
            raise found.cache.damaged(file, error.message) from error


def _check_references(found: Found, staging: Staging) -> None:
    """Hold what an unsigned record says of references against the bytes.

    Raises:
        DamagedCacheError: it does not say all of them, or others, or that cannot be told.
    """
    path, said = found.record.store_path, set(found.record.references)
    if found.nameable is None:
        why = f"{found.doubt}, and no lockfile says what it could refer to"
        raise found.cache.damaged(layout.object_record(path), why)
    named = set(scan(staging.out, candidates=found.nameable - {path}, forbidden=()).references)
    if named != said:
        wrong = ", ".join(sorted(map(str, named ^ said)))
        raise found.cache.damaged(
            layout.object_record(path), f"it says otherwise than its bytes what it refers to: {wrong}"
        )


class _Counted:
    """A source that tells how far it is."""

    def __init__(self, source: Source, found: Found, notice: Callable[[Event], None]) -> None:
        self._source = source
        self._found = found
        self._notice = notice
        self._done = 0

    def read(self, size: int) -> bytes:
        data = self._source.read(size)
        self._done += len(data)
        record = self._found.record
        self._notice(Event("progressed", str(record.store_path), "copy", done=self._done, total=record.packed))
        return data
