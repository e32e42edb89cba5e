"""What is written down of an object stays, and is believed no further than it should be."""

import threading
from pathlib import Path

import pytest

from envmgr.model.realisation import Realisation
from envmgr.store import gc
from envmgr.store.contradiction import unindexed
from envmgr.store.durable import NotWrittenError
from envmgr.store.rebuild import rebuild_db
from envmgr.store.record import read
from envmgr.store.repair import repair
from envmgr.store.store import Store
from envmgr.store.verify import verify

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
