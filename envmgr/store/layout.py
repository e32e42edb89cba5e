"""The names of everything below the folder of a store."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from envmgr.model.digest import Digest
from envmgr.model.store_path import StorePath


@dataclass(frozen=True)
class Layout:
    """The places of one store; `root` is absolute and free of symlinks, so that it can be searched for in bytes."""

    root: Path

    @cached_property
    def index(self) -> Path:
        """The SQLite file: which objects are valid. It can be made again from the files beside it."""
        return self.root / "db.sqlite"

    @cached_property
    def objects(self) -> Path:
        """One read-only tree a store path."""
        return self.root / "objects"

    @cached_property
    def manifests(self) -> Path:
        """For each object its manifest, and its record: digest, size, references."""
        return self.root / "manifests"

    @cached_property
    def derivations(self) -> Path:
        """The texts of the derivations that were realised, by derivation digest."""
        return self.root / "derivations"

    @cached_property
    def realisations(self) -> Path:
        """The realisations, by derivation and resolved digest."""
        return self.root / "realisations"

    @cached_property
    def roots(self) -> Path:
        """What garbage collection keeps, and why: one folder a kind, one file a root."""
        return self.root / "roots"

    @cached_property
    def running(self) -> Path:
        """The roots of running commands: files that live as long as their process."""
        return self.roots / "running"

    @cached_property
    def memos(self) -> Path:
        """What `realize` printed and what that rests on, for the next call: see realize_hot."""
        return self.root / "memos"

    @cached_property
    def shared(self) -> Path:
        """One more name of each file that several objects may share, by its SHA-256: see optimise."""
        return self.root / "shared"

    @cached_property
    def locks(self) -> Path:
        """Lock files, in a folder of mode 700; they are never deleted."""
        return self.root / "locks"

    @cached_property
    def staging(self) -> Path:
        """What is being built, on the file system of the objects, in a folder of mode 700."""
        return self.root / "staging"

    @cached_property
    def trash(self) -> Path:
        """What was moved out of the way and waits to be deleted."""
        return self.staging / "trash"

    @cached_property
    def partial(self) -> Path:
        """What unfinished fetches of many files have so far, by resolved digest; made with the first."""
        return self.root / "partial"

    @cached_property
    def below(self) -> Path:
        """Links to the `objects/` of the stores that lend objects to this one; made with the first."""
        return self.root / "below"

    @cached_property
    def logs(self) -> Path:
        """The logs of builds, by derivation digest."""
        return self.root / "logs"

    @cached_property
    def runs(self) -> Path:
        """The records of benchmark runs."""
        return self.root / "runs"

    def folders(self) -> tuple[Path, ...]:
        """All folders, those first that others stand in."""
        public = (self.root, self.objects, self.manifests, self.derivations, self.realisations, self.roots)
        return (*public, self.running, self.memos, self.locks, self.staging, self.trash, self.logs, self.runs)

    def object(self, path: StorePath) -> Path:
        """Where the tree of an object lies."""
        return self.objects / str(path)

    def manifest(self, path: StorePath) -> Path:
        """The canonical text of the object's manifest: the SHA-256 of this file is the manifest digest."""
        return self.manifests / manifest_name(path)

    def record(self, path: StorePath) -> Path:
        """What the index knows of an object, as JSON."""
        return self.manifests / record_name(path)

    def derivation(self, digest: Digest) -> Path:
        """The derivation's text: the SHA-256 of this file is the derivation digest."""
        return self.derivations / derivation_name(digest)

    def realisation(self, derivation: Digest, resolved: Digest) -> Path:
        """What a derivation came to when it was resolved so; half of each digest names it well enough."""
        return self.realisations / realisation_name(derivation, resolved)

    def log(self, derivation: Digest) -> Path:
        """The log of the last build of a derivation."""
        return self.logs / log_name(derivation)

    def build_lock(self, resolved: Digest) -> Path:
        """Held while a resolved derivation is being built: by one process at a time."""
        return self.locks / f"build-{resolved.hex}"

    @cached_property
    def copy_lock(self) -> Path:
        """A part of it, by store path, is held while an object is being copied from elsewhere."""
        return self.locks / "copy"

    @cached_property
    def publish_lock(self) -> Path:
        """A part of it, by store path, is held while an object takes its place, until it is recorded."""
        return self.locks / "publish"

    @cached_property
    def roots_lock(self) -> Path:
        """Held while a root is made from what it was before."""
        return self.locks / "roots"

    @cached_property
    def collector_lock(self) -> Path:
        """Held shared by who makes objects valid or relies on them, alone by who makes them invalid."""
        return self.locks / "collector"


def manifest_name(path: StorePath) -> str:
    """The file name of a manifest."""
    return f"{path}.manifest"


def record_name(path: StorePath) -> str:
    """The file name of an object's record."""
    return f"{path}.json"


def derivation_name(digest: Digest) -> str:
    """The file name of a derivation's text."""
    return f"{digest.hex}.json"


def realisation_name(derivation: Digest, resolved: Digest) -> str:
    """The file name of a realisation."""
    return f"{derivation.hex[:32]}-{resolved.hex[:32]}.json"


def log_name(derivation: Digest) -> str:
    """The file name of a log."""
    return f"{derivation.hex}.log"
