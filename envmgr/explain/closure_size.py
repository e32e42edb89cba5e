"""What a closure weighs: each object, all together, and what of it something else in the store needs as well."""

from collections.abc import Collection
from dataclasses import dataclass

from envmgr.model.store_path import StorePath
from envmgr.store.disk_use import bytes_of, disk_use, together
from envmgr.store.optimise import shared_inodes
from envmgr.store.store import Store


@dataclass(frozen=True)
class ObjectSize:
    """One object of a closure."""

    store_path: StorePath
    bytes: int
    """Of its files, hard links counted once."""
    shared: bool
    """Whether an object outside the closure reaches it."""
    used_by: tuple[StorePath, ...]
    """The objects outside the closure that refer to it themselves."""


@dataclass(frozen=True)
class ClosureSize:
    """Bytes of files, hard links counted once."""

    own: int
    """Of what was asked for."""
    closure: int
    """Of that and all that it reaches."""
    shared: int
    """Of the part of the closure that would stay if all that needs the rest were gone."""
    objects: tuple[ObjectSize, ...]
    """The closure, the largest first."""


def closure_size(store: Store, starts: Collection[StorePath]) -> ClosureSize:
    """Weigh the closure of some objects.

    Raises:
        NotValidError: one of them is not valid.
        UnfitTreeError: an object cannot be read.
    """
    closure = store.closure(starts)
    used_by = {
        path: [item for item in referrers if item not in closure]
        for path, referrers in store.database.referrers(closure).items()
    }
    shared = set(store.closure(path for path, users in used_by.items() if users))
    known = shared_inodes(store.layout)
    files = {path: disk_use(folder, shared=known) for path, folder in closure.items()}
    all_files, shared_files = together(files.values()), together(files[path] for path in shared)
    staying = {inode: use for inode, use in all_files.items() if inode in shared_files or use.named_elsewhere}
    objects = [ObjectSize(path, bytes_of(files[path]), path in shared, tuple(used_by[path])) for path in closure]
    return ClosureSize(
        own=bytes_of(together(files[path] for path in starts)),
        closure=bytes_of(all_files),
        shared=bytes_of(staying),
        objects=tuple(sorted(objects, key=lambda item: (-item.bytes, item.store_path))),
    )
