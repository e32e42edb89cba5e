"""The face of a store: what is in it, what is being made for it, and what is to be kept.

*Having is holding*: an object that `realisation` or `publish` names is kept from garbage collection until the store
is closed, as it is registered in the same section of the collector lock in which the index is asked.
"""

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from envmgr.manifest import Manifest
from envmgr.model.derivation import Derivation
from envmgr.model.digest import Digest
from envmgr.model.errors import EnvmgrError, HostError, IntegrityError
from envmgr.model.realisation import Isolation, Realisation, StoreObject
from envmgr.model.store_path import StorePath
from envmgr.store import roots
from envmgr.store.adopt import Foreign
from envmgr.store.commit import Addition, Committer, Placed
from envmgr.store.db import Database, Statistics
from envmgr.store.durable import writing
from envmgr.store.forward import bring_forward
from envmgr.store.last_use import used
from envmgr.store.layout import Layout
from envmgr.store.links import lend, lenders
from envmgr.store.lock_proof import require_locks
from envmgr.store.opening import make_folders, refuse_lost_index, sweep
from envmgr.store.optimise import Saved, share_objects
from envmgr.store.partial import open_partial
from envmgr.store.path_lock import (
    LOCK_SECONDS,
    Waiting,
    exclusive,
    exclusive_part,
    shared,
    wait_silently,
)
from envmgr.store.publish import Finished, Publisher
from envmgr.store.record import manifest_text, read_lines
from envmgr.store.remove import remove_tree
from envmgr.store.roots import Root, RunningRoot
from envmgr.store.staging import Staging, StagingFolders


class ReadOnlyStoreError(HostError):
    """The store cannot be written, and what was asked needs that."""

    def __init__(self, root: Path, reason: str) -> None:
        super().__init__(
            f"the store can be read only: {reason}",
            where=str(root),
            fix="name a store of your own with --store, or become the user who owns this one",
        )
        self.root = root
        self.reason = reason


class NoStoreError(HostError):
    """There is no store at that place."""

    def __init__(self, root: Path) -> None:
        super().__init__(
            "there is no store here", where=str(root), fix="realize something first, or name another --store"
        )
        self.root = root


class DamagedObjectError(IntegrityError):
    """An object of the store is not what it was."""

    def __init__(self, path: StorePath, why: str, root: Path) -> None:
        super().__init__(f"{path} is damaged: {why}", where=str(root), fix="envmgr verify")
        self.path = path
        self.why = why


