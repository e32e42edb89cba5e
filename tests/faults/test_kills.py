"""SIGKILL at every rename, fsync, write and unlink of a command; none of its processes outlives the next start."""

import signal
from collections.abc import Collection

import pytest

from tests.faults.at_every_call import at_every_call
from tests.faults.conftest import assert_nothing_is_left, assert_nothing_is_lost
from tests.faults.forks import Forks
from tests.faults.system_calls import RENAMES, SYNCS, UNLINKS, WRITES, Call
from tests.functional.conftest import Checkout, Result

KILLED = -signal.SIGKILL


def assert_every_kind(calls: Collection[Call]) -> None:
    """It was killed at renames, fsyncs, writes and unlinks."""
    names = {call.name for call in calls}
    assert all(names & set(kind) for kind in (RENAMES, SYNCS, WRITES, UNLINKS))


@pytest.mark.usefixtures("sandboxed")
def test_a_killed_realize_loses_nothing_and_leaves_nothing(forks: Forks, project: Checkout) -> None:
    before = project.objects()
    command = ["realize", "outer"]

    def after(checkout: Checkout, ended: Result) -> None:
        assert ended.exit == KILLED
        announced = {line.rpartition("/")[2] for line in ended.stdout.splitlines()}
        assert_nothing_is_lost(forks, checkout, before | announced)
        again = forks(checkout, *command)
        assert (again.path / "file").read_text().startswith("outer ")
        assert_nothing_is_left(forks, checkout)
        assert_nothing_is_lost(forks, checkout, before | announced | {again.path.name})

    assert_every_kind(at_every_call(forks, project, command, after))


def test_a_killed_collection_loses_nothing_and_the_next_one_ends_its_work(forks: Forks, project: Checkout) -> None:
    forks(project, "realize", "outer")
    kept = {name for name in project.objects() if "-kept-" in name}

    def after(checkout: Checkout, ended: Result) -> None:
        assert ended.exit == KILLED
        assert_nothing_is_lost(forks, checkout, kept)
        forks(checkout, "gc", "--now")
        assert checkout.objects() == kept
        assert_nothing_is_left(forks, checkout)
        forks(checkout, "realize", "outer", "dead")
        assert_nothing_is_lost(forks, checkout, kept)

    assert_every_kind(at_every_call(forks, project, ["gc", "--now"], after))
