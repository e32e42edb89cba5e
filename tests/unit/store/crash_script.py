"""Kill a process at each of its steps on the disk in turn, and see each time that the store is whole.

Usage: `crash_script.py STORE publish|collect`. Prints the number of kills. Steps are what Python's audit hooks report
(open, rename, remove, mkdir, rmdir, chmod, utime), and each fsync. The children are forks, as starting Python anew
for each would take minutes. Nothing is really synced: a kill, unlike a power cut, loses nothing that was written.
"""

import os
import signal
import sqlite3
import sys
from collections.abc import Callable, Sequence
from functools import partial
from itertools import count
from pathlib import Path

from envmgr.model.derivation import BuiltOutput, Derivation
from envmgr.model.realisation import Realisation
from envmgr.store.gc import collect, garbage
from envmgr.store.rebuild import rebuild_db
from envmgr.store.remove import GARBAGE
from envmgr.store.store import Store
from envmgr.store.verify import verify

STEPS = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.utime"}


def publish(root: Path, name: str) -> Realisation:
    derivation = Derivation(name, "1", "x86_64-linux", "script", 1, BuiltOutput())
    with Store.open(root) as store, store.stage(name) as staging:
        (staging.out / "folder").mkdir()
        (staging.out / "folder" / "file").write_text(name)
        return store.publish(
            staging,
            derivation=derivation,
            resolved=derivation.digest,
            candidates=[],
            isolation="sandboxed",
            bare_host={},
        ).wait()


def collect_all(root: Path) -> None:
    with Store.open(root) as store:
        collect(store)


def killed_at(step: int, act: Callable[[], object]) -> bool:
    """Run an act in a fork that kills itself before its n-th step; whether it came that far."""
    if (child := os.fork()) == 0:
        steps = iter(range(step, -1, -1))

        def tick() -> None:
            if next(steps, 0) == 0:
                os.kill(os.getpid(), signal.SIGKILL)

        os.fsync = lambda fd: tick()
        sys.addaudithook(lambda event, _arguments: tick() if event in STEPS else None)
        act()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or status == 0, status
    return os.WIFSIGNALED(status)


def check(root: Path, kept: Realisation) -> None:
    """All that is valid is whole, and nothing of the dead process is left but what can be collected."""
    with Store.open(root) as store:
        assert store.realisation(kept.resolved) == kept
        assert verify(store, store.database.objects()[-2:]) == []
        assert store.database.faults() == []
        assert list(store.layout.staging.iterdir()) == [store.layout.trash]
        assert all(tree.name.startswith(GARBAGE) for tree in store.layout.trash.iterdir())


def crash_publish(root: Path) -> int:
    kept = publish(root, "kept")
    for step in count():
        name = f"n{step}"
        killed = killed_at(step, partial(publish, root, name))
        if step % 5 == 0:
            rebuild_db(root)
        check(root, kept)
        publish(root, name)
        check(root, kept)
        if not killed:
            return step
    raise AssertionError


def crash_collect(root: Path) -> int:
    kept = publish(root, "kept")
    for step in count():
        dead = publish(root, "dead")
        with Store.open(root) as store:
            store.realisation(kept.resolved)
            killed = killed_at(step, lambda: collect_all(root))
        check(root, kept)
        with Store.open(root) as store:
            store.realisation(kept.resolved)
            collect(store)
            assert store.database.objects() == [kept.store_path]
            assert garbage(store).rubbish == ()
            assert list(store.layout.trash.iterdir()) == []
            assert not store.folder(dead.store_path).exists()
        if not killed:
            return step
    raise AssertionError


class Unsynced(sqlite3.Connection):
    """SQLite without its fsyncs."""

    def execute(self, sql: str, *parameters: Sequence[str]) -> sqlite3.Cursor:  # type: ignore[override]
        return super().execute(sql.replace("synchronous = EXTRA", "synchronous = OFF"), *parameters)


if __name__ == "__main__":
    os.fsync = lambda fd: None
    sqlite3.connect = partial(sqlite3.connect, factory=Unsynced)  # type: ignore[assignment]
    work = {"publish": crash_publish, "collect": crash_collect}[sys.argv[2]]
    sys.stdout.write(f"{work(Path(sys.argv[1]))}\n")
