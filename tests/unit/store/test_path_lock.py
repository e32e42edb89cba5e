"""Locks between threads and processes."""

import os
import stat
import threading
from pathlib import Path

import pytest

from envmgr.model.digest import Digest
from envmgr.model.errors import LockTimeoutError
from envmgr.store.path_lock import PathLockTimeoutError, alone, exclusive, hold_new, is_free, remove_free, shared
from envmgr.store.store import Store

from .conftest import Child

RESOLVED = Digest.of(b"resolved")
PATIENCE = 60
"""Seconds until what should have come counts as what hangs."""


def test_who_waits_is_told_for_whom_and_gives_up_in_time(root: Path, store: Store, child: Child) -> None:
    told: list[str] = []
    script = f"""
from envmgr.model.digest import Digest
with Store.open(Path({str(root)!r})) as store:
    with store.lock(Digest.parse({str(RESOLVED)!r}), holder="realize zlib", timeout=0):
        say("held"); wait()
"""
    with child(script) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with (
            pytest.raises(PathLockTimeoutError) as caught,
            store.lock(RESOLVED, holder="me", timeout=0.05, waiting=told.append),
        ):
            pass
    assert told == [f"realize zlib (process {other.pid})"]
    assert caught.value.holder == told[0]
    assert isinstance(caught.value, LockTimeoutError)


def test_the_lock_of_a_killed_process_is_free_at_once(root: Path, store: Store, child: Child) -> None:
    script = f"""
from envmgr.model.digest import Digest
store = Store.open(Path({str(root)!r}))
lock = store.lock(Digest.parse({str(RESOLVED)!r}), holder="x", timeout=0)
lock.__enter__()
say("held"); wait()
"""
    with child(script) as other:
        assert other.stdout is not None
        other.stdout.readline()
        other.kill()
        other.wait()
        with store.lock(RESOLVED, holder="me", timeout=0):
            pass


def test_lock_files_are_private_and_stay(store: Store) -> None:
    with store.lock(RESOLVED, holder="me", timeout=0):
        pass
    assert stat.S_IMODE(store.layout.locks.stat().st_mode) == 0o700
    assert store.layout.build_lock(RESOLVED).exists()


def test_a_link_in_the_place_of_a_lock_file_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("precious")
    (tmp_path / "lock").symlink_to(tmp_path / "victim")
    with pytest.raises(OSError, match="symbolic"), exclusive(tmp_path / "lock", holder="me", timeout=0):
        pass
    with pytest.raises(OSError, match="symbolic"), shared(tmp_path / "lock", timeout=0):
        pass
    assert (tmp_path / "victim").read_text() == "precious"


def test_many_may_share_a_lock_but_nobody_holds_it_alone_meanwhile(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    one, other, single = shared(lock, timeout=0), shared(lock, timeout=0), alone(lock, holder="me", timeout=0)
    with one, other, pytest.raises(PathLockTimeoutError), single:
        pass
    with alone(lock, holder="me", timeout=0), pytest.raises(PathLockTimeoutError), shared(lock, timeout=0):
        pass


def test_who_wants_to_be_alone_is_not_overtaken_by_those_who_share(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    got_it = threading.Event()

    def be_alone() -> None:
        with alone(lock, holder="me", timeout=PATIENCE):
            got_it.set()

    collector = threading.Thread(target=be_alone)
    with shared(lock, timeout=0):
        collector.start()
        while is_free(lock.with_name("lock-turnstile")):
            pass
        with pytest.raises(PathLockTimeoutError), shared(lock, timeout=0):
            pass
    assert got_it.wait(PATIENCE)
    collector.join()


def test_those_who_share_get_in_between_two_turns_of_one_who_is_alone_again_and_again(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    turns, got_it = 0, threading.Event()

    def share() -> None:
        with shared(lock, timeout=PATIENCE):
            got_it.set()

    other = threading.Thread(target=share)
    with alone(lock, holder="me", timeout=0):
        other.start()
        while is_free(lock.with_name("lock-turnstile")):
            pass
    while not got_it.is_set():
        turns += 1
        with alone(lock, holder="me", timeout=PATIENCE):
            pass
    assert turns == 1
    other.join()


def test_the_file_of_a_lock_is_deleted_only_when_nobody_holds_it(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with exclusive(lock, holder="me", timeout=0):
        assert not remove_free(lock)
        assert lock.exists()
    assert remove_free(lock)
    assert not lock.exists()
    assert remove_free(lock)


def test_a_lock_excludes_also_while_its_file_is_deleted_over_and_over(tmp_path: Path) -> None:
    lock, inside = tmp_path / "lock", threading.Semaphore(1)
    overlaps: list[bool] = []

    def enter() -> None:
        for _ in range(20):
            with exclusive(lock, holder="me", timeout=PATIENCE):
                overlaps.append(not inside.acquire(blocking=False))
                inside.release()

    threads = [threading.Thread(target=enter) for _ in range(4)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        remove_free(lock)
    assert overlaps == [False] * 80


def test_a_file_is_held_until_its_descriptor_is_closed(tmp_path: Path) -> None:
    assert is_free(tmp_path / "sign")
    descriptor = hold_new(tmp_path / "sign")
    assert not is_free(tmp_path / "sign")
    os.close(descriptor)
    assert is_free(tmp_path / "sign")
