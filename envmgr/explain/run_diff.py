"""How two runs differ, and why: their records first, then what they were made from, down to a source or a setting."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from envmgr.explain.causes import Cause, Follower, Texts, causes
from envmgr.explain.closure_diff import ObjectChange, closure_diff
from envmgr.explain.kept_texts import kept_texts
from envmgr.explain.tree_diff import EntryDiff, Tree, tree_diff
from envmgr.model.digest import Digest
from envmgr.model.realisation import Realisation
from envmgr.model.run_record import Recorded, RunInput, RunRecord
from envmgr.results.comparison import Comparison, compare
from envmgr.store.store import Store

NAMES = ("before", "after")


@dataclass(frozen=True)
class SameDerivation:
    """An input that one derivation gave twice, with different bytes."""

    role: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.role}: the same derivation came out otherwise, {self.before} -> {self.after}"


@dataclass(frozen=True)
class ClosureCauses:
    """How the closures of two runs differ, and why."""

    common: int
    """Objects that both have."""
    objects: tuple[ObjectChange, ...]
    causes: tuple[Cause, ...]
    """The derivations that differ by themselves, the benchmark's own text first."""
    follows: tuple[Follower, ...]
    """Those that differ because an input does, and nothing else."""
    cut_off: tuple[str, ...]
    """Roles of inputs that another derivation gave, with the same bytes all the same."""
    unreproduced: tuple[SameDerivation, ...]


@dataclass(frozen=True)
class RunDiff:
    """How two runs, or two configurations of several, differ."""

    records: Comparison
    closure: ClosureCauses | None
    """None where a side was made elsewhere: nobody knows what it was made from."""


def run_diff(store: Store, before: Sequence[Recorded], after: Sequence[Recorded]) -> RunDiff:
    """Hold two sides against each other; of several runs, the first stands for what they were made from.

    Raises:
        DamagedDerivationError: a text that explains the difference is damaged.
        DamagedObjectError: a source that differs cannot be read.
    """
    old, new = before[0], after[0]
    closure = closure_causes(store, old, new) if isinstance(old, RunRecord) and isinstance(new, RunRecord) else None
    return RunDiff(compare(before, after), closure)


def closure_causes(store: Store, before: RunRecord, after: RunRecord) -> ClosureCauses:
    """How the closures of two runs differ, and why."""
    texts: tuple[Texts, Texts] = kept_texts(store, before), kept_texts(store, after)
    shared = before.inputs.keys() & after.inputs.keys()
    pairs = {role: (before.inputs[role], after.inputs[role]) for role in sorted(shared)}
    found = list(causes(before.derivation, after.derivation, texts, names=NAMES, edited=partial(_edited, store, texts)))
    return ClosureCauses(
        common=len({*before.closure} & {*after.closure}),
        objects=tuple(closure_diff(before.closure, after.closure)),
        causes=tuple(item for item in found if isinstance(item, Cause)),
        follows=tuple(item for item in found if isinstance(item, Follower)),
        cut_off=tuple(role for role, (one, other) in pairs.items() if _is_cut_off(one, other)),
        unreproduced=tuple(
            SameDerivation(role, str(one.store_path), str(other.store_path))
            for role, (one, other) in pairs.items()
            if one.derivation == other.derivation and one.store_path != other.store_path
        ),
    )


def _is_cut_off(one: RunInput, other: RunInput) -> bool:
    return one.derivation != other.derivation and one.store_path == other.store_path


def _edited(store: Store, texts: tuple[Texts, Texts], *pair: Digest) -> Iterator[EntryDiff]:
    """What differs in the files of two sources that are both still here."""
    found = [text(digest) for text, digest in zip(texts, pair, strict=True)]
    made = [store.realisations_of(digest) for digest in pair]
    if all(text is not None and text.is_fixed for text in found) and all(made):
        yield from tree_diff(*(_tree(store, each[0]) for each in made))


def _tree(store: Store, made: Realisation) -> Tree:
    return Tree(store.folder(made.store_path), store.manifest(made.store_path))
