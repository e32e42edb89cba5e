"""What garbage collection keeps and drops, also beside commands that run."""

import json
import os
import select
import time
from pathlib import Path

import pytest

from envmgr.model.digest import Digest
from envmgr.model.run_files import RECORD
from envmgr.model.store_path import StorePath
from envmgr.store import gc
from envmgr.store.garbage import Bounds
from envmgr.store.gc import collect, garbage
from envmgr.store.path_lock import exclusive
from envmgr.store.roots import PRINTED_SECONDS, DamagedRootError, Root
from envmgr.store.store import ReadOnlyStoreError, Store
from envmgr.store.verify import verify

from .conftest import Child, Publish


@pytest.fixture
def pair(root: Path, publish: Publish) -> tuple[StorePath, StorePath]:
    """A library, and an application that refers to it, which nothing keeps."""
    with Store.open(root) as store:
        lib = publish(store, "lib", {"lib.so": "x"}).store_path
        app = publish(store, "app", {"app": str(lib)}, uses=[lib]).store_path
        return lib, app


def test_the_contract_in_one_story(root: Path, pair: tuple[StorePath, StorePath]) -> None:
    lib, app = pair
    with Store.open(root) as store:
        store.add_root(Root("profile", "mine", (app,), "root add"))
        assert collect(store).dead == ()
        assert set(store.database.objects()) == {lib, app}
        store.remove_root("profile", "mine")
        store.add_root(Root("profile", "mine", (lib,), "root add"))
        assert [dead.store_path for dead in collect(store).dead] == [app]
        store.remove_root("profile", "mine")
        assert [dead.store_path for dead in collect(store).dead] == [lib]
        assert list(store.layout.objects.iterdir()) == []


def test_nothing_of_a_dead_object_is_left(root: Path, pair: tuple[StorePath, StorePath]) -> None:
    with Store.open(root) as store:
        for realisation in (store.database.realisations_of(path)[0] for path in pair):
            store.log(realisation.derivation).write_text("built")
        collect(store)
        assert store.statistics().objects == 0
        layout = store.layout
        folders = (layout.objects, layout.records, layout.logs, layout.trash)
        assert [list(folder.iterdir()) for folder in folders] == [[]] * 4


def test_the_log_of_a_build_that_failed_stays(store: Store, publish: Publish) -> None:
    made = publish(store, "hello", {"file": "x"})
    failed = store.log(made.manifest)
    failed.write_text("error")
    collect(store)
    assert failed.exists()


def test_a_dry_run_says_each_path_its_bytes_and_why_and_drops_nothing(
    root: Path, pair: tuple[StorePath, StorePath]
) -> None:
    lib, app = pair
    with Store.open(root) as store:
        found = garbage(store)
        assert [(dead.store_path, dead.referrer) for dead in found.dead] == [(app, None), (lib, app)]
        assert found.bytes == store.statistics().bytes
        assert all(dead.why for dead in found.dead)
        assert set(store.database.objects()) == {lib, app}


def test_what_a_running_command_uses_stays_until_it_ends(
    root: Path, pair: tuple[StorePath, StorePath], child: Child
) -> None:
    lib, app = pair
    script = f"""
store = Store.open(Path({str(root)!r}))
say(store.realisation(derivation_of("app").digest) is not None); wait()
"""
    with child(script) as other, Store.open(root) as store:
        assert other.stdout is not None
        assert other.stdout.readline() == "True\n"
        assert collect(store).dead == ()
        assert set(store.database.objects()) == {lib, app}
        other.kill()
        other.wait()
        assert len(collect(store).dead) == 2
        assert list(store.layout.running.iterdir()) == []


def test_what_this_process_made_or_holds_stays_until_the_store_is_closed(root: Path, publish: Publish) -> None:
    with Store.open(root) as store:
        made = publish(store, "hello", {"file": "x"})
        assert collect(store).dead == ()
    with Store.open(root) as store:
        store.hold([made.store_path])
        assert collect(store).dead == ()
    with Store.open(root) as store:
        assert len(collect(store).dead) == 1


def test_a_build_that_runs_is_not_touched(store: Store) -> None:
    with store.stage("build") as staging:
        (staging.out / "file").write_text("half")
        assert garbage(store).rubbish == ()
        collect(store)
        assert (staging.out / "file").exists()


def test_a_root_holds_only_while_its_anchor_is_there(
    root: Path, tmp_path: Path, pair: tuple[StorePath, StorePath]
) -> None:
    lockfile = tmp_path / "recipes.lock"
    lockfile.write_text("")
    with Store.open(root) as store:
        store.add_root(Root("lockfile", "checkout", pair, "a lockfile in use", anchor=str(lockfile)))
        assert collect(store).dead == ()
        lockfile.unlink()
        assert len(collect(store).dead) == 2


