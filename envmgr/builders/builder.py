"""The contract of a builder, and what it is given to work with.

A builder gets ready input paths and an empty folder, and fills the folder. It cannot publish: what it made is
sealed, hashed and renamed by the store after every process of it is gone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Protocol

from envmgr.builders.action import Executor
from envmgr.manifest import Manifest
from envmgr.model.derivation import Derivation
from envmgr.model.realisation import Isolation
from envmgr.model.source import FetchedSource
from envmgr.model.store_path import StorePath

Progress = Callable[[int, int | None], None]
"""Called with the bytes done and the bytes in all (None: unknown)."""


@dataclass(frozen=True)
class Input:
    """A realised input: its name, and the folder where it lies now."""

    store_path: StorePath
    folder: Path


@dataclass(frozen=True)
class Limits:
    """What a build may use up; never part of a derivation."""

    seconds: float = 3600.0
    output_bytes: int = 64 * 2**30


@dataclass(frozen=True)
class BuildTask:
    """One build, ready to go.

    `closure` holds every object that the inputs reach, the inputs included: what the builder's processes may see.
    `out` is an empty folder to be filled, `work` an empty folder that is thrown away; both are on the store's file
    system. `source` says where a fixed output comes from. `log` is a file to append to.
    """

    derivation: Derivation
    inputs: Mapping[str, Input]
    closure: Mapping[StorePath, Path]
    out: Path
    work: Path
    log: Path
    executor: Executor
    source: FetchedSource | None = None
    checkout: Path | None = None
    """The folder that local sources are relative to."""
    partial: Path | None = None
    """Of a fetch of many files: what an earlier try left behind, and what this one may leave."""
    jobs: int = 1
    limits: Limits = field(default_factory=Limits)
    progress: Progress = lambda done, total: None


@dataclass(frozen=True)
class BuildReport:
    """How a finished build was held, and what the bare host lent to it (file names to digests).

    `manifest` is what the output contains, where the builder wrote every byte of it itself, hashed what it wrote, and
    gave it an object's modes and times.
    """

    isolation: Isolation
    bare_host: Mapping[str, str] = field(default_factory=dict)
    manifest: Manifest | None = None


class Builder(Protocol):
    """One way to make an object."""

    name: ClassVar[str]

    def build(self, task: BuildTask) -> BuildReport:
        """Fill `task.out`.

        Raises:
            BuildError: the build failed; the log says how.
            FetchError, IntegrityError: a source could not be had, or is not what was pinned.
            HostError: the host lacks what the build needs.
        """
        ...
