"""Every byte, mode and link of every object held against its manifest. Nothing is changed here; `repair` does that."""

from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from envmgr.files import Readers
from envmgr.manifest import Change, Manifest, begin_manifest, difference
from envmgr.model.digest import Digest
from envmgr.model.realisation import Realisation, StoreObject
from envmgr.model.store_path import StorePath
from envmgr.sealed import is_sealed
from envmgr.store.contradiction import Answers, answer_is_right, record_is_right
from envmgr.store.links import lent_from
from envmgr.store.record import Record, read
from envmgr.store.store import Store
from envmgr.tree import Level, UnfitTreeError, walk

Progress = Callable[[StorePath], None]
"""Called with each object before it is read."""

_AHEAD = 16
"""Objects that are begun before the first of them is finished, so that the readers have something to do meanwhile."""


@dataclass(frozen=True)
class Damage:
    """What is wrong with an object.

    `changes` are the entries that are not as its manifest says, as far as that can be told. Is the content whole, then
    only its modes are wrong, or the files that the index would be rebuilt from. Is it the index that is wrong, then all
    of these are whole.
    """

    store_path: StorePath
    what: str
    changes: tuple[Change, ...] = ()
    content_is_whole: bool = False
    index_is_wrong: bool = False


def verify(
    store: Store, paths: Collection[StorePath] | None = None, *, progress: Progress = lambda path: None
) -> list[Damage]:
    """Read objects (all, if none are named), several files at a time, and say what is damaged.

    Raises:
        NotValidError: one of the objects is not valid.
    """
    if paths is not None:
        store.hold(paths)
    found: list[Damage | None] = []
    begun: deque[Callable[[], Damage | None]] = deque()
    answers = Answers(store.layout)
    with Readers() as readers:
        for path in store.database.objects() if paths is None else paths:
            progress(path)
            begun.append(_begin(store, path, readers, answers))
            if len(begun) > _AHEAD:
                found.append(begun.popleft()())
        found += [end() for end in begun]
    valid = (damage for damage in found if damage and store.database.object(damage.store_path))
    return [_with_lender(store, damage) for damage in valid]  # others were collected as garbage


def damage_of(store: Store, path: StorePath) -> Damage | None:
    """Read an object; what is wrong with it, if it is valid."""
    with Readers() as readers:
        return _begin(store, path, readers, Answers(store.layout))()


def _begin(store: Store, path: StorePath, readers: Readers, answers: Answers) -> Callable[[], Damage | None]:
    """Begin to read an object; what is returned waits for it, and says what is wrong."""
    described = store.database.object(path)
    if described is None:  # it was collected as garbage
        return lambda: None
    folder = store.folder(path)
    if not folder.is_dir():
        return lambda: Damage(path, "its folder is gone")
    unsealed: list[str] = []
    manifest = begin_manifest(_watched(folder, unsealed), readers)
    return partial(_damage, store, described, manifest, unsealed, answers)


def _damage(
    store: Store, described: StoreObject, manifest: Callable[[], Manifest], unsealed: Sequence[str], answers: Answers
) -> Damage | None:
    path = described.store_path
    try:
        found = manifest()
    except UnfitTreeError as error:
        return Damage(path, error.message)
    if found.digest != described.manifest:
        return _content_damage(store, described, found)
    if unsealed and not store.layout.object(path).is_symlink():  # modes in another store are its owner's
        what = f"modes or times are not an object's: {', '.join(sorted(unsealed))}"
        return Damage(path, what, content_is_whole=True)
    return _record_damage(store, described, found, answers)


def _with_lender(store: Store, damage: Damage) -> Damage:
    place = lent_from(store.layout, damage.store_path)
    return replace(damage, what=f"{damage.what} (it is linked to {place})") if place else damage


def _watched(folder: Path, unsealed: list[str]) -> Iterator[Level]:
    """A walk that notes what others could write to, or nobody read, and what has another time."""
    if not is_sealed(folder.stat()):
        unsealed.append(".")
    for level in walk(folder):
        yield level
        entries = (*level.files, *level.folders)
        unsealed += [level.path(entry) for entry in entries if not is_sealed(entry.stat(follow_symlinks=False))]


def _content_damage(store: Store, described: StoreObject, found: Manifest) -> Damage:
    text = read(store.layout.record(described.store_path)).manifest
    if text == found.text:
        return _wrong_index(described.store_path, "its manifest and its bytes are")
    if Digest.of(text) != described.manifest:
        return Damage(described.store_path, "its bytes are not what they were, and neither is its manifest")
    changes = difference(Manifest.parse(text), found)
    return Damage(described.store_path, "its bytes are not what they were", tuple(changes))


def _record_damage(store: Store, described: StoreObject, manifest: Manifest, answers: Answers) -> Damage | None:
    """What is wrong with the record that the index would be rebuilt from, or with the index."""
    layout, path = store.layout, described.store_path
    rows = store.database.realisations_of(path)  # before the record: that is written first
    record = read(layout.record(path))
    if record.manifest != manifest.text:
        return Damage(path, "its manifest is gone or damaged", content_is_whole=True)
    said = record.described
    if said is not None and said != described and record_is_right(layout, said, described, manifest):
        return _wrong_index(path, "its record says")
    if said != described:
        return Damage(path, "its record is gone or damaged", content_is_whole=True)
    for made in rows:
        damage = _realisation_damage(answers, record, made)
        if damage and made in store.database.realisations_of(path):  # else it is another object's meanwhile
            return damage
    return Damage(path, f"its record: {record.faults[0]}", content_is_whole=True) if record.faults else None


def _realisation_damage(answers: Answers, record: Record, made: Realisation) -> Damage | None:
    said = record.answers.get((made.derivation, made.resolved))
    if said is not None and said.text is not None and said.realisation == made:
        return None
    if answer_is_right(answers, record, made):
        return _wrong_index(made.store_path, "a realisation of it says")
    if said is not None and said.text is None:
        return Damage(made.store_path, f"the text of the derivation {made.derivation} is lost", content_is_whole=True)
    return Damage(made.store_path, "a realisation of it is gone or damaged", content_is_whole=True)


def _wrong_index(path: StorePath, what_says: str) -> Damage:
    return Damage(path, f"the index is wrong: {what_says} otherwise", content_is_whole=True, index_is_wrong=True)
