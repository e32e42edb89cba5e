"""From a finished tree in staging to a valid object, so that no crash leaves half of one.

The protocol, and what each step is there for:

1. *Seal.* Every process of the build is gone (the sandbox saw to that), but the tree still lies where the build knew
   it. It is renamed into a folder that no build ever saw, before anything is looked at; what is checked from here on
   is what is published. Canonical modes and times are set there, and what no object may hold is refused.
2. *Hash.* The manifest gives the store path. It is held by the running root of this process before the index is
   asked for it, so that garbage collection can't take the object between now and the moment when a lasting root
   names it. Is it valid already, the new tree is dropped and only the realisation is recorded: what depends on it is
   not built again (early cutoff).
3. *Scan.* References are looked for among the objects that the build could see, and forbidden places (of the
   store, of staging, of the sandbox; and the object's own name) in all files. A tree that names one would not work
   elsewhere: refused.
4. *Sync.* All files and folders go to the disk, before any name for them exists in `objects/`. If the disk reports
   an error the build has failed: a second fsync would report success for data that is lost.
5. *Place.* Under the collector lock (shared: no garbage is collected meanwhile) and the publish lock (processes that
   made the same object take turns, until it is recorded) the tree is renamed to `objects/<store path>`, and that
   folder synced.
   - Somebody else has placed and recorded the same object since step 2: ours is dropped.
   - A folder stands there without a row: a crash between steps 5 and 7 left it. Whoever could be working on it would
     hold the publish lock, so nobody is; it goes to the trash.
   - A row without a folder: somebody deleted it by hand. Ours takes its place.
6. *Write down.* Manifest, record (digest, size, references), derivation and realisation become files, each whole or
   not there. They are the truth: the index is rebuilt from them. A crash after this step leaves a whole object
   without a row, which is rubbish to the index and an object to a rebuild of it: both are right.
7. *Record.* One short transaction makes the object valid. It fails if an object that is referred to is not.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from envmgr.manifest import Manifest, manifest_of
from envmgr.model.derivation import BuiltOutput, Derivation
from envmgr.model.digest import Digest
from envmgr.model.errors import BuildError
from envmgr.model.realisation import Isolation, Realisation, StoreObject
from envmgr.model.store_path import StorePath
from envmgr.store.adopt import Foreign
from envmgr.store.db import Database
from envmgr.store.durable import sync_folder, sync_tree, write_file, writing
from envmgr.store.layout import Layout
from envmgr.store.path_lock import exclusive, shared
from envmgr.store.references import scan
from envmgr.store.seal import close_top, seal
from envmgr.store.staging import Staging, discard

LOCK_SECONDS = 600.0
"""How long a step of some milliseconds in another process is waited for."""

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
    """

    derivation: Derivation
    resolved: Digest
    candidates: Collection[StorePath]
    forbidden: Sequence[bytes]
    isolation: Isolation
    bare_host: Mapping[str, str]

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
    hold: Callable[[Iterable[StorePath]], None]

    def publish(self, staging: Staging, finished: Finished) -> Realisation:
        """Make the tree in `staging.out` a valid object, and bind the derivation to it; see the top of this module.

        Raises:
            UnfitTreeError: the tree holds what no object may hold.
            LocationLeakError: the tree names a forbidden place.
            DiskFullError, NotWrittenError: it could not be brought to the disk.
            NotValidError: an object that it refers to is gone.
        """
        with writing(self.layout.root):
            tree = seal(staging.out, staging.folder)
            manifest = manifest_of(tree)
            path = finished.store_path(manifest)
            described = self._held_object(path)
            if described is None:
                described = _describe(tree, path, manifest, finished)
                sync_tree(tree)
            realisation = finished.realisation(path, manifest)
            with self._turn(path):
                self._place(tree, path)
                texts = {realisation.derivation: finished.derivation.text}
                self._write_down(described, manifest, [realisation], texts, scratch=staging.folder)
                self.database.record([described], [realisation])
        return realisation

    def adopt(self, staging: Staging, foreign: Foreign) -> None:
        """Make the tree that `unpack` made in `staging.out` a valid object, its references being valid.

        Its bytes were held against the manifest as they were written, where nobody else could reach them. So nothing
        is sealed, hashed or scanned again; sync, place, write down and record are as for a build. A realisation is
        kept only where this store has none of the same derivation resolved to the same.

        Raises:
            FalseDescriptionError: what is said of it contradicts itself.
            DiskFullError, NotWrittenError: it could not be brought to the disk.
            NotValidError: an object that it refers to is not here.
        """
        foreign.check()
        with writing(self.layout.root):
            if self._held_object(foreign.path) is None:
                sync_tree(staging.out)
            with self._turn(foreign.path):
                self._place(staging.out, foreign.path)
                new = [made for made in foreign.realisations if not self._knows(made)]
                self._write_down(foreign.described, foreign.manifest, new, foreign.texts, scratch=staging.folder)
                self.database.record([foreign.described], new)

    def _held_object(self, path: StorePath) -> StoreObject | None:
        with shared(self.layout.collector_lock, timeout=LOCK_SECONDS):
            self.hold([path])
            return self._valid(path)

    def _valid(self, path: StorePath) -> StoreObject | None:
        return self.database.object(path) if self.layout.object(path).is_dir() else None

    def _knows(self, made: Realisation) -> bool:
        """Whether this question has an answer here already, which nothing from elsewhere may change."""
        known = self.database.realisations_of_derivation(made.derivation)
        return any(item.resolved == made.resolved and self.layout.object(item.store_path).is_dir() for item in known)

    @contextmanager
    def _turn(self, path: StorePath) -> Iterator[None]:
        with (
            shared(self.layout.collector_lock, timeout=LOCK_SECONDS),
            exclusive(self.layout.publish_lock(path), holder=f"publishing {path}", timeout=LOCK_SECONDS),
        ):
            yield

    def _place(self, tree: Path, path: StorePath) -> None:
        if self._valid(path) is not None:
            return
        target = self.layout.object(path)
        discard(self.layout, target)
        tree.rename(target)
        close_top(target)
        sync_folder(self.layout.objects)

    def _write_down(
        self,
        described: StoreObject,
        manifest: Manifest,
        realisations: Iterable[Realisation],
        texts: Mapping[Digest, bytes],
        *,
        scratch: Path,
    ) -> None:
        path = described.store_path
        write_file(self.layout.manifest(path), manifest.text, scratch=scratch)
        write_file(self.layout.record(path), described.model_dump_json().encode(), scratch=scratch)
        sync_folder(self.layout.manifests)
        for realisation in realisations:
            write_down_realisation(self.layout, texts[realisation.derivation], realisation, scratch=scratch)


def write_down_realisation(layout: Layout, text: bytes, realisation: Realisation, *, scratch: Path) -> None:
    """Make a derivation's text and what came of it files: what the rows of the index are made from again."""
    described = layout.realisation(realisation.derivation, realisation.resolved)
    write_file(layout.derivation(realisation.derivation), text, scratch=scratch)
    write_file(described, realisation.model_dump_json().encode(), scratch=scratch)
    sync_folder(layout.derivations)
    sync_folder(layout.realisations)


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
