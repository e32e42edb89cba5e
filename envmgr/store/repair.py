"""A damaged object made whole, so that nothing is lost where that fails, and nobody is disturbed.

What is damaged stays where it is until its replacement is on the disk. Then the two change places, in one step where
the file system can do that. Whoever has old files open keeps them, but would not find more of them: what looks for
files in the old folder, as the mounts of a sandbox do, loses them when that is deleted. So an object that another
process relies on is left as it is; the collector lock, held alone, makes sure that none comes to rely on it meanwhile.
"""

import ctypes
import os
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path

from envmgr.manifest import manifest_of
from envmgr.model.digest import Digest
from envmgr.model.errors import EnvmgrError, IntegrityError, LockTimeoutError
from envmgr.model.realisation import Realisation, StoreObject
from envmgr.model.store_path import StorePath
from envmgr.sealed import is_sealed, seal_entry
from envmgr.store import roots
from envmgr.store.db import NotValidError
from envmgr.store.descriptor import open_file, open_folder
from envmgr.store.durable import sync_folder, sync_tree, write_file, writing
from envmgr.store.path_lock import LOCK_SECONDS, alone, exclusive_part
from envmgr.store.record import Record, Written, read_to_write, show, writing_record
from envmgr.store.seal import close_top, open_top, seal
from envmgr.store.staging import Staging
from envmgr.store.store import Store
from envmgr.store.verify import damage_of
from envmgr.tree import Level, UnfitTreeError, walk

Way = Callable[[Staging], None]
"""Fills `staging.out` with what should be the object; raises an EnvmgrError where it can't."""

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


class NotRepairedError(IntegrityError):
    """A damaged object could not be made whole; it is as it was."""

    def __init__(
        self,
        path: StorePath,
        reasons: Sequence[str],
        *,
        fix: str = "repair where its recipe is, or with a binary cache that has it",
    ) -> None:
        self.path, self.reasons = path, tuple(reasons)
        super().__init__(f"{path} is not repaired: {'; '.join(reasons)}", fix=fix)


class AnotherTreeError(IntegrityError):
    """What was obtained in place of a damaged object is not what it was."""

    def __init__(self, path: StorePath) -> None:
        self.path = path
        super().__init__("what was made anew has other bytes")


class InUseError(LockTimeoutError):
    """A damaged object is relied on by other processes, which would lose its files."""

    def __init__(self, path: StorePath, processes: Sequence[str]) -> None:
        self.path, self.processes = path, tuple(processes)
        super().__init__(f"process {', '.join(processes)} relies on it", fix="repair when that has ended")


def repair(
    store: Store,
    path: StorePath,
    ways: Callable[[StoreObject], Iterable[Way]],
    text: Callable[[Digest], bytes | None] = lambda _: None,
) -> None:
    """Make a damaged object whole: set its modes and its records right, or replace it by what one of the ways gives.

    Args:
        store: where it is.
        path: which one.
        ways: given what it was, names ways to it; each is tried only if all before it failed, and what it gives is
            taken only if it is exactly what should be there.
        text: gives the texts of derivations that are known.

    Raises:
        NotRepairedError: no way gave it; the damaged object is where it was.
        InUseError: another process relies on it.
        ReadOnlyStoreError: the store cannot be written.
    """
    store.require_writable()
    described = _held(store, path)
    if described is None:  # collected as garbage meanwhile
        return
    if not store.layout.object(path).is_symlink():  # what lies in another store is not ours to change
        _reseal(store.layout.object(path))
    damage = damage_of(store, path)
    if damage is not None and damage.index_is_wrong:
        raise NotRepairedError(path, [damage.what], fix="envmgr verify --rebuild-db")
    if damage is not None and not damage.content_is_whole:
        _replace_by(store, described, ways(described))
        damage = damage_of(store, path)
    if damage is not None:
        _write_down(store, described, text)
        damage = damage_of(store, path)
    if damage is not None:
        raise NotRepairedError(path, [damage.what])


def _held(store: Store, path: StorePath) -> StoreObject | None:
    with suppress(NotValidError):
        store.hold([path])
    return store.database.object(path)


