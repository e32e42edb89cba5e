"""Build again what was built, beside it, and hold the two against each other.

What is there stays as it is: a second build is never published, whatever comes of it. Sources are not fetched again,
as a fixed output can't come out otherwise.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from envmgr.explain.tree_diff import EntryDiff, Tree, tree_diff
from envmgr.manifest import manifest_of
from envmgr.model.digest import Digest
from envmgr.model.errors import NotReproducibleError
from envmgr.model.event import Event
from envmgr.model.lockfile import Expected
from envmgr.model.node import Node
from envmgr.model.realisation import Isolation, Realisation
from envmgr.model.store_path import StorePath
from envmgr.realize import Realizer
from envmgr.schedule import Schedule

SHOWN_ENTRIES = 20
"""Entries of one object that an error lists."""


@dataclass(frozen=True)
class SecondBuild:
    """One derivation that was built again."""

    label: str
    derivation: Digest
    store_path: StorePath
    """What it was held against."""
    isolation: Isolation
    """How the second build was held."""
    seconds: float
    entries: tuple[EntryDiff, ...]
    """Those in which the second build differs; none where it gave the same, bit for bit."""
    kept: Path | None = None
    """The folder of a second build that differs, with --keep-failed."""


class RebuildDiffersError(NotReproducibleError):
    """Second builds gave other bytes; `different` has them with the entries that differ."""

    def __init__(self, different: Sequence[SecondBuild]) -> None:
        self.different = list(different)
        super().__init__(
            "\n".join(line for item in self.different for line in _words(item)),
            fix="look at what differs: times, paths, order, random numbers, the number of cores? "
            "--keep-failed keeps the second build",
        )


def _words(item: SecondBuild) -> list[str]:
    shown = [f"    {line}" for entry in item.entries[:SHOWN_ENTRIES] for line in str(entry).split("\n")]
    more = len(item.entries) - SHOWN_ENTRIES
    kept = [f"    the second build is kept: {item.kept}"] if item.kept else []
    return [
        f"{item.label}: a rebuild came out different:",
        *shown,
        *([f"    and {more} more"] if more > 0 else []),
        *kept,
    ]


def build_again(
    realizer: Realizer, roots: Sequence[Node], expected: Mapping[Digest, Expected], *, closure: bool
) -> list[SecondBuild]:
    """Build derivations again that were built; all of them, also after one that differs.

    Args:
        realizer: how; what the builds need and is not there is realised first.
        roots: what to build again; of a run, its inputs.
        expected: the outputs that a lockfile pins.
        closure: build again everything that these were built from as well.

    Raises:
        EnvmgrError: a build failed, or something could not be realised.
    """
    nodes = _built(roots, closure=closure)
    done = realizer.realize([*nodes, *(item for node in nodes for item in node.inputs.values())], expected)
    ended: list[SecondBuild] = []

    def make(alone: Node, _: Mapping[Digest, Realisation]) -> Realisation:
        node = by_digest[alone.digest]
        again = _again(realizer, node, done)
        ended.append(again)
        said = "it came out different" if again.entries else "the same again, bit for bit"
        realizer.notice(Event("finished", again.label, "rebuild", text=said, seconds=again.seconds))
        return done[node.digest]

    by_digest = {node.digest: node for node in nodes}
    waiting_for_nothing = [replace(node, inputs={}) for node in nodes]
    options = realizer.options
    schedule = Schedule(waiting_for_nothing, {}, jobs=options.jobs, keep_going=options.keep_going)
    schedule.run(make, realizer.stop)
    return ended


def _built(roots: Sequence[Node], *, closure: bool) -> list[Node]:
    """What is to be built again, each once, inputs first."""
    tops = [item for root in roots for item in (root.inputs.values() if root.run else [root])]
    nodes = [item for top in tops for item in (top.walk() if closure else [top])]
    return list({node.digest: node for node in nodes if not node.is_source and node.run is None}.values())


def _again(realizer: Realizer, node: Node, done: Mapping[Digest, Realisation]) -> SecondBuild:
    """Build one node beside what is there, and compare."""
    store, label, began = realizer.store, node.derivation.label, time.monotonic()
    realizer.notice(Event("started", label, "rebuild", log=store.log(node.digest)))
    paths = {role: done[item.digest].store_path for role, item in node.inputs.items()}
    known = store.realisation(node.derivation.resolved_digest(paths)) or done[node.digest]
    first = Tree(store.folder(known.store_path), store.manifest(known.store_path))
    with store.stage(f"{label}-again", keep=realizer.options.keep_failed) as staging:
        report = realizer.build(node, done, staging)
        entries = tuple(tree_diff(first, Tree(staging.out, manifest_of(staging.out))))
        kept = store.keep(staging) if entries and realizer.options.keep_failed else None
    seconds = time.monotonic() - began
    return SecondBuild(label, node.digest, known.store_path, report.isolation, seconds, entries, kept)