def test_a_root_that_cannot_be_read_stops_the_collection(root: Path, pair: tuple[StorePath, StorePath]) -> None:
    with Store.open(root) as store:
        store.add_root(Root("profile", "mine", (), "root add"))
        (store.layout.roots / "profile" / "mine").write_text(json.dumps({"paths": 5}))
        with pytest.raises(DamagedRootError):
            collect(store)
        assert set(store.database.objects()) == set(pair)


def test_rubbish_is_named_and_swept(store: Store, publish: Publish) -> None:
    made = publish(store, "hello", {"file": "x"})
    (store.layout.objects / "half" / "sub").mkdir(parents=True)
    (store.layout.objects / "half").chmod(0o555)
    (store.layout.records / "stray").touch()
    with pytest.raises(ZeroDivisionError), store.stage("failed", keep=True):
        raise ZeroDivisionError
    (kept,) = store.layout.staging.glob("failed-*")
    places = {rubbish.place for rubbish in collect(store).rubbish}
    assert places == {
        Path("objects/half"),
        Path("records/stray"),
        kept.relative_to(store.root),
    }
    assert garbage(store).rubbish == ()
    assert store.database.objects() == [made.store_path]
    assert verify(store) == []


def test_an_object_can_be_built_again_after_it_was_dropped(
    root: Path, pair: tuple[StorePath, StorePath], publish: Publish
) -> None:
    with Store.open(root) as store:
        collect(store)
        assert publish(store, "lib", {"lib.so": "x"}).store_path == pair[0]
        assert verify(store) == []


def test_collections_beside_processes_that_publish_lose_nothing_of_theirs(
    root: Path, store: Store, child: Child
) -> None:
    script = f"""
with Store.open(Path({str(root)!r})) as store:
    made = []
    for number in range(12):
        uses = [made[-1].store_path] if made else []
        made.append(publish(store, f"n{{number % 4}}", f"{{number % 4}} " + (str(uses[0]) if number % 4 else ""), uses))
        assert store.realisation(made[-1].resolved) == made[-1]
    store.closure([one.store_path for one in made])
    assert all((store.folder(one.store_path) / "file").exists() for one in made)
    say("whole"); wait()
"""
    with child(script) as first, child(script) as second:
        assert first.stdout is not None
        assert second.stdout is not None
        while not select.select([first.stdout], [], [], 0.01)[0]:
            collect(store)
        assert first.stdout.readline() == second.stdout.readline() == "whole\n"
        collect(store)
        assert store.statistics().objects == 4
        assert verify(store) == []


@pytest.fixture
def chain(root: Path, publish: Publish, monkeypatch: pytest.MonkeyPatch) -> list[StorePath]:
    """Four objects, each but the first referring to the one before; they are dropped one by one, the last one first."""
    monkeypatch.setattr(gc, "_BATCH", 1)
    with Store.open(root) as store:
        made: list[StorePath] = []
        for number in range(4):
            text = f"{number} {made[-1]}" if made else "0"
            made.append(publish(store, f"n{number}", {"file": text}, uses=made[-1:]).store_path)
        return made


def test_a_root_that_comes_while_garbage_goes_keeps_what_is_left(root: Path, chain: list[StorePath]) -> None:
    def add_root(dropped: int, of: int) -> None:
        assert of == 4
        if dropped == 1:
            store.add_root(Root("profile", "mine", (chain[1],), "root add"))

    with Store.open(root) as store:
        assert [dead.store_path for dead in collect(store, progress=add_root).dead] == [chain[3], chain[2]]
        assert store.database.objects() == chain[:2]
        assert verify(store) == []


def test_what_somebody_comes_to_rely_on_while_garbage_goes_stays(root: Path, chain: list[StorePath]) -> None:
    def rely(dropped: int, of: int) -> None:
        if dropped == 2:
            other.hold([chain[0]])

    with Store.open(root) as other, Store.open(root) as store:
        collect(store, progress=rely)
        assert store.database.objects() == chain[:1]


def test_what_a_new_object_refers_to_stays_though_no_root_reaches_it(
    root: Path, chain: list[StorePath], publish: Publish
) -> None:
    def refer(dropped: int, of: int) -> None:
        if dropped == 1:
            with Store.open(root) as other:
                publish(other, "new", {"file": str(chain[2])}, uses=[chain[2]])

    with Store.open(root) as store:
        collect(store, progress=refer)
        assert [path.name for path in store.database.objects()] == ["n0", "n1", "n2", "new"]
        assert verify(store) == []
        collect(store)
        assert store.database.objects() == []


