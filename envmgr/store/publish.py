"""From a finished tree in staging to a valid object, so that no crash leaves half of one.

The protocol, and what each step is there for. The thread of the build takes the first five; `commit` takes the others,
for all that has come together meanwhile.

1. *Seal.* Every process of the build is gone (the sandbox saw to that), but the tree still lies where the build knew
   it. It is renamed into a folder that no build ever saw, before anything is looked at; what is checked from here on
   is what is published. Canonical modes and times are set there, and what no object may hold is refused.
2. *Hash.* The manifest gives the store path. From here until the object is recorded its part of the publish lock is
   held: who made the same object, another process or another thread, waits, and then finds it valid.
3. *Hold.* The running root of this process names the object before the index is asked for it, both under the collector
   lock (shared: no garbage is collected meanwhile). So garbage collection, which spares what is held whether it has a
   row or not, can take the object neither now nor before a lasting root names it. Is it valid already, the new tree is
   dropped and only the realisation is added: what depends on it is not built again (early cutoff).
4. *Scan.* References are looked for among the objects that the build could see, and forbidden places (of the
   store, of staging, of the sandbox; and the object's own name) in all files. A tree that names one would not work
   elsewhere: refused.
5. *Place.* The tree is renamed to `objects/<store path>`. From now on it is *placed*: this process may build on it, and
   nobody else knows it.
   - A folder stands there without a row: who could be working on it would hold the publish lock, so a crash has left
     it, and perhaps not all of it is on the disk. It goes to the trash.
   - A row without a folder: somebody deleted it by hand. Ours takes its place.
6. *Sync.* The records (description, realisations with the texts of their derivations, manifest) are written as drafts,
   and go to the disk together with the trees and the names in `objects/`. From here until step 8 is done their parts of
   the record lock are held: a record is made from what it was before, and two who add to one lose nothing. Parts are
   taken in the order of their names, and by who holds no other lock that a commit needs, so nobody waits in a circle.
   If the sync reports an error the batch has failed: a second one would report success for data that is lost. Whatever
   was built on it may rest on lost data, too, also what names it nowhere; so from then on this process settles nothing
   more, and what it had placed is taken away.
7. *Write down.* Under the collector lock (shared) the drafts get their names: each record is the old one, the new one
   or not there, as all of them are on the disk. They are the truth: the index is rebuilt from them. A crash after this
   step leaves whole objects without rows, which are rubbish to the index and objects to a rebuild of it: both are
   right. Garbage collection, which would take a file that no row stands for, comes before this section or after the
   next step.
8. *Record.* One transaction makes the objects of the batch valid, references before referrers. It fails if an object
   that is referred to is not valid. Where SQLite reports an error after it has committed (the deletion of its journal
   could not be synced), the objects, whole and on the disk, stay, and nobody is told that they are there. Then what is
   another object's answer now leaves the record of the one before. A crash in between leaves the old line beside the
   new one, and the later one counts.
9. *Tell.* Only now the locks are let go (of the object, and of the resolved derivation), and the command says that it
   is built.

A crash before 8, of the process or of the power, loses what nobody was told of: folders without a row, which garbage
collection or the next build of the same object takes away, and staging, which the next start does.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from envmgr.manifest import Manifest, manifest_of
from envmgr.model.derivation import BuiltOutput, Derivation
from envmgr.model.digest import Digest
from envmgr.model.errors import BuildError
from envmgr.model.realisation import Isolation, Realisation, StoreObject
from envmgr.model.store_path import StorePath
from envmgr.store.adopt import Foreign
from envmgr.store.commit import Addition, Committer, Placed
from envmgr.store.db import Database
from envmgr.store.durable import writing
from envmgr.store.layout import Layout
from envmgr.store.path_lock import LOCK_SECONDS, exclusive_part, shared
from envmgr.store.references import scan
from envmgr.store.seal import close_top, seal
from envmgr.store.staging import Staging, discard

_SHOWN = 10


class LocationLeakError(BuildError):
    """Files of an output name a place of this machine or of the sandbox, so the object would not work elsewhere."""

    def __init__(self, label: str, leaks: Sequence[tuple[str, bytes]]) -> None:
        lines = [f"{path} names {place.decode(errors='backslashreplace')}" for path, place in leaks]
        more = [f"and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
        super().__init__(
            f"the output of {label} names places that exist here and now only:\n  "
            + "\n  ".join(lines[:_SHOWN] + more),
            where=label,
            fix="let the build name its files relative to themselves ($ORIGIN, relative symlinks, prefix maps)",
        )
        self.files = tuple(dict.fromkeys(path for path, _ in leaks))
        self.places = tuple(dict.fromkeys(place for _, place in leaks))


@dataclass(frozen=True)
class Finished:
    """What is sure about a finished build before its tree is looked at.

    `candidates` are the objects that the build could see; `forbidden` the places that no file of it may name.
    `manifest` is what the tree contains, if that is known because no process of a build could reach it.
    """

    derivation: Derivation
    resolved: Digest
    candidates: Collection[StorePath]
    forbidden: Sequence[bytes]
    isolation: Isolation
    bare_host: Mapping[str, str]
    manifest: Manifest | None = None

    def store_path(self, manifest: Manifest) -> StorePath:
        """The name of the object that a tree with this manifest is."""
        return StorePath.of(
            kind=self.derivation.kind,
            manifest=manifest.digest,
            name=self.derivation.name,
            version=self.derivation.version,
        )

    def realisation(self, path: StorePath, manifest: Manifest) -> Realisation:
        """The build bound to that object."""
        return Realisation(
            resolved=self.resolved,
            derivation=self.derivation.digest,
            store_path=path,
            manifest=manifest.digest,
            isolation=self.isolation,
            bare_host=dict(self.bare_host),
        )


@dataclass(frozen=True)
class Publisher:
    """Publishes into one store; `hold` keeps objects while this process lives."""

    layout: Layout
    database: Database
    committer: Committer
    hold: Callable[[Iterable[StorePath]], None]

    def publish(self, staging: Staging, finished: Finished) -> Placed:
        """Make the tree in `staging.out` an object, and bind the derivation to it; see the top of this module.

        Raises:
            UnfitTreeError: the tree holds what no object may hold.
            LocationLeakError: the tree names a forbidden place.
            DiskFullError, NotWrittenError: it could not be written, or something earlier not be brought to the disk.
            NotValidError: an object that it refers to is gone.
        """
        with writing(self.layout.root), ExitStack() as turn:
            tree = staging.out if finished.manifest else seal(staging.out, staging.folder)
            manifest = finished.manifest or manifest_of(tree)
            path = finished.store_path(manifest)
            self._wait_for_turn(path, turn)
            described = None if self._held_object(path) else _describe(tree, path, manifest, finished)
            made = finished.realisation(path, manifest)
            addition = Addition([made], {made.derivation: finished.derivation.text}, described, manifest.text)
            settled = self._add(tree, addition, turn)
            return Placed(made, settled, self.committer.settle)

    def adopt(self, staging: Staging, foreign: Foreign) -> Future[None]:
        """Make the tree that `unpack` made in `staging.out` an object, its references being valid or placed.

        Its bytes were held against the manifest as they were written, where nobody else could reach them. So nothing
        is sealed, hashed or scanned again; all else is as for a build. A realisation is kept only where this store has
        none of the same derivation resolved to the same.

        Raises:
            FalseDescriptionError: what is said of it contradicts itself.
            DiskFullError, NotWrittenError: it could not be written, or something earlier not be brought to the disk.
            NotValidError: an object that it refers to is not here.
        """
        foreign.check()
        with writing(self.layout.root), ExitStack() as turn:
            self._wait_for_turn(foreign.path, turn)
            described = None if self._held_object(foreign.path) else foreign.described
            new = [made for made in foreign.realisations if not self._knows(made)]
            return self._add(staging.out, Addition(new, foreign.texts, described, foreign.manifest.text), turn)

    def learn(self, realisations: Iterable[Realisation], texts: Mapping[Digest, bytes]) -> Future[None]:
        """Bind derivations to objects that are held, as another store did; an answer that is here stays as it is.

        Raises:
            DiskFullError, NotWrittenError: something earlier could not be brought to the disk.
        """
        return self.committer.add(Addition([made for made in realisations if not self._knows(made)], texts))

    def _wait_for_turn(self, path: StorePath, turn: ExitStack) -> None:
        turn.enter_context(exclusive_part(self.layout.publish_lock, str(path), timeout=LOCK_SECONDS))

    def _held_object(self, path: StorePath) -> StoreObject | None:
        with shared(self.layout.collector_lock, timeout=LOCK_SECONDS):
            self.hold([path])
            return self.database.object(path) if self.layout.object(path).is_dir() else None

    def _knows(self, made: Realisation) -> bool:
        """Whether this question has an answer here that somebody vouches for: nothing from elsewhere may change it."""
        known = self.database.realisations_of_derivation(made.derivation)
        vouched = [item.store_path for item in known if item.resolved == made.resolved and item.is_vouched_for]
        return any(self.layout.object(path).is_dir() for path in vouched)

    def _add(self, tree: Path, addition: Addition, turn: ExitStack) -> Future[None]:
        """Place the tree, if it is an object that is new, and have all of it settled; the turn is over then."""
        if (described := addition.placed) is None:
            return self.committer.add(addition)
        self._require(described.references)
        place = self._place(tree, described.store_path)
        try:
            settled = self.committer.add(addition)
        except BaseException:
            discard(self.layout, place)
            raise
        turn_over = turn.pop_all().close
        settled.add_done_callback(lambda _: turn_over())
        return settled

    def _require(self, references: Collection[StorePath]) -> None:
        """Fail if an object that is referred to is gone: this build alone, and no batch."""
        if recorded := set(references) - self.committer.placed().keys():
            self.database.closure(recorded)

    def _place(self, tree: Path, path: StorePath) -> Path:
        place = self.layout.object(path)
        discard(self.layout, place)
        tree.rename(place)
        if not place.is_symlink():
            close_top(place)
        return place


def _describe(tree: Path, path: StorePath, manifest: Manifest, finished: Finished) -> StoreObject:
    references: tuple[StorePath, ...] = ()
    # What is known before it is fetched has no inputs, and can't depend on where it was fetched to.
    if isinstance(finished.derivation.output, BuiltOutput):
        forbidden = [*finished.forbidden, path.base.encode()]
        found = scan(tree, candidates=finished.candidates, forbidden=forbidden)
        if found.leaks:
            raise LocationLeakError(finished.derivation.label, found.leaks)
        references = found.references
    return StoreObject(store_path=path, manifest=manifest.digest, size=manifest.size, references=references)
