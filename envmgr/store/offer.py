"""What a store knows of its objects, in the form and the order in which another store can take them."""

from collections.abc import Iterable
from graphlib import TopologicalSorter

from envmgr.model.digest import Digest
from envmgr.model.realisation import Realisation, StoreObject
from envmgr.model.store_path import StorePath
from envmgr.store.adopt import Foreign
from envmgr.store.db import NotValidError
from envmgr.store.record import read_lines
from envmgr.store.store import DamagedObjectError, Store


def ordered_closure(store: Store, paths: Iterable[StorePath]) -> list[StoreObject]:
    """The objects that some objects reach by references, references before their referrers; else sorted.

    Raises:
        NotValidError: one of them is not valid.
    """
    described = {path: store.object(path) for path in store.closure(paths)}
    known = {path: item for path, item in described.items() if item is not None}
    if gone := described.keys() - known.keys():
        raise NotValidError(store.layout.index, gone)
    order = TopologicalSorter({path: item.references for path, item in known.items()}).static_order()
    return [known[path] for path in order]


def offer(store: Store, described: StoreObject) -> Foreign:
    """All that is known of a valid object: its manifest, and every realisation that gave it.

    Raises:
        DamagedObjectError: it can't be read.
    """
    realisations = store.database.realisations_of(described.store_path)
    texts = derivation_texts(store, described.store_path, realisations)
    return Foreign(described, store.manifest(described.store_path), realisations, texts)


def derivation_texts(store: Store, path: StorePath, realisations: Iterable[Realisation]) -> dict[Digest, bytes]:
    """The texts of the derivations that gave an object, by derivation digest.

    Raises:
        DamagedObjectError: its record has not all of them.
    """
    known = read_lines(store.layout.record(path)).texts
    asked = {made.derivation for made in realisations}
    for lost in asked - known.keys():
        raise DamagedObjectError(path, f"the text of the derivation {lost} is lost", store.root)
    return {digest: known[digest] for digest in asked}
