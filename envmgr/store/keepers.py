"""Which roots keep an object, and by which references."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from envmgr.model.store_path import StorePath
from envmgr.store import roots
from envmgr.store.path_lock import LOCK_SECONDS, alone
from envmgr.store.roots import Root
from envmgr.store.store import Store


@dataclass(frozen=True)
class Keeper:
    """A root, and the shortest chain of references from an object that it names to the one that it keeps.

    The chain begins with the one and ends with the other; if the root names the object itself, it is that alone.
    """

    root: Root
    chain: tuple[StorePath, ...]


def all_roots(store: Store) -> list[Root]:
    """The roots that hold, those of other running processes last.

    Of a store that can only be read, running ones can't be told from dead ones, and are not named.
    """
    return [*store.roots(), *([] if store.read_only else _running(store))]


def keepers(store: Store, path: StorePath) -> list[Keeper]:
    """Every root that keeps an object."""
    towards = _towards(store, path)
    return [
        Keeper(root, min((_chain(named, towards) for named in root.paths if named in towards), key=len))
        for root in all_roots(store)
        if not towards.keys().isdisjoint(root.paths)
    ]


def _running(store: Store) -> Iterator[Root]:
    with alone(store.layout.collector_lock, holder="listing roots", timeout=LOCK_SECONDS):
        for file in roots.running(store.layout):
            process = file.name.partition("-")[0]
            if process != str(os.getpid()):
                yield Root("running", file.name, tuple(roots.relied_on(file)), f"process {process} relies on it")


def _towards(store: Store, path: StorePath) -> Mapping[StorePath, StorePath]:
    """For each object that reaches this one the next on the shortest way to it; for the object itself, itself."""
    towards = {path: path}
    newest = [path]
    while newest:
        referrers = store.database.referrers(newest)
        newest = []
        for reference, found in referrers.items():
            for referrer in found:
                if referrer not in towards:
                    towards[referrer] = reference
                    newest.append(referrer)
    return towards


def _chain(start: StorePath, towards: Mapping[StorePath, StorePath]) -> tuple[StorePath, ...]:
    chain = [start]
    while (following := towards[chain[-1]]) != chain[-1]:
        chain.append(following)
    return tuple(chain)
