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
    def records(self) -> Path:
        """For each object one file, with all that the index knows of it, and its manifest: see record."""
        return self.root / "records"

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
        public = (self.root, self.objects, self.records, self.roots, self.running)
        return (*public, self.memos, self.locks, self.staging, self.trash, self.logs, self.runs)

    def object(self, path: StorePath) -> Path:
        """Where the tree of an object lies."""
        return self.objects / str(path)

    def record(self, path: StorePath) -> Path:
        """What the index is made from again: description, realisations and manifest of an object."""
        return self.records / str(path)

    def log(self, derivation: Digest) -> Path:
        """The log of the last build of a derivation."""
        return self.logs / log_name(derivation)

    def build_lock(self, resolved: Digest) -> Path:
        """Held while a resolved derivation is being built: by one process at a time."""
        return self.locks / f"build-{resolved.hex}"

    def run_lock(self, run: str) -> Path:
        """Held by a run, by its id, until it is recorded."""
        return self.locks / f"run-{run}"

    def series_lock(self, series: str) -> Path:
        """Held while runs of a series are made: two who go on with it would make each of its turns twice."""
        return self.locks / f"series-{series}"

    @cached_property
    def copy_lock(self) -> Path:
        """A part of it, by store path, is held while an object is being copied from elsewhere."""
        return self.locks / "copy"

    @cached_property
    def publish_lock(self) -> Path:
        """A part of it, by store path, is held while an object takes its place, until it is recorded."""
        return self.locks / "publish"

    @cached_property
    def record_lock(self) -> Path:
        """A part of it, by store path, is held while a record is made from what it was before."""
        return self.locks / "records"

    @cached_property
    def roots_lock(self) -> Path:
        """Held while a root is made from what it was before."""
        return self.locks / "roots"

    @cached_property
    def collector_lock(self) -> Path:
        """Held shared by who makes objects valid or relies on them, alone by who makes them invalid."""
        return self.locks / "collector"


def log_name(derivation: Digest) -> str:
    """The file name of a log."""
    return f"{derivation.hex}.log"