def _replace_by(store: Store, described: StoreObject, ways: Iterable[Way]) -> None:
    reasons = []
    for way in ways:
        try:
            replace(store, described, way)
        except InUseError:
            raise
        except EnvmgrError as error:
            reasons.append(error.message)
        else:
            return
    nothing = "there is no cache to copy it from, and nothing says how it is built"
    raise NotRepairedError(described.store_path, reasons or [nothing])


def replace(store: Store, described: StoreObject, way: Way) -> None:
    """Put what a way gives into the place of an object, whatever stands there, if it is exactly what should be there.

    Raises:
        AnotherTreeError: it is not.
        InUseError: another process relies on what would be deleted.
        EnvmgrError: the way failed, or the store could not be written.
    """
    layout, path = store.layout, described.store_path
    target = layout.object(path)
    with store.stage("replace") as made, writing(store.root):
        way(made)
        tree = seal(made.out, made.folder)
        if manifest_of(tree).digest != described.manifest:
            raise AnotherTreeError(path)
        sync_tree(tree)
        with (
            exclusive_part(layout.publish_lock, str(path), timeout=LOCK_SECONDS),
            alone(layout.collector_lock, holder=f"replacing {path}", timeout=LOCK_SECONDS),
        ):
            if not target.is_symlink() and (processes := _relying(store, path)):
                raise InUseError(path, processes)
            _exchange(tree, target)
            close_top(target)
        sync_folder(target)
        sync_folder(layout.objects)


def _relying(store: Store, path: StorePath) -> list[str]:
    """The other processes that rely on an object, or on one that refers to it."""
    others = [file for file in roots.running(store.layout) if not file.name.startswith(f"{os.getpid()}-")]
    using = [file for file in others if path in store.database.reached(roots.relied_on(file))]
    return sorted(file.name.partition("-")[0] for file in using)


def _write_down(store: Store, described: StoreObject, text: Callable[[Digest], bytes | None]) -> None:
    """Write what the index would be rebuilt from, as the index and the tree say it."""
    path = described.store_path
    manifest = manifest_of(store.folder(path)).text
    with (
        store.stage("repair") as made,
        writing(store.root),
        writing_record(store.layout, path) as file,
    ):
        record = read_to_write(file)
        new = (_written(item, record, text) for item in store.database.realisations_of(path))
        written = record.joined([item for item in new if item is not None])
        write_file(file, show(described, written, manifest), scratch=made.work)
        sync_folder(file.parent)


def _written(made: Realisation, record: Record, text: Callable[[Digest], bytes | None]) -> Written | None:
    """A realisation as it is to be written down; None where its text is lost: it would be said of nobody knows what."""
    known = record.texts.get(made.derivation) or text(made.derivation)
    if known is None or Digest.of(known) != made.derivation:
        return None
    said = record.answers.get((made.derivation, made.resolved))
    return Written(realisation=made, derivation=known.decode(), when=said.when if said else time.time_ns())


def _exchange(tree: Path, target: Path) -> None:
    """Put a tree into the place of another, and that one into its place."""
    if not os.path.lexists(target):
        tree.rename(target)
        return
    if target.is_dir() and not target.is_symlink():
        open_top(target)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.renameat2(_AT_FDCWD, os.fsencode(tree), _AT_FDCWD, os.fsencode(target), _RENAME_EXCHANGE):
        # Not every file system can do that; for a moment there is no object then, and who looks will wait to make it.
        target.rename(tree.with_name("damaged"))
        tree.rename(target)


def _reseal(folder: Path) -> None:
    """Set the modes and times of a tree right, as far as that can be done: then it may be whole."""
    try:
        if not folder.is_dir():
            return
        open_top(folder)
        for level in walk(folder):
            _reseal_level(level)
        close_top(folder)
    except (OSError, UnfitTreeError):
        return  # the damage stays, and will be told of


def _reseal_level(level: Level) -> None:
    for entry in (*level.folders, *level.files):
        if not is_sealed(entry.stat(follow_symlinks=False)):
            opened = open_folder if entry.is_dir(follow_symlinks=False) else open_file
            descriptor = opened(entry.name, level.descriptor)
            try:
                seal_entry(descriptor)
            finally:
                os.close(descriptor)
