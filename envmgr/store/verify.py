"""Every byte of every object held against its manifest, and objects made whole again where a good copy can be had."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path

from envmgr.manifest import Change, Manifest, difference, manifest_of
from envmgr.model.digest import Digest
from envmgr.model.realisation import Realisation, StoreObject
from envmgr.model.store_path import StorePath
from envmgr.store.durable import sync_folder, sync_tree, write_file, writing
from envmgr.store.links import lent_from
from envmgr.store.path_lock import LOCK_SECONDS, exclusive_part
from envmgr.store.remove import remove_tree
from envmgr.store.seal import close_top, seal
from envmgr.store.staging import Staging, discard
from envmgr.store.store import Store
from envmgr.tree import UnfitTreeError

Obtain = Callable[[StoreObject, Collection[Realisation], Staging], bool]
"""Fills `staging.out` with what should be that object (fetched, substituted, or built again by one of the
realisations); whether it could."""

Progress = Callable[[StorePath], None]
"""Called with each object before it is read."""


def _silent(_path: StorePath) -> None:
    pass


@dataclass(frozen=True)
class Damage:
    """What is wrong with an object: the entries that are not as the manifest says, or why that can't be told."""

    store_path: StorePath
    what: str
    changes: tuple[Change, ...] = ()


def verify(store: Store, paths: Collection[StorePath] | None = None, *, progress: Progress = _silent) -> list[Damage]:
    """Read objects (all, if none are named) and say what is damaged. Nothing is changed.

    Raises:
        NotValidError: one of the objects is not valid.
    """
    if paths is not None:
        store.hold(paths)
    damages = []
    for path in store.database.objects() if paths is None else paths:
        progress(path)
        described = store.database.object(path)
        damage = _damage(store, described) if described else None
        if damage is not None and store.database.object(path) is not None:  # else it was collected as garbage
            damages.append(_located(store, damage))
    return damages


def repair(store: Store, path: StorePath, obtain: Obtain) -> bool:
    """Replace a damaged object, if `obtain` gives exactly the tree that it should be; whether it did.

    The damaged tree stays where it is until its replacement is on the disk, so nothing is lost by trying. A crash
    between the two renames leaves a row without a folder: not valid, and realized again by whoever wants it.

    Raises:
        ReadOnlyStoreError: the store cannot be written.
    """
    described = store.database.object(path)
    if described is None:
        return False
    with store.stage("repair") as made, writing(store.root):
        if not obtain(described, store.database.realisations_of(path), made):
            return False
        tree = seal(made.out, made.folder)
        manifest = manifest_of(tree)
        if manifest.digest != described.manifest:
            return False
        sync_tree(tree)
        _replace(store, described, manifest, tree, made)
    return True


def _replace(store: Store, described: StoreObject, manifest: Manifest, tree: Path, made: Staging) -> None:
    layout, path = store.layout, described.store_path
    target = layout.object(path)
    with exclusive_part(layout.publish_lock, str(path), timeout=LOCK_SECONDS):
        write_file(layout.manifest(path), manifest.text, scratch=made.folder)
        write_file(layout.record(path), described.model_dump_json().encode(), scratch=made.folder)
        sync_folder(layout.manifests)
        damaged = discard(layout, target)
        tree.rename(target)
        close_top(target)
        sync_folder(target)
        sync_folder(layout.objects)
    remove_tree(damaged)


def _located(store: Store, damage: Damage) -> Damage:
    """The damage, with the place of the tree, where that is another store."""
    place = lent_from(store.layout, damage.store_path)
    return replace(damage, what=f"{damage.what} (it is linked to {place})") if place else damage


def _damage(store: Store, described: StoreObject) -> Damage | None:
    path = described.store_path
    folder = store.folder(path)
    if not folder.is_dir():
        return Damage(path, "its folder is gone")
    try:
        found = manifest_of(folder)
    except UnfitTreeError as error:
        return Damage(path, error.message)
    if found.digest == described.manifest:
        return _record_damage(store, described)
    recorded = _recorded_manifest(store, described)
    if recorded is None:
        return Damage(path, "its bytes are not what they were, and neither is its manifest")
    return Damage(path, "its bytes are not what they were", tuple(difference(recorded, found)))


def _record_damage(store: Store, described: StoreObject) -> Damage | None:
    """What is wrong with the files that the index would be rebuilt from."""
    if _recorded_manifest(store, described) is None:
        return Damage(described.store_path, "its manifest is gone or damaged")
    try:
        record = StoreObject.model_validate_json(store.layout.record(described.store_path).read_bytes())
    except (OSError, ValueError):
        return Damage(described.store_path, "its record is gone or damaged")
    return None if record == described else Damage(described.store_path, "its record is not what the index says")


def _recorded_manifest(store: Store, described: StoreObject) -> Manifest | None:
    try:
        text = store.layout.manifest(described.store_path).read_bytes()
    except OSError:
        return None
    return Manifest.parse(text) if Digest.of(text) == described.manifest else None
