"""Damage is found whatever it is, and mended only where a good copy is at hand."""

import os
from collections.abc import Collection
from pathlib import Path

import pytest

from envmgr.manifest import FileEntry
from envmgr.model.realisation import Realisation, StoreObject
from envmgr.store.staging import Staging
from envmgr.store.store import Store
from envmgr.store.verify import repair, verify

from .conftest import Publish


@pytest.fixture
def made(store: Store, publish: Publish) -> Realisation:
    return publish(store, "hello", {"bin/hello": "hello", "doc": "words"})


def writable(file: Path) -> Path:
    file.parent.chmod(0o755)
    file.chmod(0o644)
    return file


def damage(top: Path, what: str) -> None:
    """Do to an object what a careless person or a bad disk does."""
    doc = writable(top / "doc")
    match what:
        case "a byte":
            doc.write_text("Words")
        case "the executable bit":
            doc.chmod(0o555)
        case "a missing file":
            doc.unlink()
        case "one file more":
            (top / "more").touch()
        case "a link for a file":
            doc.unlink()
            doc.symlink_to("bin/hello")
        case "a fifo":
            os.mkfifo(top / "fifo")
        case "a missing object":
            top.rename(top.parent.parent / "away")


DAMAGES = ["a byte", "the executable bit", "a missing file", "one file more", "a link for a file", "a fifo"]
DAMAGES += ["a missing object"]


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


@pytest.mark.parametrize("name", ["manifest", "record"])
def test_damage_to_what_the_index_is_rebuilt_from_is_found(store: Store, made: Realisation, name: str) -> None:
    file: Path = getattr(store.layout, name)(made.store_path)
    file.write_bytes(b"{}")
    assert [found.store_path for found in verify(store)] == [made.store_path]
    file.unlink()
    assert [found.store_path for found in verify(store)] == [made.store_path]
    assert repair(store, made.store_path, good_copy)
    assert verify(store) == []


def good_copy(described: StoreObject, realisations: Collection[Realisation], staging: Staging) -> bool:
    assert described.store_path == next(iter(realisations)).store_path
    (staging.out / "bin").mkdir()
    (staging.out / "bin" / "hello").write_text("hello")
    (staging.out / "doc").write_text("words")
    return True


@pytest.mark.parametrize("what", DAMAGES)
def test_a_good_copy_mends_the_object(store: Store, made: Realisation, what: str) -> None:
    damage(store.folder(made.store_path), what)
    assert repair(store, made.store_path, good_copy)
    assert verify(store) == []
    assert store.realisation(made.resolved) == made


def test_nothing_is_lost_where_no_good_copy_can_be_had(store: Store, made: Realisation) -> None:
    damage(store.folder(made.store_path), "a byte")

    def bad_copy(described: StoreObject, realisations: Collection[Realisation], staging: Staging) -> bool:
        return good_copy(described, realisations, staging) and bool((staging.out / "doc").write_text("lies"))

    assert not repair(store, made.store_path, lambda *_: False)
    assert not repair(store, made.store_path, bad_copy)
    assert (store.folder(made.store_path) / "doc").read_text() == "Words"
    assert store.object(made.store_path) is not None
