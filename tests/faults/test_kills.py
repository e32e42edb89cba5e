"""SIGKILL at every rename, fsync, write and unlink of a command; none of its processes outlives the next start."""

import signal

import pytest

from tests.faults.at_every_call import Trial, at_every_call, in_copies_of_the_store
from tests.faults.conftest import assert_every_kind, assert_nothing_is_left, assert_nothing_is_lost
from tests.faults.forks import Forks
from tests.functional.conftest import Checkout, Result

KILLED = -signal.SIGKILL


@pytest.mark.usefixtures("sandboxed")
def test_a_killed_realize_loses_nothing_and_leaves_nothing(forks: Forks, project: Checkout) -> None:
    before = project.objects()

    def after(trial: Trial, ended: Result) -> None:
        assert ended.exit == KILLED
        announced = {line.rpartition("/")[2] for line in ended.stdout.splitlines()}
        assert_nothing_is_lost(forks, trial.checkout, before | announced)
        again = forks(trial.checkout, "realize", "outer")
        assert (again.path / "file").read_text().startswith("outer ")
        assert_nothing_is_left(forks, trial.checkout)
        assert_nothing_is_lost(forks, trial.checkout, before | announced | {again.path.name})

    assert_every_kind(at_every_call(forks, in_copies_of_the_store(project, "realize", "outer"), after))


def test_a_killed_collection_loses_nothing_and_the_next_one_ends_its_work(forks: Forks, project: Checkout) -> None:
    forks(project, "realize", "outer")
    kept = {name for name in project.objects() if "-kept-" in name}

    def after(trial: Trial, ended: Result) -> None:
        assert ended.exit == KILLED
        assert_nothing_is_lost(forks, trial.checkout, kept)
        forks(trial.checkout, "gc", "--now")
        assert trial.checkout.objects() == kept
        assert_nothing_is_left(forks, trial.checkout)
        forks(trial.checkout, "realize", "outer", "dead")
        assert_nothing_is_lost(forks, trial.checkout, kept)

    assert_every_kind(at_every_call(forks, in_copies_of_the_store(project, "gc", "--now"), after))
