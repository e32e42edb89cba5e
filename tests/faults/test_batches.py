"""Group commit, held at the door of the disk: what is told by then, what goes on, and who may not touch it."""

import os
import signal
import sqlite3
from collections.abc import Callable
from pathlib import Path
from threading import Event

import pytest

from tests.faults.conftest import assert_nothing_is_left, assert_nothing_is_lost
from tests.faults.forks import Fork, Forks
from tests.faults.system_calls import KILL, LET, Call
from tests.functional.conftest import Checkout, Result

SYNC = ["syncfs"]
Held = Callable[[], int]
"""What is done while a command waits to sync its first batch, and what becomes of it then."""


def said(fork: Fork) -> str:
    """What a command has said so far."""
    return os.pread(fork.stderr.fileno(), 2**20, 0).decode()


def wait_for(condition: Callable[[], object]) -> None:
    """Return when it holds; what hangs is ended by the clock of the test run."""
    while not condition():
        Event().wait(0.01)


def rows(store: Path) -> int:
    """How many objects the index has."""
    with sqlite3.connect(f"{(store / 'db.sqlite').as_uri()}?mode=ro", uri=True) as connection:
        (count,) = connection.execute("SELECT count(*) FROM objects").fetchone()
    connection.close()
    return int(count)


def at_the_first_sync(fork: Fork, held: Held) -> Result:
    """See a command, started with `SYNC` watched, to its end."""
    syncs: list[Call] = []

    def verdict(call: Call) -> int:
        syncs.append(call)
        return held() if len(syncs) == 1 else LET

    ended = fork.end(verdict)
    assert syncs
    return ended


@pytest.fixture
def chain(checkout: Checkout) -> Checkout:
    """`outer`, which needs `inner`."""
    checkout.script("inner", 'echo inner > "{out}/file"')
    checkout.script("outer", 'echo "outer {inner.name}" > "{out}/file"', head="[inputs]\ninner = 'inner'")
    return checkout


@pytest.mark.usefixtures("sandboxed")
def test_what_is_not_on_the_disk_is_told_to_nobody_and_built_on_all_the_same(forks: Forks, chain: Checkout) -> None:
    fork = forks.start(chain, "realize", "outer", calls=SYNC)

    def held() -> int:
        wait_for(lambda: "build outer-1" in said(fork))
        assert "built inner-1" not in said(fork)
        assert rows(chain.store) == 0
        assert len(chain.objects()) >= 1
        assert list((chain.store / "records").iterdir()) == []
        return LET

    ended = at_the_first_sync(fork, held)
    assert ended.built == ["inner-1", "outer-1"]
    assert rows(chain.store) == 2
    assert_nothing_is_lost(chain, {ended.path.name})
    assert_nothing_is_left(chain)


@pytest.mark.usefixtures("sandboxed")
def test_who_wants_the_same_waits_until_it_is_on_the_disk(forks: Forks, chain: Checkout) -> None:
    fork = forks.start(chain, "realize", "inner", calls=SYNC)
    others: list[Fork] = []

    def held() -> int:
        others.append(forks.start(chain, "realize", "inner"))
        wait_for(lambda: "waiting inner-1: for inner-1" in said(others[0]))
        return LET

    ended = at_the_first_sync(fork, held)
    waited = others[0].end()
    assert (waited.exit, waited.built, waited.path) == (0, [], ended.path)


@pytest.mark.usefixtures("sandboxed")
def test_garbage_collection_spares_what_is_placed(forks: Forks, chain: Checkout) -> None:
    fork = forks.start(chain, "realize", "outer", calls=SYNC)

    def held() -> int:
        placed = chain.objects()
        collected = forks(chain, "gc", "--json").data
        assert chain.objects() >= placed
        assert not any(rubbish["path"].startswith("objects/") for rubbish in collected["rubbish"])
        return LET

    ended = at_the_first_sync(fork, held)
    assert_nothing_is_lost(chain, {ended.path.name})


@pytest.mark.usefixtures("sandboxed")
def test_two_processes_that_made_one_object_take_turns_and_the_second_finds_it(forks: Forks, chain: Checkout) -> None:
    for name in ("first", "second"):
        body = (chain.top / "recipes/inner.toml").read_text().replace("echo inner", f": {name}; echo inner")
        chain.write(f"{name}/recipes/inner.toml", body)
    tops = [chain.top / name for name in ("first", "second")]
    first, second = (Checkout(top, chain.store, chain.environ) for top in tops)
    fork = forks.start(first, "realize", "inner", calls=SYNC)
    others: list[Fork] = []

    def held() -> int:
        others.append(forks.start(second, "realize", "inner"))
        wait_for(lambda: "build inner-1" in said(others[0]))
        return LET

    ended = at_the_first_sync(fork, held)
    later = others[0].end()
    assert (later.exit, later.path) == (0, ended.path)
    assert (ended.built, later.built) == (["inner-1"], ["inner-1"])
    assert rows(chain.store) == 1
    assert_nothing_is_lost(chain, {ended.path.name})
    assert_nothing_is_left(chain)


@pytest.mark.usefixtures("sandboxed")
def test_who_waited_for_a_process_that_is_killed_makes_it_anew(forks: Forks, chain: Checkout) -> None:
    fork = forks.start(chain, "realize", "inner", calls=SYNC)
    others: list[Fork] = []

    def held() -> int:
        others.append(forks.start(chain, "realize", "inner"))
        wait_for(lambda: "waiting inner-1" in said(others[0]))
        return KILL

    assert at_the_first_sync(fork, held).exit == -signal.SIGKILL
    later = others[0].end()
    assert (later.exit, later.built) == (0, ["inner-1"])
    assert rows(chain.store) == 1
    assert_nothing_is_lost(chain, {later.path.name})
    assert_nothing_is_left(chain)


@pytest.mark.usefixtures("sandboxed")
def test_a_build_that_fails_takes_nothing_from_those_of_its_batch(forks: Forks, chain: Checkout) -> None:
    chain.script("broken", "exit 3")
    chain.script("leaky", 'echo "{out}/file" > "{out}/file"')
    names = ("inner", "broken", "leaky", "outer")
    ended = forks(chain, "realize", *names, "--keep-going", expect=5)
    assert sorted(ended.built) == ["inner-1", "outer-1"]
    assert rows(chain.store) == 2
