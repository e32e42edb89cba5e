"""The face of a store: opening it, looking things up, staging, and what a store that can't be used says."""

import os
import sqlite3
import stat
from pathlib import Path

import pytest

from envmgr.model.digest import Digest
from envmgr.model.errors import HostError, IntegrityError
from envmgr.model.store_path import StorePath
from envmgr.store.connection import DamagedIndexError
from envmgr.store.db import NotValidError
from envmgr.store.roots import Root
from envmgr.store.schema import MIGRATIONS, NewerStoreError, OlderStoreError
from envmgr.store.store import DamagedObjectError, NoStoreError, ReadOnlyStoreError, Store

from .conftest import Child, Publish, derivation_of

ABSENT = StorePath.of(kind="built", manifest=Digest.of(b"absent"), name="absent", version="1")


def test_the_first_use_makes_the_store_and_the_next_one_finds_it(root: Path, publish: Publish) -> None:
    with Store.open(root) as store:
        made = publish(store, "hello", {"file": "x"})
    with Store.open(root) as store:
        assert store.realisation(made.resolved) == made
        assert store.statistics().objects == 1
        assert store.statistics().bytes == 1


def test_a_store_works_wherever_it_is_moved(root: Path, tmp_path: Path, publish: Publish) -> None:
    with Store.open(root) as store:
        made = publish(store, "hello", {"file": "x"})
    root.rename(tmp_path / "moved")
    with Store.open(tmp_path / "moved") as store:
        assert store.realisation(made.resolved) == made
        assert (store.folder(made.store_path) / "file").read_text() == "x"


def test_the_root_is_the_real_place_of_the_store(root: Path, tmp_path: Path) -> None:
    (tmp_path / "alias").symlink_to(root)
    with Store.open(tmp_path / "alias") as store:
        assert store.root == root


def test_what_is_not_there_is_none(store: Store) -> None:
    assert store.object(ABSENT) is None
    assert store.realisation(Digest.of(b"")) is None
    assert store.realisations_of(Digest.of(b"")) == []
    assert store.closure([]) == {}


def test_the_closure_of_what_is_not_valid_is_refused(store: Store) -> None:
    with pytest.raises(NotValidError) as caught:
        store.closure([ABSENT])
    assert caught.value.missing == {ABSENT}


def test_a_closure_reaches_through_all_references(store: Store, publish: Publish) -> None:
    chain: list[StorePath] = []
    for number in range(5):
        text = str(chain[-1]) if chain else ""
        chain.append(publish(store, f"n{number}", {"file": text}, uses=chain).store_path)
    publish(store, "other", {"file": "alone"})
    assert list(store.closure([chain[-1]])) == sorted(chain)
    assert list(store.closure([chain[2]])) == sorted(chain[:3])


def test_another_derivation_can_be_bound_to_an_object(store: Store, publish: Publish) -> None:
    made = publish(store, "hello", {"file": "x"})
    other = derivation_of("hello", flag="1")
    bound = store.bind(made, other).wait()
    assert bound.store_path == made.store_path
    assert store.realisations_of(other.digest) == [bound]
    assert store.realisations_of(made.derivation) == [made]


def test_the_manifest_of_an_object_is_read_back_or_called_damaged(store: Store, publish: Publish) -> None:
    made = publish(store, "hello", {"file": "x"})
    assert store.manifest(made.store_path).digest == made.manifest
    store.layout.record(made.store_path).write_bytes(b"{}")
    with pytest.raises(DamagedObjectError):
        store.manifest(made.store_path)


def test_staging_is_private_and_gone_afterwards(store: Store) -> None:
    with store.stage("build") as staging:
        assert list(staging.out.iterdir()) == list(staging.work.iterdir()) == []
        assert stat.S_IMODE(staging.folder.stat().st_mode) == 0o700
        (staging.work / "left").mkdir(mode=0)
    assert not staging.folder.exists()


def test_staging_is_gone_after_a_failure_unless_it_is_to_be_kept(store: Store, root: Path) -> None:
    with pytest.raises(ZeroDivisionError), store.stage("build") as gone:
        raise ZeroDivisionError
    with pytest.raises(ZeroDivisionError), store.stage("build", keep=True) as kept:
        raise ZeroDivisionError
    with store.stage("build", keep=True) as finished:
        pass
    assert not gone.folder.exists()
    assert not finished.folder.exists()
    with Store.open(root):
        assert len(list(store.layout.staging.glob(f"{kept.folder.name}-*/work"))) == 1


def test_the_staging_of_a_killed_process_is_cleared_by_the_next_start(root: Path, store: Store, child: Child) -> None:
    script = f"""
with Store.open(Path({str(root)!r})) as store, store.stage("build") as staging:
    (staging.out / "file").write_text("half")
    say(staging.folder); wait()
"""
    with child(script) as other:
        assert other.stdout is not None
        folder = Path(other.stdout.readline().strip())
        Store.open(root).close()
        assert (folder / "out" / "file").exists()
        other.kill()
        other.wait()
        Store.open(root).close()
        assert not folder.exists()
    assert list(store.layout.trash.iterdir()) == []


def test_a_store_is_closed_in_the_midst_of_a_question_without_a_crash(root: Path, child: Child) -> None:
    script = f"""
import sqlite3, threading
def ask(store):
    try:
        while True:
            store.statistics()
            begun.release()
    except sqlite3.ProgrammingError:
        told.append(True)
begun, told = threading.Semaphore(0), []
for _ in range(50):
    with Store.open(Path({str(root)!r})) as store:
        late = threading.Thread(target=ask, args=[store])
        late.start()
        begun.acquire()
    late.join()
say(len(told))
"""
    with child(script) as other:
        assert other.communicate()[0] == "50\n"


