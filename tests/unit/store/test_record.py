"""What is written down of an object stays, and is believed no further than it should be."""

import io
import os
import sys
import threading
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from envmgr.model.realisation import Realisation
from envmgr.store import gc
from envmgr.store.contradiction import unindexed
from envmgr.store.durable import NotWrittenError
from envmgr.store.rebuild import rebuild_db
from envmgr.store.record import read, show
from envmgr.store.repair import repair
from envmgr.store.store import Store
from envmgr.store.verify import Damage, verify

from .conftest import RECORD_DAMAGES, Publish, derivation_of

TEXT = derivation_of("hello").text
OTHER = derivation_of("hello", flag="other")


@pytest.fixture
def made(store: Store, publish: Publish) -> Realisation:
    return publish(store, "hello", {"file": "x"})


def superseded(store: Store, made: Realisation, publish: Publish) -> Realisation:
    """What answers in its place."""
    now = publish(store, "hello", {"file": "y"})
    assert (now.resolved, now.store_path == made.store_path) == (made.resolved, False)
    return now


def forget_lines(record: Path) -> None:
    before = read(record)
    assert before.described is not None
    record.write_bytes(show(before.described, [], before.manifest))


@pytest.mark.parametrize("what", [*RECORD_DAMAGES, "gone"])
def test_what_is_added_to_an_object_is_written_down_whatever_has_become_of_its_record(
    store: Store, made: Realisation, what: str
) -> None:
    record = store.layout.record(made.store_path)
    if what == "gone":
        record.unlink()
    else:
        record.write_bytes(RECORD_DAMAGES[what](record.read_bytes()))
    manifest = read(record).manifest
    bound = store.bind(made, OTHER).wait()
    assert store.derivation_text(bound.derivation) == OTHER.text
    assert read(record).manifest == manifest
    is_whole = what in {"its description", "one line more"}
    assert [damage.index_is_wrong for damage in verify(store)] == ([] if is_whole else [False])
    repair(store, made.store_path, lambda _: [], {made.derivation: TEXT}.get)
    assert verify(store) == []


def test_a_record_that_cannot_be_read_just_now_is_not_written_anew(store: Store, made: Realisation) -> None:
    record = store.layout.record(made.store_path)
    away = record.rename(store.root / "away")
    record.symlink_to(record)
    assert [damage.what for damage in verify(store)] == ["its manifest is gone or damaged"]
    with pytest.raises(NotWrittenError):
        repair(store, made.store_path, lambda _: [], {made.derivation: TEXT}.get)
    with pytest.raises(NotWrittenError):
        store.bind(made, OTHER).wait()
    away.replace(record)
    assert store.database.realisations_of(made.store_path) == [made]
    assert verify(store) == []


def test_an_answer_leaves_the_record_of_what_was_the_answer_before(root: Path, publish: Publish) -> None:
    with Store.open(root) as store:
        made = publish(store, "hello", {"file": "x"})
        bound = store.bind(made, OTHER).wait()
        now = superseded(store, made, publish)
        assert [item.realisation for item in read(store.layout.record(made.store_path)).written] == [bound]
        assert verify(store) == []
        store.database.drop([now.store_path])
    with Store.open(root) as store:
        store.hold([made.store_path])
        gc.collect(store)
        assert store.database.objects() == [made.store_path]
        assert unindexed(store.layout, store.database) == ([], 0)
    assert rebuild_db(root).realisations == 1


def test_an_answer_that_was_superseded_is_not_taken_for_the_truth(
    store: Store, made: Realisation, publish: Publish
) -> None:
    old = store.layout.record(made.store_path).read_bytes()
    now = superseded(store, made, publish)
    store.layout.record(made.store_path).write_bytes(old)  # as a commit leaves it that is killed at its end
    record = store.layout.record(now.store_path)
    text = record.read_bytes()
    for what in ("emptied", "its description", "a realisation", "the text of a derivation"):
        record.write_bytes(RECORD_DAMAGES[what](text))
        assert [(damage.store_path, damage.index_is_wrong) for damage in verify(store)] == [(now.store_path, False)]


def verified_meanwhile(store: Store, record: Path, text: bytes, act: Callable[[], object]) -> list[Damage]:
    """What `verify` finds when something is done just before the record is read."""
    record.unlink()
    os.mkfifo(record)
    with ThreadPoolExecutor(1) as thread:
        found = thread.submit(verify, store, [store.database.objects()[0]])
        with record.open("wb") as writer:
            act()
            record.unlink()
            record.write_bytes(text)
            writer.write(text)
        return found.result()


def test_a_commit_beside_it_is_no_damage(store: Store, made: Realisation) -> None:
    record = store.layout.record(made.store_path)
    bound = made.model_copy(update={"derivation": OTHER.digest})
    assert verified_meanwhile(store, record, record.read_bytes(), lambda: store.database.record([], [bound])) == []


def test_an_answer_that_leaves_meanwhile_is_no_damage(store: Store, made: Realisation, publish: Publish) -> None:
    record, other = store.layout.record(made.store_path), publish(store, "other", {"file": "y"})
    forget_lines(record)
    moved = made.model_copy(update={"store_path": other.store_path, "manifest": other.manifest})
    assert verified_meanwhile(store, record, record.read_bytes(), lambda: store.database.record([], [moved])) == []


def test_an_index_is_made_again_without_the_manifests_in_memory(root: Path, publish: Publish) -> None:
    with Store.open(root) as store:
        for number in range(4):
            made = publish(store, f"n{number}", {"file": str(number)})
            with store.layout.record(made.store_path).open("ab") as record:
                record.write(bytes(4_000_000))
    tracemalloc.start()
    try:
        assert rebuild_db(root).objects == 4
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


def test_the_records_are_read_once_however_many_have_lost_a_line(store: Store, publish: Publish) -> None:
    many = 8
    for number in range(many):
        forget_lines(store.layout.record(publish(store, f"n{number}", {"file": str(number)}).store_path))
    opened = []
    sys.setprofile(lambda _frame, event, what: opened.append(what) if event == "c_call" and what is io.open else None)
    try:
        assert len(verify(store)) == many
    finally:
        sys.setprofile(None)
    assert many < len(opened) <= 3 * many


def test_what_many_realisations_of_one_object_cost_grows_with_their_number(tmp_path: Path, publish: Publish) -> None:
    def calls(many: int) -> int:
        counted = []
        with Store.open(tmp_path / str(many)) as store:
            made = publish(store, "hello", {"file": "x"})
        with Store.open(tmp_path / str(many)) as store:
            others = [derivation_of("hello", flag=str(number)) for number in range(many)]
            threading.setprofile(lambda _frame, event, _: counted.append(event) if event == "call" else None)
            try:
                bound = [made.model_copy(update={"derivation": other.digest}) for other in others]
                store.learn(bound, {other.digest: other.text for other in others})
                store.settle()
            finally:
                threading.setprofile(None)
            assert len(read(store.layout.record(made.store_path)).written) == many + 1
        return len(counted)

    assert calls(200) < 3 * calls(100)
