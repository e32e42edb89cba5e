"""Objects that lie in other stores, copied into the one that borrowed them, so that it needs those no more."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from envmgr.manifest import Manifest
from envmgr.model.errors import IntegrityError
from envmgr.model.store_path import StorePath
from envmgr.store.links import lent_from
from envmgr.store.pack import blocks, fill
from envmgr.store.repair import replace
from envmgr.store.store import Store
from envmgr.tree import UnfitTreeError


class NotLentError(IntegrityError):
    """An object that is linked to another store is not there any more, or not what it was."""

    def __init__(self, path: StorePath, place: Path) -> None:
        self.path, self.place = path, place
        super().__init__(
            f"{path} can't be copied: it is not there any more, or not what it was",
            where=str(place),
            fix="realize what it belongs to again: it is found elsewhere, or built",
        )


def detach(store: Store, path: StorePath) -> bool:
    """Copy an object from the store that it is linked to; False where it is no link.

    Raises:
        NotLentError: the other store has it no more, or damaged.
        DiskFullError, NotWrittenError, ReadOnlyStoreError: this store can't be written.
    """
    place = lent_from(store.layout, path)
    if place is None:
        return False
    tree, described = store.folder(path), store.database.object(path)
    if described is None or not tree.is_dir():
        raise NotLentError(path, place)
    try:
        replace(store, described, lambda made: _copy(tree, store.manifest(path), made.out))
    except (IntegrityError, UnfitTreeError) as error:
        raise NotLentError(path, place) from error
    return True


def _copy(tree: Path, manifest: Manifest, into: Path) -> None:
    """Make a tree again from its bytes, held against its manifest on the way."""
    fill(manifest, _Stream(blocks(tree, manifest)), into, where=str(tree))


class _Stream:
    """Blocks of bytes, one after the other."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks: Iterator[bytes] = iter(blocks)
        self._left = memoryview(b"")

    def readinto(self, buffer: memoryview, /) -> int:
        """Put some bytes into a buffer, and say how many; 0 at the end."""
        while not self._left:
            block = next(self._blocks, None)
            if block is None:
                return 0
            self._left = memoryview(block)
        got = min(len(buffer), len(self._left))
        buffer[:got] = self._left[:got]
        self._left = self._left[got:]
        return got
