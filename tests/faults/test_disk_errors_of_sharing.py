"""A disk that takes no more, below a binary cache or below the store that copies from one or imports."""

import errno
from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults.at_every_call import Trial, at_every_call, in_copies_of_the_store
from tests.faults.conftest import assert_nothing_is_lost, assert_said
from tests.faults.forks import Forks
from tests.faults.system_calls import MAKES, RENAMES, SYNCS, WRITES
from tests.functional.conftest import Checkout, Result
from tests.functional.team import Team

pytestmark = pytest.mark.usefixtures("sandboxed")
CALLS = [*WRITES, *RENAMES, *MAKES, *SYNCS]
SAID = ("DiskFullError", "DiskFaultError", "NotWrittenError", "HostError", "ReadOnlyStoreError", "UnusableError")
fates = pytest.mark.parametrize("fate", [errno.ENOSPC, errno.EIO], ids=["full", "broken"])


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Team:
    """One for all tests of this file; nobody changes its cache or Alice's store."""
    return Team.make(tmp_path_factory.mktemp("team"))


@fates
def test_a_push_to_such_a_disk_says_so_and_the_cache_answers_rightly(
    forks: Forks, team: Team, tmp_path: Path, fate: int
) -> None:
    made = forks(team.alice, "realize", "user").path.name

    def trial(number: int) -> Trial:
        cache = tmp_path / f"cache-{number}"
        return Trial(team.alice, ["cache", "push", str(cache), "user", "--json"], cache)

    def after(trial: Trial, ended: Result) -> None:
        assert_said(ended, *SAID)
        bob = team.bob.of_user(f"{tmp_path.name}-{trial.below.name}")
        answered = forks(replace(team, bob=bob).trusting(str(trial.below)), "realize", "user")
        assert answered.path.name == made
        assert not any("damaged" in warning for warning in answered.warned)
        forks(team.alice, *trial.command)

    assert len(at_every_call(forks, trial, after, calls=CALLS, fate=fate, stays_so=True, at_most=4)) > 5


@fates
def test_copying_to_such_a_disk_says_so_and_takes_nothing(forks: Forks, team: Team, tmp_path: Path, fate: int) -> None:
    bob = replace(team, bob=replace(team.bob.of_user(tmp_path.name), store=tmp_path / "store")).trusting()

    def after(trial: Trial, ended: Result) -> None:
        assert_said(ended, *SAID)
        assert_nothing_is_lost(trial.checkout, ())
        assert forks(trial.checkout, "realize", "user").built == []
        assert_nothing_is_lost(trial.checkout, ())

    trial = in_copies_of_the_store(bob, "realize", "user", "--json")
    assert len(at_every_call(forks, trial, after, calls=CALLS, fate=fate, stays_so=True, at_most=3)) > 10


@fates
def test_an_import_to_such_a_disk_says_so_and_takes_nothing(
    forks: Forks, team: Team, project: Checkout, tmp_path: Path, fate: int
) -> None:
    file, before = tmp_path / "user.tar.zst", project.objects()
    forks(team.alice, "export", "user", "-o", str(file))

    def after(trial: Trial, ended: Result) -> None:
        assert_said(ended, *SAID)
        assert_nothing_is_lost(trial.checkout, before)
        forks(trial.checkout, *trial.command)
        assert_nothing_is_lost(trial.checkout, before)

    trial = in_copies_of_the_store(project, "import", str(file), "--json")
    assert len(at_every_call(forks, trial, after, calls=CALLS, fate=fate, stays_so=True, at_most=3)) > 10
