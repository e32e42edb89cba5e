"""Damage is found whatever it is, and mended only where a good copy is at hand."""

import os
from collections.abc import Callable, Collection
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


DAMAGES: dict[str, Callable[[Path], object]] = {
    "a byte": lambda top: writable(top / "doc").write_text("Words"),
    "the executable bit": lambda top: (top / "doc").chmod(0o555),
    "a missing file": lambda top: writable(top / "doc").unlink(),
    "one file more": lambda top: (top.chmod(0o755), (top / "more").touch()),
    "a link for a file": lambda top: (writable(top / "doc").unlink(), (top / "doc").symlink_to("bin/hello")),
    "a fifo": lambda top: (top.chmod(0o755), os.mkfifo(top / "fifo")),
    "a missing object": lambda top: (top.chmod(0o755), top.rename(top.parent.parent / "away")),
}


@pytest.mark.parametrize("what", DAMAGES)
def test_every_damage_to_a_tree_is_found(store: Store, made: Realisation, publish: Publish, what: str) -> None:
    publish(store, "other", {"file": "whole"})
    assert verify(store) == []
    DAMAGES[what](store.folder(made.store_path))
    assert [damage.store_path for damage in verify(store)] == [made.store_path]
    assert [damage.store_path for damage in verify(store, [made.store_path])] == [made.store_path]


def test_the_entries_that_differ_are_named(store: Store, made: Realisation) -> None:
    DAMAGES["a byte"](store.folder(made.store_path))
    (damage,) = verify(store)
    (change,) = damage.changes
    assert change.path == "doc"
    assert isinstance(change.before, FileEntry)
    assert isinstance(change.after, FileEntry)


@pytest.mark.parametrize("name", ["manifest", "record"])
def test_damage_to_what_the_index_is_rebuilt_from_is_found(store: Store, made: Realisation, name: str) -> None:
    file: Path = getattr(store.layout, name)(made.store_path)
    file.write_bytes(b"{}")
    assert [damage.store_path for damage in verify(store)] == [made.store_path]
    file.unlink()
    assert [damage.store_path for damage in verify(store)] == [made.store_path]
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
    DAMAGES[what](store.folder(made.store_path))
    assert repair(store, made.store_path, good_copy)
    assert verify(store) == []
    assert store.realisation(made.resolved) == made
    assert list(store.layout.trash.iterdir()) != [] or what == "a missing object"


def test_nothing_is_lost_where_no_good_copy_can_be_had(store: Store, made: Realisation) -> None:
    DAMAGES["a byte"](store.folder(made.store_path))

    def bad_copy(described: StoreObject, realisations: Collection[Realisation], staging: Staging) -> bool:
        return good_copy(described, realisations, staging) and bool((staging.out / "doc").write_text("lies"))

    assert not repair(store, made.store_path, lambda *_: False)
    assert not repair(store, made.store_path, bad_copy)
    assert (store.folder(made.store_path) / "doc").read_text() == "Words"
    assert store.object(made.store_path) is not None