@dataclass(frozen=True)
class Store:
    """An open store, for all threads of this process; `read_only` says why it can't be written, or is empty."""

    layout: Layout
    read_only: str
    database: Database
    _running: RunningRoot
    _staging: StagingFolders
    _committer: Committer
    _new: list[StorePath] | None
    """The objects that this process has settled, if their files are to be shared; else None."""

    @classmethod
    def open(cls, root: Path, *, read_only: bool = False, trust_locks: bool = False, optimise: bool = False) -> Self:
        """Open a store; the first use makes it. What dead processes left in staging is cleared away.

        A store that others own or that lies on a read-only file system is opened for reading; what needs more
        raises ReadOnlyStoreError.

        Args:
            root: its folder.
            read_only: open it for reading, though it could be written.
            trust_locks: take it that locks hold between all hosts, where that can't be told.
            optimise: at the end, let files of new objects that equal others be one with them.

        Raises:
            NoStoreError: there is none, and none can be made.
            LocksFailError, LocksUnsureError: it could be written, but locks would not keep it whole.
            NewerStoreError: it was written by a newer envmgr.
            DamagedIndexError: the index is damaged or gone, and the objects are there.
        """
        layout = Layout(root.resolve())
        reason = "it was opened so" if read_only else make_folders(layout)
        if not layout.objects.is_dir():
            raise NoStoreError(root) if read_only else ReadOnlyStoreError(root, reason)
        if not reason:
            require_locks(layout, trust=trust_locks)
            bring_forward(layout)
        refuse_lost_index(layout)
        store = cls.of(layout, reason, Database(layout.index, read_only=bool(reason)), optimise=optimise)
        if not reason:
            sweep(layout)
        return store

    @classmethod
    def of(cls, layout: Layout, read_only: str, database: Database, *, optimise: bool = False) -> Self:
        """A store with an index that is open already; `read_only` says why it can't be written, or is empty."""
        folders = StagingFolders(layout)
        committer = Committer(layout, database, folders)
        return cls(layout, read_only, database, RunningRoot(layout), folders, committer, [] if optimise else None)

    def close(self) -> None:
        """Settle what was placed, and let go of what was held."""
        self._committer.close()
        self._staging.close()
        self._running.close()
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None and self._new:
                self.share(self._new)
        finally:
            self.close()

    @property
    def root(self) -> Path:
        """The folder of the store: absolute, without symlinks."""
        return self.layout.root

    def folder(self, path: StorePath) -> Path:
        """Where the tree of an object lies, or would lie: in another store, if it is a link to there."""
        place = self.layout.object(path)
        return place.resolve() if place.is_symlink() else place

    def log(self, derivation: Digest) -> Path:
        """Where the log of a derivation's last build lies, or would lie."""
        return self.layout.log(derivation)

    def object(self, path: StorePath) -> StoreObject | None:
        """What is known of a valid object; None where there is none."""
        return self.database.object(path) if self.folder(path).is_dir() else None

    def realisation(self, resolved: Digest) -> Realisation | None:
        """The realisation of a resolved derivation, its object held from now on; None where there is no valid one.

        One that nobody vouches for is none.
        """
        with self._using():
            found = self.database.realisation(resolved)
            return next(iter(self._valid([found] if found and found.is_vouched_for else [])), None)

    def realisations_of(self, *derivations: Digest) -> list[Realisation]:
        """What derivations came to, as far as it is still valid, held from now on.

        They need no inputs to be asked. More than one answer to one means that inputs came out otherwise, once.
        """
        with self._using():
            return self._valid(self.database.realisations_of_derivation(*derivations))

    def bind(self, known: Realisation, derivation: Derivation) -> Placed:
        """Bind another derivation, which resolved to the same, to an object that is held (early cutoff).

        Raises:
            ReadOnlyStoreError: the store cannot be written.
            DiskFullError, NotWrittenError: something earlier could not be brought to the disk.
        """
        self.require_writable()
        bound = known.model_copy(update={"derivation": derivation.digest})
        addition = Addition([bound], {bound.derivation: derivation.text})
        return Placed(bound, self._committer.add(addition), self._committer.settle)

    def derivation_text(self, derivation: Digest) -> bytes | None:
        """The text of a derivation that was realised, as a record of what it came to has it; None where none has."""
        paths = {made.store_path for made in self.database.realisations_of_derivation(derivation)}
        texts = (read_lines(self.layout.record(path)).texts.get(derivation) for path in sorted(paths))
        return next((text for text in texts if text), None)

    def manifest(self, path: StorePath) -> Manifest:
        """The manifest of a valid object, as it was when the object was published.

        Raises:
            DamagedObjectError: it is gone, or not what it was; `envmgr verify` says more.
        """
        try:
            return Manifest.parse(manifest_text(self.layout, path))
        except (OSError, ValueError) as error:
            raise DamagedObjectError(path, f"its manifest cannot be read: {error}", self.root) from error

    def closure(self, paths: Iterable[StorePath]) -> dict[StorePath, Path]:
        """Where the objects lie that some objects reach by references, themselves included; sorted.

        Raises:
            NotValidError: one of them is neither valid nor placed.
        """
        placed = self._committer.placed()
        found, recorded = set[StorePath](), set[StorePath]()
        asked = list(paths)
        while asked:
            path = asked.pop()
            if path not in placed:
                recorded.add(path)
            elif path not in found:
                found.add(path)
                asked += placed[path].references
        if recorded:
            found.update(self.database.closure(recorded))
        return {path: self.folder(path) for path in sorted(found)}

    def statistics(self) -> Statistics:
        """How many objects there are, and how many bytes."""
        return self.database.statistics()

    def hold(self, paths: Collection[StorePath]) -> None:
        """Keep objects, and what they reach, from garbage collection until the store is closed.

        Raises:
            NotValidError: one of them is not valid.
        """
        with self._using():
            self._hold(paths)
            self.database.closure(paths)

    def hand_over(self, paths: Collection[StorePath]) -> None:
        """Keep some objects, and what they reach, as long as the program lives that this process becomes by exec.

        That outlives `close`; nothing else that this process held does. A store that is only read holds nothing.
        """
        if not self.read_only:
            with self._using():
                heir = RunningRoot(self.layout)
                heir.hold(paths)
                heir.outlive()

    def add_root(self, root: Root) -> None:
        """Keep what a root names, for good; a root of that kind and name is replaced.

        Raises:
            NotValidError: one of its objects is not valid.
            ReadOnlyStoreError: the store cannot be written.
        """
        with self.stage("root") as draft, self._using():
            self.database.closure(root.paths)
            roots.add(self.layout, root, scratch=draft.work)

    def extend_root(self, root: Root, still: Callable[[], Collection[StorePath]]) -> Path:
        """Keep what a root names and, of what it named before, what is needed still; the root's file.

        Where that is so already, nothing is written.

        Raises:
            NotValidError, ReadOnlyStoreError, DamagedRootError, PathLockTimeoutError
        """
        self.require_writable()
        file = self.layout.roots / root.kind / root.name
        with exclusive(self.layout.roots_lock, holder=f"the root {root.name}", timeout=LOCK_SECONDS):
            before = roots.held(self.layout, root.kind, file)
            others = set(before.paths) - set(root.paths) if before else set()
            needed = self.database.valid_among(map(str, others.intersection(still()))) if others else set()
            whole = replace(root, paths=tuple(sorted({*root.paths, *map(StorePath, needed)})))
            if whole != before:
                self.add_root(whole)
        return file

    def spare(self, paths: Iterable[StorePath], reason: str) -> str:
        """Keep objects that are held now and about to be printed for some minutes more; the name of their root.

        A store that is only read keeps nothing: no name.
        """
        return "" if self.read_only else roots.spare(self.layout, paths, reason)

    def remove_root(self, kind: roots.Kind, name: str) -> bool:
        """Drop a root; whether there was one. What only it kept goes with the next garbage collection."""
        self.require_writable()
        return roots.remove(self.layout, kind, name)

    def roots(self) -> list[Root]:
        """The lasting roots that hold."""
        return roots.lasting(self.layout)

    @contextmanager
    def stage(self, label: str, *, keep: bool = False) -> Iterator[Staging]:
        """A staging folder for one build, gone at the end whatever happens.

        Args:
            label: a name for people, part of the folder's name.
            keep: leave the folder if the build fails.

        Raises:
            ReadOnlyStoreError: the store cannot be written.
        """
        self.require_writable()
        with writing(self.layout.staging):
            made = self._staging.make(label)
        try:
            yield made
        except BaseException:
            (self._staging.keep if keep else self._staging.clear)(made)
            raise
        self._staging.clear(made)

    @contextmanager
    def partial(self, resolved: Digest) -> Iterator[Path]:
        """A folder for what is fetched piece by piece, under the lock of `resolved`: it stays if the fetch fails.

        Raises:
            ReadOnlyStoreError: the store cannot be written.
        """
        self.require_writable()
        with writing(self.layout.root):
            folder = open_partial(self.layout, resolved)
        yield folder
        remove_tree(folder)

    def keep(self, made: Staging) -> Path:
        """Leave a staging folder to people who want to look at it; where it lies from now on."""
        return self._staging.keep(made)

    def publish(
        self,
        made: Staging,
        *,
        derivation: Derivation,
        resolved: Digest,
        candidates: Collection[StorePath],
        isolation: Isolation,
        bare_host: Mapping[str, str],
        forbidden: Sequence[bytes] = (),
        manifest: Manifest | None = None,
    ) -> Placed:
        """Make what a build left in `made.out` an object, held from now on; every process of the build is gone.

        This process may build on it at once. On the disk, and known to others, it is when it is settled.

        Args:
            made: the staging folder.
            derivation: what was built.
            resolved: its resolved digest.
            candidates: every object that the build could see: the closure of the inputs.
            isolation: how the build was held.
            bare_host: what the host lent to the build.
            forbidden: places that no file may name, beside those of this store: the fixed places of the sandbox.
            manifest: what the tree contains, if no process of a build could reach it and it has an object's modes.

        Raises:
            UnfitTreeError: the tree holds what no object may hold.
            LocationLeakError: the tree names a forbidden place.
            DiskFullError, NotWrittenError: it could not be written, or something earlier not be brought to the disk.
            NotValidError: an object that it refers to is gone.
        """
        places = map(os.fsencode, [self.layout.objects, self.layout.staging, *lenders(self.layout)])
        finished = Finished(derivation, resolved, candidates, [*forbidden, *places], isolation, bare_host, manifest)
        placed = self._publisher().publish(made, finished)
        self._note(placed.realisation.store_path, placed.settled)
        return placed

    def share(self, paths: Collection[StorePath], progress: Callable[[StorePath], None] = lambda path: None) -> Saved:
        """Let the files of objects that are on the disk be one with equal ones (`optimise`); held from now on.

        Raises:
            NotValidError: one of them is not valid.
            ReadOnlyStoreError: the store cannot be written.
        """
        self.require_writable()
        self.hold(paths)
        return share_objects(self.layout, paths, self.manifest, progress)

    def require_whole(self) -> None:
        """Go on only if all that was published could be settled so far.

        Raises:
            DiskFullError, NotWrittenError, NotValidError: something could not be, and is taken away again.
        """
        self._committer.require_whole()

    def settle(self) -> None:
        """Wait until all that was published or bound is on the disk and recorded.

        Raises:
            DiskFullError, NotWrittenError, NotValidError: something could not be, nor what came after it.
        """
        self._committer.settle()

    @contextmanager
    def settling(self) -> Iterator[None]:
        """Settle at the end all that was published; if the block failed, what of it can be."""
        try:
            yield
        except BaseException:
            with suppress(EnvmgrError):
                self.settle()
            raise
        self.settle()

    def adopt(self, made: Staging, foreign: Foreign) -> None:
        """Make what `unpack` left in `made.out` an object, held from now on; it was made elsewhere.

        Raises:
            FalseDescriptionError: what is said of it contradicts itself.
            DiskFullError, NotWrittenError: it could not be brought to the disk.
            NotValidError: an object that it refers to is not here.
        """
        self.place(made, foreign)
        self.settle()

    def place(self, made: Staging, foreign: Foreign) -> Future[None]:
        """Adopt an object without waiting: it is on the disk, and known to others, when it is settled.

        What refers to it may be adopted at once.

        Raises:
            FalseDescriptionError: what is said of it contradicts itself.
            DiskFullError, NotWrittenError: it could not be written, or something earlier not be brought to the disk.
            NotValidError: an object that it refers to is not here.
        """
        settled = self._publisher().adopt(made, foreign)
        self._note(foreign.path, settled)
        return settled

    def learn(self, realisations: Iterable[Realisation], texts: Mapping[Digest, bytes]) -> Future[None]:
        """Bind derivations to objects that are held, as another store did; an answer that is here stays as it is.

        Args:
            realisations: what gave the objects.
            texts: the texts of these derivations, by derivation digest.

        Raises:
            DiskFullError, NotWrittenError: something earlier could not be brought to the disk.
        """
        return self._publisher().learn(realisations, texts)

    def link(self, foreign: Foreign, lender: Path) -> None:
        """Let an object be the one in another store, held from now on; nothing of its tree is read. Settle it later.

        Args:
            foreign: what the other store knows of it; its references are valid here.
            lender: the folder `objects/` of the other store.

        Raises:
            FalseDescriptionError: what is said of it contradicts itself.
            DiskFullError, NotWrittenError: it could not be brought to the disk.
            ReadOnlyStoreError: the store cannot be written.
        """
        with self.stage("link") as made:
            link = made.folder / "link"
            lend(self.layout, lender, foreign.path, link)
            self.place(replace(made, out=link), foreign)

    @contextmanager
    def lock(
        self, resolved: Digest, *, holder: str, timeout: float, waiting: Waiting = wait_silently
    ) -> Iterator[None]:
        """Be the only one who builds a resolved derivation.

        Args:
            resolved: which one.
            holder: what those who wait are told about us.
            timeout: seconds to wait at most.
            waiting: told whom we wait for, if we must.

        Raises:
            PathLockTimeoutError: another process built it for all that time.
            ReadOnlyStoreError: the store cannot be written.
        """
        self.require_writable()
        with exclusive(self.layout.build_lock(resolved), holder=holder, timeout=timeout, waiting=waiting):
            yield

    @contextmanager
    def copy_lock(self, path: StorePath, *, timeout: float) -> Iterator[None]:
        """Be the only one who copies an object from elsewhere; any thread may end that.

        Raises:
            PathLockTimeoutError: another process copied it for all of `timeout` seconds.
            ReadOnlyStoreError: the store cannot be written.
        """
        self.require_writable()
        with exclusive_part(self.layout.copy_lock, str(path), timeout=timeout):
            yield

    def require_writable(self) -> None:
        """Go on only if the store can be written.

        Raises:
            ReadOnlyStoreError: it can't.
        """
        if self.read_only:
            raise ReadOnlyStoreError(self.root, self.read_only)

    def _valid(self, found: Iterable[Realisation]) -> list[Realisation]:
        found = list(found)
        whole = self._whole({item.store_path for item in found})
        valid = [item for item in found if item.store_path in whole]
        self._hold([item.store_path for item in valid])
        if not self.read_only:
            used(self.layout, [item.store_path for item in valid])
        return valid

    def _whole(self, paths: set[StorePath]) -> set[StorePath]:
        """Those of some valid objects that are there with all that they refer to; a link can be broken by others."""
        lost = {item for item in self.database.closure(paths) if not self.folder(item).is_dir()}
        return {path for path in paths if lost.isdisjoint(self.database.closure([path]))} if lost else paths

    def _hold(self, paths: Iterable[StorePath]) -> None:
        if not self.read_only:
            self._running.hold(paths)

    @contextmanager
    def _using(self) -> Iterator[None]:
        if self.read_only:
            yield
        else:
            with shared(self.layout.collector_lock, timeout=LOCK_SECONDS):
                yield

    def _note(self, path: StorePath, settled: Future[None]) -> None:
        """Remember an object, once it is settled, whose files are to be shared."""
        if (new := self._new) is not None:
            settled.add_done_callback(lambda done: None if done.exception() else new.append(path))

    def _publisher(self) -> Publisher:
        return Publisher(self.layout, self.database, self._committer, self._hold)
