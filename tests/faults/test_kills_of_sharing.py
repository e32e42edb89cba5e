"""SIGKILL at every rename, fsync, write and unlink of a push into a binary cache and of an import."""

import os
import shutil
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults.at_every_call import Trial, at_every_call, in_copies_of_the_store
from tests.faults.conftest import assert_every_kind, assert_nothing_is_left, assert_nothing_is_lost
from tests.faults.forks import Forks
from tests.functional.conftest import Checkout, Result
from tests.functional.team import Team, names

pytestmark = pytest.mark.usefixtures("sandboxed")
LATER = 120
"""Seconds after which a draft that nobody holds is nobody's."""


def reader(team: Team, cache: Path, name: str) -> Checkout:
    """Somebody new who uses a cache and trusts Alice."""
    return replace(team, bob=team.bob.of_user(name)).trusting(str(cache))


def test_a_killed_push_leaves_a_cache_that_answers_rightly_and_the_next_one_ends_its_work(
    forks: Forks, tmp_path: Path
) -> None:
    (tmp_path / "team").mkdir()
    team = Team.make(tmp_path / "team")
    made = forks(team.alice, "realize", "user").path.name

    def trial(number: int) -> Trial:
        cache = tmp_path / f"cache-{number}"
        return Trial(team.alice, ["cache", "push", str(cache), "user"], cache)

    def after(trial: Trial, _: Result) -> None:
        answered = forks(reader(team, trial.below, f"{trial.below.name}-before"), "realize", "user")
        assert answered.path.name == made
        assert not any("damaged" in warning for warning in answered.warned)
        for draft in (trial.below / "partial").glob("*"):
            os.utime(draft, (time.time() - LATER, time.time() - LATER))
        forks(team.alice, *trial.command)
        after = forks(reader(team, trial.below, f"{trial.below.name}-after"), "realize", "user")
        assert (after.path.name, after.built, sorted(names(after.copied))) == (made, [], ["base", "user"])
        assert [draft.name for draft in (trial.below / "partial").iterdir()] == ["changing"]
        for user in ("before", "after"):
            shutil.rmtree(team.bob.of_user(f"{trial.below.name}-{user}").top.parent / f"{trial.below.name}-{user}")

    assert {call.name for call in at_every_call(forks, trial, after)} >= {"rename", "syncfs", "write"}


def test_a_killed_import_loses_nothing_and_works_again(forks: Forks, project: Checkout, tmp_path: Path) -> None:
    file = tmp_path / "outer.tar.zst"
    elsewhere = replace(project, store=tmp_path / "elsewhere")
    made = forks(elsewhere, "realize", "outer").path.name
    forks(elsewhere, "export", "outer", "-o", str(file))
    before = project.objects()

    def after(trial: Trial, _: Result) -> None:
        assert_nothing_is_lost(trial.checkout, before)
        forks(trial.checkout, *trial.command)
        assert_nothing_is_lost(trial.checkout, {*before, made})
        assert forks(trial.checkout, "realize", "outer").built == []
        assert_nothing_is_left(trial.checkout)

    assert_every_kind(at_every_call(forks, in_copies_of_the_store(project, "import", str(file)), after))
