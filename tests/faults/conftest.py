"""Commands whose system calls are held, refused or their last one."""

import subprocess
import sys
from collections.abc import Collection, Iterator

import pytest

from envmgr.store.gc import garbage
from envmgr.store.store import Store
from envmgr.store.verify import verify
from tests.faults.forks import Forks
from tests.faults.system_calls import RENAMES, SYNCS, UNLINKS, WRITES, Call
from tests.functional.conftest import TOP, Checkout, Result, checkout, origin, sandboxed

__all__ = ["checkout", "origin", "sandboxed"]


@pytest.fixture(scope="session")
def forks() -> Iterator[Forks]:
    """Runs commands: `forks(checkout, "realize", "name", calls=…, verdict=…)`; skips where nothing can be watched."""
    trial = [sys.executable, "-c", "from tests.faults.system_calls import watch; watch(['fsync'])"]
    tried = subprocess.run(trial, cwd=TOP, capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"no system call can be watched here: {tried.stderr.splitlines()[-1]}")
    with Forks.open() as forks:
        yield forks


@pytest.fixture
def project(checkout: Checkout, forks: Forks) -> Checkout:
    """Recipes `inner` and `outer`, which needs it; in the store lie `kept`, which a root keeps, and `dead`."""
    for name in ("kept", "dead"):
        checkout.recipe(name, f"[build]\nbuilder = 'tree'\nsettings.texts = {{ 'folder/file' = '{name}' }}\n")
    checkout.recipe("inner", "[build]\nbuilder = 'tree'\nsettings.texts = { file = 'inner' }\n")
    checkout.script("outer", 'echo "outer {inner.name}" > "{out}/file"', head="[inputs]\ninner = 'inner'")
    forks(checkout, "root", "add", "kept")
    forks(checkout, "realize", "dead")
    return checkout


def assert_nothing_is_lost(checkout: Checkout, names: Collection[str]) -> None:
    """Every object in the store is as it was made, and these are among them."""
    with Store.open(checkout.store) as store:
        store.database.require_whole()
        assert verify(store) == []
    assert checkout.objects() >= set(names)


def assert_nothing_is_left(checkout: Checkout) -> None:
    """The next start has cleared away what a dead command had begun: staging is empty, and so is the trash."""
    with Store.open(checkout.store) as store:
        assert garbage(store).rubbish == ()
        staging = store.layout.staging
        assert [*staging.iterdir(), *staging.glob("trash/*")] == [store.layout.trash]


def assert_every_kind(calls: Collection[Call]) -> None:
    """There were renames, fsyncs, writes and unlinks among the calls."""
    names = {call.name for call in calls}
    assert all(names & set(kind) for kind in (RENAMES, SYNCS, WRITES, UNLINKS))


def assert_said(ended: Result, *classes: str) -> None:
    """A command that did not do its work ends with an error of one of these classes, and never with a traceback."""
    assert "Traceback" not in ended.stderr
    if ended.exit:
        assert ended.error["class"] in classes, ended.stdout
        assert ended.error["fix"]
