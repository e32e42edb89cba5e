"""Damage is mended where a good copy can be had, and nothing is lost where it can't."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from envmgr.model.errors import FetchError
from envmgr.model.realisation import Realisation, StoreObject
from envmgr.store.record import read
from envmgr.store.repair import InUseError, NotRepairedError, Way, repair
from envmgr.store.staging import Staging
from envmgr.store.store import ReadOnlyStoreError, Store
from envmgr.store.verify import verify

from .conftest import DAMAGES, RECORD_DAMAGES, Child, Publish, damage, derivation_of

Ways = Callable[[StoreObject], Iterator[Way]]


@pytest.fixture
def made(root: Path, publish: Publish) -> Realisation:
    with Store.open(root) as store:
        return publish(store, "hello", {"bin/hello": "hello", "doc": "words"})


@pytest.fixture
def store(root: Path, made: Realisation) -> Iterator[Store]:
    with Store.open(root) as opened:
        yield opened


def good_copy(staging: Staging) -> None:
    (staging.out / "bin").mkdir()
    (staging.out / "bin" / "hello").write_text("hello")
    (staging.out / "doc").write_text("words")


def bad_copy(staging: Staging) -> None:
    good_copy(staging)
    (staging.out / "doc").write_text("lies")


def no_copy(staging: Staging) -> None:
    bad_copy(staging)
    raise FetchError("nobody has it")


def by(*ways: Way) -> Ways:
    return lambda _described: iter(ways)


@pytest.mark.parametrize("what", DAMAGES)
def test_a_good_copy_mends_the_object(store: Store, made: Realisation, what: str) -> None:
    damage(store.folder(made.store_path), what)
    repair(store, made.store_path, by(no_copy, bad_copy, good_copy))
    assert verify(store) == []
    assert store.realisation(made.resolved) == made
    assert list(store.layout.trash.iterdir()) == []


def test_what_stands_in_the_place_of_an_object_gives_way(store: Store, made: Realisation) -> None:
    folder = store.folder(made.store_path)
    damage(folder, "a missing object")
    folder.write_text("no folder")
    repair(store, made.store_path, by(good_copy))
    assert verify(store) == []


def test_who_has_a_file_open_keeps_it(store: Store, made: Realisation) -> None:
    doc = store.folder(made.store_path) / "doc"
    damage(store.folder(made.store_path), "a byte")
    with doc.open() as file:
        repair(store, made.store_path, by(good_copy))
        assert (file.read(), doc.read_text()) == ("Words", "words")


@pytest.mark.parametrize("what", ["its description", "its manifest", "one line more"])
def test_what_the_index_is_rebuilt_from_is_written_again_without_any_copy(
    store: Store, made: Realisation, what: str
) -> None:
    record = store.layout.record(made.store_path)
    before = record.read_bytes()
    record.write_bytes(RECORD_DAMAGES[what](before))
    repair(store, made.store_path, by())
    assert record.read_bytes() == before


def test_the_text_of_a_derivation_is_written_again_where_it_is_known(store: Store, made: Realisation) -> None:
    record, text = store.layout.record(made.store_path), derivation_of("hello").text
    before = record.read_bytes()
    for damaged in RECORD_DAMAGES.values():
        record.write_bytes(damaged(before))
        if read(record).texts != {made.derivation: text}:
            with pytest.raises(NotRepairedError, match=r"a realisation of it is gone|the text of the derivation"):
                repair(store, made.store_path, by())
        repair(store, made.store_path, by(), {made.derivation: text}.get)
        assert (verify(store), read(record).texts) == ([], {made.derivation: text})


def test_modes_are_set_right_without_any_copy(store: Store, made: Realisation) -> None:
    folder = store.folder(made.store_path)
    for place, mode in ((".", 0o755), ("bin", 0o700), ("doc", 0o600), ("bin/hello", 0o222)):
        (folder / place).chmod(mode)
    repair(store, made.store_path, by())
    assert verify(store) == []


def test_nothing_is_lost_where_no_good_copy_can_be_had(store: Store, made: Realisation) -> None:
    damage(store.folder(made.store_path), "a byte")
    with pytest.raises(NotRepairedError) as caught:
        repair(store, made.store_path, by(bad_copy, no_copy))
    assert caught.value.reasons == ("what was made anew has other bytes", "nobody has it")
    assert (store.folder(made.store_path) / "doc").read_text() == "Words"
    assert store.object(made.store_path) is not None
    with pytest.raises(NotRepairedError):
        repair(store, made.store_path, by())


def test_what_another_process_relies_on_is_left_until_that_has_ended(
    root: Path, store: Store, made: Realisation, publish: Publish, child: Child
) -> None:
    with Store.open(root) as other:
        text = {"file": str(made.store_path)}
        user = publish(other, "user", text, uses=[made.store_path]).store_path
    damage(store.folder(made.store_path), "a byte")
    script = f"""
store = Store.open(Path({str(root)!r}))
store.hold([StorePath({str(user)!r})]); say("held"); wait()
"""
    with child(script) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        with pytest.raises(InUseError) as caught:
            repair(store, made.store_path, by(good_copy))
        assert caught.value.processes == (str(process.pid),)
        assert (store.folder(made.store_path) / "doc").read_text() == "Words"
    repair(store, made.store_path, by(good_copy))
    assert verify(store) == []


def test_a_store_that_cannot_be_written_is_not_repaired(root: Path, made: Realisation) -> None:
    with Store.open(root, read_only=True) as store, pytest.raises(ReadOnlyStoreError):
        repair(store, made.store_path, by(good_copy))