def test_an_interrupted_collection_has_done_a_part_and_the_next_one_does_the_rest(
    root: Path, chain: list[StorePath]
) -> None:
    def interrupt(dropped: int, of: int) -> None:
        if dropped == 2:
            raise KeyboardInterrupt

    with Store.open(root) as store:
        with pytest.raises(KeyboardInterrupt):
            collect(store, progress=interrupt)
        assert store.database.objects() == chain[:2]
        assert verify(store) == []
        assert garbage(store).rubbish == ()
        assert [dead.store_path for dead in collect(store).dead] == [chain[1], chain[0]]
        assert list(store.layout.trash.iterdir()) == []


def test_what_was_printed_stays_for_some_minutes_and_is_known_to_have_been_used(root: Path, publish: Publish) -> None:
    with Store.open(root) as store:
        made = publish(store, "hello", {"file": "x"}).store_path
        name = store.spare([made], "realize hello")
    with Store.open(root) as store:
        os.utime(store.layout.record(made), (0, 0))
        assert collect(store).dead == ()
        then = time.time() - PRINTED_SECONDS - 60
        os.utime(store.layout.roots / "printed" / name, (then, then))
        collect(store, Bounds(unused_since=then - 1))
        assert store.database.objects() == [made]
        assert store.layout.record(made).stat().st_mtime == pytest.approx(then)
        assert list((store.layout.roots / "printed").iterdir()) == []
        assert len(collect(store).dead) == 1


def test_what_was_printed_can_be_dropped_at_once(root: Path, publish: Publish) -> None:
    with Store.open(root) as store:
        store.spare([publish(store, "hello", {"file": "x"}).store_path], "realize hello")
    with Store.open(root) as store:
        assert len(collect(store, Bounds(printed_seconds=0)).dead) == 1


def test_roots_that_hold_nothing_any_more_are_rubbish(root: Path, tmp_path: Path, publish: Publish) -> None:
    with Store.open(root) as store:
        made = publish(store, "hello", {"file": "x"}).store_path
        store.add_root(Root("lockfile", "gone", (made,), "a lockfile", anchor=str(tmp_path / "gone.lock")))
        store.add_root(Root("link", "gone", (made,), "a link", anchor=str(tmp_path / "result")))
        assert [rubbish.place for rubbish in collect(store).rubbish] == [
            Path("roots/lockfile/gone"),
            Path("roots/link/gone"),
        ]


def test_logs_of_builds_that_failed_long_ago_are_rubbish(store: Store, publish: Publish) -> None:
    made = publish(store, "hello", {"file": "x"})
    kept, old = store.log(made.derivation), store.log(made.manifest)
    for log in (kept, old):
        log.write_text("log")
        os.utime(log, (0, 0))
    assert [rubbish.place for rubbish in collect(store).rubbish] == [old.relative_to(store.root)]
    assert kept.exists()


def test_what_is_left_of_runs_that_did_not_end_long_ago_is_rubbish(store: Store) -> None:
    for run in ("ended", "fresh", "old", "running"):
        (store.layout.runs / run / "performance").mkdir(parents=True)
    (store.layout.runs / "ended" / RECORD).write_text("{}")
    (store.layout.runs / "ledger.json").touch()
    for name in ("ended", "old", "running", "ledger.json"):
        os.utime(store.layout.runs / name, (0, 0))
    with exclusive(store.layout.run_lock("running"), holder="a run", timeout=0):
        assert [rubbish.place for rubbish in collect(store).rubbish] == [Path("runs/old")]
    assert {run.name for run in store.layout.runs.iterdir()} == {"ended", "fresh", "running", "ledger.json"}


def test_locks_that_nobody_holds_are_deleted(store: Store) -> None:
    held, free = Digest.of(b"held"), Digest.of(b"free")
    with store.lock(free, holder="me", timeout=0):
        pass
    with store.lock(held, holder="me", timeout=0):
        collect(store)
        assert [lock.name for lock in store.layout.locks.glob("build-*")] == [store.layout.build_lock(held).name]


def test_a_store_that_cannot_be_written_has_no_garbage(root: Path, pair: tuple[StorePath, StorePath]) -> None:
    assert pair
    with Store.open(root, read_only=True) as store:
        with pytest.raises(ReadOnlyStoreError):
            garbage(store)
        with pytest.raises(ReadOnlyStoreError):
            collect(store)
