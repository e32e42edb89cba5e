"""What a page is told of a run beside its record: where its files lie, and what only a store knows."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from envmgr.model.digest import Digest
from envmgr.model.run_record import AnyRecord, RunRecord
from envmgr.model.store_path import StorePath


@dataclass(frozen=True)
class ObjectFacts:
    """What a store knows of an object."""

    references: tuple[StorePath, ...]
    bytes: int
    manifest: Digest
    recipe: str = ""
    """By which recipe, as its derivation has it; empty where the store does not know."""
    derivation: Digest | None = None
    isolation: str = "unknown"
    log: str = ""
    """The command that prints the log of its build; empty for what nobody built."""
    licence: str = ""


@dataclass(frozen=True)
class ShownRun:
    """A run for a page."""

    record: AnyRecord
    folder: Path
    objects: Mapping[StorePath, ObjectFacts] = field(default_factory=dict)
    """Those of its closure that the store has."""
    annotations: Path | None = None
    """What is to be found on the pictures that it looked at, in COCO's format."""
    pictures: Path | None = None
    """The folder of these pictures."""
    smaller: Callable[[Path, Sequence[str]], Mapping[str, bytes]] | None = None
    """Makes JPEGs of pictures in a folder, by their names, that are small enough for a page, as far as it can."""


@dataclass(frozen=True)
class Branch:
    """A place in the tree of a closure."""

    depth: int
    role: str
    """As the run's recipe calls it; empty below."""
    store_path: StorePath
    facts: ObjectFacts | None
    """None where the store has it no more."""
    repeated: bool
    """Whether it stands further up already, with all that it refers to."""


def closure_tree(run: ShownRun) -> Iterator[Branch]:
    """The closure of a run as a tree: its inputs by role, and below each what it refers to."""
    if not isinstance(run.record, RunRecord):
        return
    seen: set[StorePath] = set()
    asked = [(0, role, item.store_path) for role, item in sorted(run.record.inputs.items(), reverse=True)]
    while asked:
        depth, role, path = asked.pop()
        facts = run.objects.get(path)
        yield Branch(depth, role, path, facts, path in seen)
        if path not in seen and facts:
            asked += [(depth + 1, "", item) for item in sorted(facts.references, reverse=True)]
        seen.add(path)
    rest = [path for path in run.record.closure if path not in seen]
    yield from (Branch(0, "", path, run.objects.get(path), repeated=False) for path in rest)
