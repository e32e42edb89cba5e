"""What is garbage, in the order in which it goes, and how much of it is to go."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import nlargest
from pathlib import Path

from envmgr.model.store_path import StorePath
from envmgr.store.db import Database, DeadObject
from envmgr.store.disk_use import Inode, disk_use
from envmgr.store.last_use import last_use
from envmgr.store.layout import Layout
from envmgr.store.links import borrowed_objects
from envmgr.store.optimise import saved_by_sharing, shared_inodes
from envmgr.store.roots import PRINTED_SECONDS
from envmgr.tree import UnfitTreeError


@dataclass(frozen=True)
class Bounds:
    """How much of the garbage goes: all of it, unless something is said. No root is weakened by any of this."""

    keep_last: int = 0
    """Of each name, so many objects stay that were used last, with what they refer to."""
    unused_since: float | None = None
    """Only what was not used since then goes, in seconds since 1970."""
    max_free: float | None = None
    """No more goes as soon as so many bytes are free that were not."""
    max_size: float | None = None
    """No more goes as soon as the objects that stay have at most so many bytes."""
    printed_seconds: float = PRINTED_SECONDS
    """How long what a command printed is kept for whoever asked for it."""

    @property
    def is_choosy(self) -> bool:
        """Whether anything of what no root reaches may stay."""
        return (self.keep_last, self.unused_since, self.max_free, self.max_size) != (0, None, None, None)


def garbage_of(layout: Layout, database: Database, kept: Collection[StorePath], bounds: Bounds) -> list[DeadObject]:
    """What goes, referrers before their references; beside that, what was not used for longest goes first.

    Args:
        layout: where the records lie that say when an object was used.
        database: the index.
        kept: what roots name.
        bounds: how much is to go.
    """
    if not bounds.is_choosy:
        return list(_weighed(layout, database.dead(kept)))
    uses = {path: last_use(layout, path) for path in database.objects()}
    dead = database.dead({*kept, *_last_of_each_name(uses, bounds.keep_last)})
    aged = _longest_unused_first(database, dead, uses)
    ages, items = [age for age, _ in aged], _weighed(layout, [item for _, item in aged])
    return list(_as_much_as_said(zip(ages, items, strict=True), bounds, _size(layout, database)))


def _size(layout: Layout, database: Database) -> int:
    """Bytes of the files of all objects that lie here, those with several names counted once."""
    elsewhere = sum(item.size for path in borrowed_objects(layout) if (item := database.object(path)))
    return database.statistics().bytes - elsewhere - saved_by_sharing(layout)


def _weighed(layout: Layout, dead: Sequence[DeadObject]) -> Iterator[DeadObject]:
    """Dead objects with the bytes that become free when they go one after the other.

    A file that is shared becomes free with its last name; what lies in another store, never.
    """
    borrowed, shared = borrowed_objects(layout), shared_inodes(layout)
    left: dict[Inode, int] = {}
    for item in dead:
        if item.store_path in borrowed:
            yield replace(item, bytes=0)
        elif shared:
            yield replace(item, bytes=_freed(layout.object(item.store_path), shared, left, item.bytes))
        else:
            yield item


def _freed(tree: Path, shared: Collection[int], left: dict[Inode, int], recorded: int) -> int:
    """The bytes that become free with a tree; `left` counts the names that shared files have in other trees."""
    try:
        files = disk_use(tree, shared=shared)
    except UnfitTreeError:  # damaged: what was recorded is as good a guess as any
        return recorded
    freed = 0
    for inode, use in files.items():
        left[inode] = left.get(inode, use.links) - use.seen
        freed += use.bytes if left[inode] <= 0 else 0
    return freed


def _last_of_each_name(uses: Mapping[StorePath, float], number: int) -> Iterator[StorePath]:
    names: defaultdict[str, list[StorePath]] = defaultdict(list)
    for path in uses:
        names[path.name].append(path)
    for paths in names.values():
        yield from nlargest(number, paths, uses.__getitem__)


def _longest_unused_first(
    database: Database, dead: Sequence[DeadObject], uses: Mapping[StorePath, float]
) -> list[tuple[float, DeadObject]]:
    """Dead objects with the time of their last use; `dead` has referrers before references, and so has the answer.

    An object is used when what refers to it is used, so it is never older than its referrers, and sorting by age keeps
    the order, as it moves nothing of one age.
    """
    referrers = database.referrers(item.store_path for item in dead)
    ages: dict[StorePath, float] = {}
    for item in dead:
        later = [ages[path] for path in referrers[item.store_path] if path in ages]
        ages[item.store_path] = max([uses.get(item.store_path, 0.0), *later])
    return sorted(((ages[item.store_path], item) for item in dead), key=lambda aged: aged[0])


def _as_much_as_said(aged: Iterable[tuple[float, DeadObject]], bounds: Bounds, size: int) -> Iterator[DeadObject]:
    freed = 0
    for used, item in aged:
        if bounds.unused_since is not None and used >= bounds.unused_since:
            return
        if bounds.max_free is not None and freed >= bounds.max_free:
            return
        if bounds.max_size is not None and size - freed <= bounds.max_size:
            return
        freed += item.bytes
        yield item
