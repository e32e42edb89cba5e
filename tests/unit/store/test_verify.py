"""Damage is found whatever it is."""

import pytest

from envmgr.manifest import FileEntry
from envmgr.model.realisation import Realisation
from envmgr.store.store import Store
from envmgr.store.verify import verify

from .conftest import DAMAGES, RECORD_DAMAGES, Publish, damage


@pytest.fixture
def made(store: Store, publish: Publish) -> Realisation:
    return publish(store, "hello", {"bin/hello": "hello", "doc": "words"})


@pytest.mark.parametrize("what", DAMAGES)
def test_every_damage_to_a_tree_is_found(store: Store, made: Realisation, publish: Publish, what: str) -> None:
    publish(store, "other", {"file": "whole"})
    assert verify(store) == []
    damage(store.folder(made.store_path), what)
    assert [found.store_path for found in verify(store)] == [made.store_path]
    assert [found.store_path for found in verify(store, [made.store_path])] == [made.store_path]


def test_the_entries_that_differ_are_named(store: Store, made: Realisation) -> None:
    damage(store.folder(made.store_path), "a byte")
    (found,) = verify(store)
    (change,) = found.changes
    assert change.path == "doc"
    assert isinstance(change.before, FileEntry)
    assert isinstance(change.after, FileEntry)


def test_every_damage_to_what_the_index_is_rebuilt_from_is_found(store: Store, made: Realisation) -> None:
    record = store.layout.record(made.store_path)
    text = record.read_bytes()
    for what, damaged in RECORD_DAMAGES.items():
        record.write_bytes(damaged(text))
        assert [(found.store_path, found.index_is_wrong) for found in verify(store)] == [(made.store_path, False)], what
    record.unlink()
    assert [found.store_path for found in verify(store)] == [made.store_path]
    record.write_bytes(text)
    assert verify(store) == []


@pytest.mark.parametrize(("place", "mode"), [(".", 0o755), ("bin", 0o755), ("doc", 0o644), ("bin/hello", 0o440)])
def test_modes_that_are_not_an_objects_are_found(store: Store, made: Realisation, place: str, mode: int) -> None:
    (store.folder(made.store_path) / place).chmod(mode)
    (found,) = verify(store)
    assert found.what == f"modes or times are not an object's: {place}"
    assert found.content_is_whole


def test_objects_are_read_in_their_order_whatever_thread_reads_them(store: Store, publish: Publish) -> None:
    made = [publish(store, f"n{number}", {"doc": str(number)}).store_path for number in range(12)]
    for path in made:
        damage(store.folder(path), "a byte")
    assert [found.store_path for found in verify(store)] == made
