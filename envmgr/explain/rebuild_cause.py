"""Why something is built again: what its derivation has that the last one realised had not, down to the root causes.

*The last one realised* of a recipe is, among the derivations of its name and system that have an object in this store,
the one whose realisation was written down last. An input that differs is followed by its role, from the earlier text's
digest to the text that has it; where a field differs that is no input, that is a cause. The texts of what was
collected are gone, and so end the way there.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import itemgetter
from typing import Literal

from envmgr.explain.causes import Cause, causes
from envmgr.explain.derivation_text import DerivationText, derivation_text
from envmgr.explain.text_diff import TextDiff, text_diff
from envmgr.explain.tree_diff import EntryDiff, Tree, tree_diff
from envmgr.model.digest import Digest
from envmgr.model.field_change import FieldChange, field_changes
from envmgr.model.node import Node
from envmgr.model.realisation import Realisation
from envmgr.model.source import LocalSource
from envmgr.model.store_path import StorePath
from envmgr.planning.sources import local_manifest, local_path
from envmgr.store.record import read_lines
from envmgr.store.store import Store

NAMES = ("realised", "now")
"""What the two texts of a comparison are called."""


@dataclass(frozen=True)
class Earlier:
    """A derivation that was realised, and when this store learnt of it (UTC)."""

    derivation: Digest
    store_path: StorePath
    realised: str


@dataclass(frozen=True)
class Rebuild:
    """Whether something would be built, and why."""

    recipe: str
    label: str
    derivation: Digest
    state: Literal["present", "gone", "new", "changed"]
    """`present`: nothing would be built; `gone`: it was realised, and its object is no longer there; `new`: nothing of
    this name and system is realised; `changed`: other derivations of it are."""
    earlier: Earlier | None
    """What it is held against."""
    fields: tuple[FieldChange, ...]
    """Its own fields that differ, inputs (by derivation digest) among them."""
    text: TextDiff | None
    may_be_cut_off: bool
    """Nothing differs but inputs that are built themselves: should these come out the same, nothing is built here."""
    causes: tuple[Cause, ...]
    """What is at the bottom, the nearest first."""


def rebuild_cause(store: Store, node: Node, *, against: StorePath | None = None) -> Rebuild:
    """Why a derivation would be built.

    Args:
        store: where it would be built.
        node: its plan.
        against: hold it against what gave this object, and not against the last one realised.

    Raises:
        DamagedDerivationError: the text of an earlier one is damaged.
    """
    state, earlier = _state(store, node)
    if against is not None:
        earlier = _last(store, store.database.realisations_of(against))
    before = derivation_text(store, earlier.derivation) if earlier else None
    now = DerivationText.parse(node.derivation.text)
    fields = tuple(field_changes(before.fields, now.fields)) if before else ()
    built = {f"inputs.{role}" for role, item in node.inputs.items() if not item.is_source}
    return Rebuild(
        recipe=node.recipe,
        label=node.derivation.label,
        derivation=node.digest,
        state=state,
        earlier=earlier,
        fields=fields,
        text=text_diff(before.lines, now.lines, names=NAMES) if before else None,
        may_be_cut_off=bool(fields) and all(change.before and change.field in built for change in fields),
        causes=tuple(_causes(store, node, earlier.derivation)) if earlier else (),
    )


def _state(store: Store, node: Node) -> tuple[Literal["present", "gone", "new", "changed"], Earlier | None]:
    known = store.database.realisations_of_derivation(node.digest)
    if known:
        return "present" if store.realisations_of(node.digest) else "gone", _last(store, known)
    others = [
        item
        for item in store.database.realisations_of_name(node.derivation.name)
        if (text := derivation_text(store, item.derivation)) and text.system == node.derivation.system
    ]
    return "changed" if others else "new", _last(store, others)


def _last(store: Store, found: list[Realisation]) -> Earlier | None:
    """The one that was written down last."""
    if not found:
        return None
    written, last = max(((_written(store, item), item) for item in found), key=itemgetter(0))
    when = datetime.fromtimestamp(written / 1e9, UTC)
    return Earlier(last.derivation, last.store_path, when.isoformat(timespec="seconds"))


def _written(store: Store, item: Realisation) -> int:
    """When a realisation was written down, as the record of its object says; 0 where it does not."""
    said = read_lines(store.layout.record(item.store_path)).answers.get((item.derivation, item.resolved))
    return said.when if said else 0


def _causes(store: Store, node: Node, earlier: Digest) -> Iterator[Cause]:
    """Down from what was realised and from the plan."""
    nodes = {item.digest: item for item in node.walk()}
    texts = (
        lambda digest: derivation_text(store, digest),
        lambda digest: DerivationText.parse(nodes[digest].derivation.text),
    )
    found = causes(earlier, node.digest, texts, names=NAMES, edited=lambda old, new: _edited(store, old, nodes[new]))
    return (item for item in found if isinstance(item, Cause))


def _edited(store: Store, before: Digest, node: Node) -> Iterator[EntryDiff]:
    """The files of the checkout that differ from those that were taken before."""
    earlier = store.realisations_of(before)
    if isinstance(node.source, LocalSource) and node.folder and earlier:
        old, place = earlier[0].store_path, local_path(node.source, node.folder)
        now = Tree(place if place.is_dir() else place.parent, local_manifest(node.source, node.folder))
        yield from tree_diff(Tree(store.folder(old), store.manifest(old)), now)