def test_a_store_of_a_newer_envmgr_is_refused_with_both_versions(root: Path) -> None:
    Store.open(root).close()
    with sqlite3.connect(root / "db.sqlite") as connection:
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    connection.close()
    for read_only in (False, True):
        with pytest.raises(NewerStoreError) as caught:
            Store.open(root, read_only=read_only)
        assert (caught.value.found, caught.value.known) == (len(MIGRATIONS) + 1, len(MIGRATIONS))
        assert isinstance(caught.value, HostError)


def test_an_older_store_is_brought_forward(root: Path, publish: Publish, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store.open(root) as store:
        made = publish(store, "hello", {"file": "x"})
    newer = (*MIGRATIONS, "ALTER TABLE objects ADD COLUMN colour TEXT")
    monkeypatch.setattr("envmgr.store.schema.MIGRATIONS", newer)
    with Store.open(root) as store:
        assert store.realisation(made.resolved) == made
    with sqlite3.connect(root / "db.sqlite") as connection:
        assert connection.execute("SELECT colour FROM objects").fetchall() == [(None,)]
        assert connection.execute("PRAGMA user_version").fetchone() == (len(newer),)
    connection.close()


def test_an_older_store_that_can_only_be_read_is_refused(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Store.open(root).close()
    monkeypatch.setattr("envmgr.store.schema.MIGRATIONS", (*MIGRATIONS, "ALTER TABLE objects ADD COLUMN colour TEXT"))
    with pytest.raises(OlderStoreError) as caught:
        Store.open(root, read_only=True)
    assert (caught.value.found, caught.value.known) == (len(MIGRATIONS), len(MIGRATIONS) + 1)


def test_a_step_forward_that_fails_changes_nothing(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Store.open(root).close()
    broken = (*MIGRATIONS, "CREATE TABLE half (x); NONSENSE")
    monkeypatch.setattr("envmgr.store.schema.MIGRATIONS", broken)
    with pytest.raises(DamagedIndexError):
        Store.open(root)
    monkeypatch.undo()
    with Store.open(root) as store:
        assert store.database.faults() == []


def test_a_store_that_is_opened_for_reading_answers_and_writes_nothing(root: Path, publish: Publish) -> None:
    with Store.open(root) as store:
        made = publish(store, "hello", {"file": "x"})
    before = sorted(root.rglob("*"))
    with Store.open(root, read_only=True) as store:
        assert store.realisation(made.resolved) == made
        assert list(store.closure([made.store_path])) == [made.store_path]
        with pytest.raises(ReadOnlyStoreError), store.stage("build"):
            pass
        with pytest.raises(ReadOnlyStoreError), store.lock(made.resolved, holder="me", timeout=0):
            pass
    assert sorted(root.rglob("*")) == before


def test_a_store_of_somebody_else_is_read_only_and_says_why(root: Path, publish: Publish) -> None:
    with Store.open(root) as store:
        made = publish(store, "hello", {"file": "x"})
    if os.geteuid() == 0:
        os.chown(root / "objects", 12345, 12345)
    else:
        (root / "objects").chmod(0o555)
    with Store.open(root) as store:
        assert store.realisation(made.resolved) == made
        with pytest.raises(ReadOnlyStoreError) as caught, store.stage("build"):
            pass
    (root / "objects").chmod(0o755)
    assert caught.value.reason
    assert isinstance(caught.value, HostError)


def test_there_is_no_store_to_read_where_there_is_none(root: Path) -> None:
    with pytest.raises(NoStoreError):
        Store.open(root, read_only=True)
    assert not root.exists()


def test_a_store_cannot_be_made_below_a_file(root: Path) -> None:
    root.write_text("in the way")
    with pytest.raises(ReadOnlyStoreError):
        Store.open(root / "store")


@pytest.mark.parametrize("damage", [lambda index: index.unlink(), lambda index: index.write_bytes(b"")])
def test_an_index_that_is_lost_is_not_made_anew_in_silence(root: Path, publish: Publish, damage: object) -> None:
    with Store.open(root) as store:
        publish(store, "hello", {"file": "x"})
    assert callable(damage)
    damage(root / "db.sqlite")
    with pytest.raises(DamagedIndexError) as caught:
        Store.open(root)
    assert isinstance(caught.value, IntegrityError)


def test_an_index_that_is_no_index_is_called_damaged(root: Path) -> None:
    Store.open(root).close()
    (root / "db.sqlite").write_bytes(b"this is not SQLite" * 1000)
    with pytest.raises(DamagedIndexError):
        Store.open(root)


def test_roots_are_kept_replaced_listed_and_dropped(store: Store, publish: Publish) -> None:
    made = publish(store, "hello", {"file": "x"})
    root = Root("profile", "mine", (made.store_path,), "root add")
    store.add_root(root)
    assert store.roots() == [root]
    store.add_root(again := Root("profile", "mine", (), "emptied"))
    assert store.roots() == [again]
    assert store.remove_root("profile", "mine")
    assert not store.remove_root("profile", "mine")
    assert store.roots() == []


def test_a_root_of_what_is_not_valid_is_refused(store: Store) -> None:
    with pytest.raises(NotValidError):
        store.add_root(Root("profile", "mine", (ABSENT,), "root add"))
    assert store.roots() == []
