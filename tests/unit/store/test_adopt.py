"""Objects of another store: taken when all that is said of them fits together, and not otherwise."""

import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from envmgr.model.digest import Digest
from envmgr.model.realisation import StoreObject
from envmgr.model.store_path import StorePath
from envmgr.store.adopt import FalseDescriptionError, Foreign
from envmgr.store.db import NotValidError
from envmgr.store.offer import offer
from envmgr.store.pack import pack, unpack
from envmgr.store.rebuild import rebuild_db
from envmgr.store.store import Store
from envmgr.store.verify import verify

from .conftest import Publish


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "other") as opened:
        yield opened


def taken_from(other: Store, path: StorePath) -> Foreign:
    described = other.object(path)
    assert described is not None
    return offer(other, described)


def adopt(store: Store, other: Store, foreign: Foreign) -> None:
    packed = io.BytesIO()
    pack(other.folder(foreign.path), foreign.manifest, packed)
    with store.stage("adopt") as staging:
        packed.seek(0)
        unpack(foreign.manifest, packed, staging.out, where="")
        store.adopt(staging, foreign)


def test_an_adopted_object_is_as_good_as_one_that_was_built(store: Store, other: Store, publish: Publish) -> None:
    base = publish(other, "base", {"file": "1"})
    user = publish(other, "user", {"deep/file": f"../{base.store_path}/file"}, uses=[base.store_path])
    for made in (base, user):
        adopt(store, other, taken_from(other, made.store_path))
    assert store.object(user.store_path) == other.object(user.store_path)
    assert store.realisations_of(user.derivation) == [user]
    assert [*store.closure([user.store_path])] == [*other.closure([user.store_path])]
    assert verify(store) == []
    store.close()
    assert rebuild_db(store.root).realisations == 2


def test_what_it_refers_to_comes_first(store: Store, other: Store, publish: Publish) -> None:
    base = publish(other, "base", {"file": "1"})
    user = publish(other, "user", {"file": str(base.store_path)}, uses=[base.store_path])
    with pytest.raises(NotValidError):
        adopt(store, other, taken_from(other, user.store_path))
    assert store.object(user.store_path) is None


def test_an_answer_that_is_here_is_not_replaced(store: Store, other: Store, publish: Publish) -> None:
    here = publish(store, "clock", {"file": "noon"})
    there = publish(other, "clock", {"file": "midnight"})
    assert here.resolved == there.resolved
    adopt(store, other, taken_from(other, there.store_path))
    assert store.realisation(here.resolved) == here
    assert store.object(there.store_path) is not None


def test_what_contradicts_itself_is_refused(store: Store, other: Store, publish: Publish) -> None:
    one, two = publish(other, "one", {"file": "1"}), publish(other, "two", {"file": "2"})
    right, wrong = taken_from(other, one.store_path), taken_from(other, two.store_path)
    itself = StoreObject(
        store_path=right.path, manifest=right.manifest.digest, size=right.manifest.size, references=(right.path,)
    )
    for false in (
        replace(right, manifest=wrong.manifest),
        replace(right, described=right.described.model_copy(update={"size": 2})),
        replace(right, described=right.described.model_copy(update={"manifest": wrong.manifest.digest})),
        replace(right, described=itself),
        replace(right, realisations=wrong.realisations, texts=wrong.texts),
        replace(right, texts={}),
        replace(right, texts={one.derivation: b"{}"}),
    ):
        with pytest.raises(FalseDescriptionError), store.stage("adopt") as staging:
            store.adopt(staging, false)
    assert store.database.objects() == []


def test_a_store_path_says_what_kind_of_object_it_names() -> None:
    manifest = Digest.of(b"")
    for kind in ("built", "fixed"):
        assert StorePath.of(kind=kind, manifest=manifest, name="a-b", version="1.2").kind(manifest) == kind
        assert StorePath.of(kind=kind, manifest=manifest, name="a-b", version="1.2").kind(Digest.of(b"x")) is None
