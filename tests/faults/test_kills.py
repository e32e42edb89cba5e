"""SIGKILL at every rename, fsync, write and unlink of a command; with it end all processes that it started."""

import signal

import pytest

from tests.faults.at_every_call import Trial, at_every_call, in_copies_of_the_store
from tests.faults.conftest import assert_every_kind, assert_nothing_is_left, assert_nothing_is_lost
from tests.faults.forks import Forks
from tests.faults.system_calls import RENAMES, SYNCS
from tests.functional.conftest import Checkout, Result
from tests.schema_2 import FOLDERS, said, turn_back

KILLED = -signal.SIGKILL


@pytest.mark.usefixtures("sandboxed")
def test_a_killed_realize_loses_nothing_and_leaves_nothing(forks: Forks, project: Checkout) -> None:
    before = project.objects()

    def after(trial: Trial, ended: Result) -> None:
        assert ended.exit == KILLED
        announced = {line.rpartition("/")[2] for line in ended.stdout.splitlines()}
        assert_nothing_is_lost(trial.checkout, before | announced)
        again = forks(trial.checkout, "realize", "outer")
        assert (again.path / "file").read_text().startswith("outer ")
        assert_nothing_is_left(trial.checkout)
        assert_nothing_is_lost(trial.checkout, before | announced | {again.path.name})

    assert_every_kind(at_every_call(forks, in_copies_of_the_store(project, "realize", "outer"), after))


def test_a_killed_collection_loses_nothing_and_the_next_one_ends_its_work(forks: Forks, project: Checkout) -> None:
    forks(project, "realize", "outer")
    kept = {name for name in project.objects() if "-kept-" in name}

    def after(trial: Trial, ended: Result) -> None:
        assert ended.exit == KILLED
        assert_nothing_is_lost(trial.checkout, kept)
        forks(trial.checkout, "gc", "--now")
        assert trial.checkout.objects() == kept
        assert_nothing_is_left(trial.checkout)
        forks(trial.checkout, "realize", "outer", "dead")
        assert_nothing_is_lost(trial.checkout, kept)

    assert_every_kind(at_every_call(forks, in_copies_of_the_store(project, "gc", "--now"), after))


def test_a_killed_repair_loses_nothing_and_the_next_one_ends_its_work(forks: Forks, project: Checkout) -> None:
    whole = project.objects()
    (damaged,) = project.store.glob("objects/*-dead-*/folder/file")
    damaged.chmod(0o644)
    damaged.write_text("DEAD")

    def after(trial: Trial, ended: Result) -> None:
        assert ended.exit == KILLED
        forks(trial.checkout, "verify", "--repair")
        assert_nothing_is_lost(trial.checkout, whole)
        assert_nothing_is_left(trial.checkout)

    trial = in_copies_of_the_store(project, "verify", "--repair")
    assert_every_kind(at_every_call(forks, trial, after, at_most=8))


def test_a_killed_optimise_loses_nothing_and_the_next_one_ends_its_work(forks: Forks, project: Checkout) -> None:
    texts = ", ".join(f"'{name}/file' = 'dead'" for name in "abc")
    project.recipe("twin", f"[build]\nbuilder = 'tree'\nsettings.texts = {{ {texts} }}\n")
    forks(project, "realize", "twin")
    whole = project.objects()

    def after(trial: Trial, ended: Result) -> None:
        assert ended.exit == KILLED
        forks(trial.checkout, "verify", "--repair")  # of an ordinary user a folder may have been left writable
        assert_nothing_is_lost(trial.checkout, whole)
        forks(trial.checkout, "optimise")
        copies = trial.checkout.store.glob("objects/*/*/file")
        assert len({file.stat().st_ino for file in copies if file.read_text() == "dead"}) == 1
        forks(trial.checkout, "gc", "--now")
        assert all(file.stat().st_nlink > 1 for file in trial.checkout.store.glob("shared/*"))

    calls = at_every_call(forks, in_copies_of_the_store(project, "optimise"), after)
    assert {call.name for call in calls} & set(RENAMES)


def test_a_killed_step_forward_loses_nothing_and_the_next_command_takes_it(forks: Forks, project: Checkout) -> None:
    records = turn_back(project.store)

    def after(trial: Trial, ended: Result) -> None:
        assert ended.exit == KILLED
        assert_nothing_is_lost(trial.checkout, records)
        assert_nothing_is_left(trial.checkout)
        assert said(trial.checkout.store) == records
        assert not any((trial.checkout.store / name).exists() for name in FOLDERS)

    trial = in_copies_of_the_store(project, "root", "list")
    calls = at_every_call(forks, trial, after, calls=(*RENAMES, *SYNCS), at_most=12)
    assert len(calls) > len(FOLDERS) + len(records)
