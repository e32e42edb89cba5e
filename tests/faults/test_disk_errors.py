"""A disk that is full, reports errors, or can only be read: said in plain words, and nothing wrong counts as done."""

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.at_every_call import Trial, at_every_call, in_copies_of_the_store
from tests.faults.conftest import assert_nothing_is_lost, assert_said
from tests.faults.forks import Forks
from tests.faults.system_calls import LET, MAKES, READS, RENAMES, SYNCS, UNLINKS, WRITES, Call
from tests.functional.conftest import Checkout, Result

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="mounting is root's")
REALIZE = ["realize", "outer", "--json"]


@pytest.fixture(params=["as a whole", "file by file"])
def synced(request: pytest.FixtureRequest, project: Checkout, tmp_path: Path) -> Iterator[Checkout]:
    """The project on a file system that is synced as a whole, and on one where each file is."""
    if request.param == "as a whole":
        yield project
        return
    for name in ("lower", "upper", "work"):
        (tmp_path / name).mkdir()
    layers = f"lowerdir={tmp_path}/lower,upperdir={tmp_path}/upper,workdir={tmp_path}/work"
    with mounted(tmp_path / "disk", "overlay", "-o", layers):
        shutil.copytree(project.store, tmp_path / "disk" / "store", symlinks=True)
        yield project.with_store(tmp_path / "disk" / "store")


class OutsideOfSqlitesNewJournal:
    """All syncs but that of a new journal's name, right after the journal's own: SQLite lets that one pass.

    Its `unixSync` takes no notice of what the sync of the folder comes to. That its deletion could not be synced, it
    reports.
    """

    _before = ""

    def __call__(self, call: Call) -> bool:
        """Whether it counts."""
        before, self._before = self._before, call.path
        return not (call.name == "fdatasync" and "/db.sqlite" not in call.path and before.endswith("-journal"))


@pytest.mark.usefixtures("sandboxed")
def test_an_fsync_that_fails_is_a_failed_build(forks: Forks, synced: Checkout) -> None:
    forks(synced, "realize", "inner")  # so that there is one build, and one commit
    before = synced.objects()
    built: list[bool] = []

    def after(trial: Trial, ended: Result) -> None:
        assert ended.exit
        assert_said(ended, "NotWrittenError", "DiskFaultError", "HostError")
        assert_nothing_is_lost(trial.checkout, before)
        built.append("outer-1" in forks(trial.checkout, "realize", "outer").built)

    trial = in_copies_of_the_store(synced, *REALIZE)
    met = at_every_call(forks, trial, after, calls=SYNCS, counts=OutsideOfSqlitesNewJournal(), fate=errno.EIO)
    names = [call.name for call in met]
    assert names.count("fsync") > 4 or "syncfs" in names
    *others, deletion_of_the_journal = met
    assert (deletion_of_the_journal.name, "/db.sqlite" in deletion_of_the_journal.path) == ("fdatasync", False)
    assert built == [*(True for _ in others), False], "the transaction was made"


@pytest.mark.usefixtures("sandboxed")
@pytest.mark.parametrize(
    ("fate", "classes"),
    [
        (errno.ENOSPC, ["DiskFullError", "HostError"]),
        (errno.EDQUOT, ["DiskFullError", "HostError"]),
        (errno.EIO, ["NotWrittenError", "DiskFaultError", "HostError"]),
    ],
    ids=["full", "over quota", "broken"],
)
def test_a_disk_that_takes_nothing_from_some_call_on_is_named_and_costs_nothing(
    forks: Forks, project: Checkout, fate: int, classes: list[str]
) -> None:
    before = project.objects()

    def after(trial: Trial, ended: Result) -> None:
        assert_said(ended, *classes)
        assert_nothing_is_lost(trial.checkout, before)
        forks(trial.checkout, "realize", "outer")
        assert_nothing_is_lost(trial.checkout, before)

    calls = [*WRITES, *RENAMES, *MAKES]
    met = at_every_call(
        forks, in_copies_of_the_store(project, *REALIZE), after, calls=calls, fate=fate, stays_so=True, at_most=4
    )
    assert len(met) > 15


@pytest.mark.parametrize("fate", [errno.ENOSPC, errno.EIO], ids=["full", "broken"])
def test_a_collection_on_such_a_disk_says_so_and_loses_nothing(forks: Forks, project: Checkout, fate: int) -> None:
    kept = {name for name in project.objects() if "-kept-" in name}

    def after(trial: Trial, ended: Result) -> None:
        assert_said(ended, "DiskFullError", "DiskFaultError", "NotDeletedError", "HostError")
        assert_nothing_is_lost(trial.checkout, kept)
        forks(trial.checkout, "gc", "--now")
        assert trial.checkout.objects() == kept

    calls = [*WRITES, *RENAMES, *MAKES, *(UNLINKS if fate == errno.EIO else ())]
    met = at_every_call(
        forks,
        in_copies_of_the_store(project, "gc", "--now", "--json"),
        after,
        calls=calls,
        fate=fate,
        stays_so=True,
        at_most=4,
    )
    assert len(met) > 10


def test_an_object_that_cannot_be_read_is_damaged(forks: Forks, project: Checkout) -> None:
    def verdict(call: Call) -> int:
        return errno.EIO if call.path.endswith("/folder/file") else LET

    answer = forks(project, "verify", "--json", calls=READS, verdict=verdict, expect=7)
    assert len(answer.data["damages"]) == 2
    assert all(os.strerror(errno.EIO) in damage["what"] for damage in answer.data["damages"])
    forks(project, "verify")


@pytest.mark.parametrize(
    "command", [REALIZE, ["gc", "--now", "--json"], ["verify", "--json"]], ids=lambda words: words[0]
)
def test_an_index_that_cannot_be_read_is_named(forks: Forks, project: Checkout, command: list[str]) -> None:
    before = project.objects()

    def verdict(call: Call) -> int:
        return errno.EIO if call.path.endswith("/db.sqlite") else LET

    ended = forks(project, *command, calls=READS, verdict=verdict, expect=None)
    assert ended.exit == 12
    assert ended.error["where"] == str(project.store / "db.sqlite")
    assert_nothing_is_lost(project, before)


@root_only
def test_a_file_system_without_inodes_is_full(checkout: Checkout) -> None:
    checkout.recipe("small", "[build]\nbuilder = 'tree'\nsettings.texts = { file = 'small' }\n")
    texts = ", ".join(f"'{number}' = ''" for number in range(100))
    checkout.recipe("many", f"[build]\nbuilder = 'tree'\nsettings.texts = {{ {texts} }}\n")
    with mounted(checkout.store, "tmpfs", "-o", "nr_inodes=90,mode=755"):
        small = checkout("realize", "small").path
        assert checkout.fails(12, "realize", "many")["class"] == "DiskFullError"
        assert checkout.objects() == {small.name}
        assert checkout("verify", "--json").data["damages"] == []
        checkout.recipe("many", "[build]\nbuilder = 'tree'\nsettings.texts = { file = 'few' }\n")
        assert checkout("realize", "many").built == ["many-1"]


@root_only
def test_a_file_system_that_can_only_be_read_serves_what_it_has(project: Checkout) -> None:
    before = project.objects()
    project.recipe("bench", "[[run.steps]]\nname = 'go'\nargv = ['/bin/sh', '-c', ':']\n")
    measured = (["run", "bench"], ["run", "bench", "--repeat", "2"])
    with mounted(project.store, "none", "--bind", "-o", "ro", source=project.store):
        kept = project("realize", "kept")
        assert kept.path.name in before
        assert project("verify", "--json").data["damages"] == []
        for command in (["realize", "outer"], ["gc"], ["root", "remove", "kept"], *measured):
            assert project.fails(12, *command)["class"] == "ReadOnlyStoreError"
    assert project.objects() == before


@pytest.mark.parametrize("words", [["list"], ["list", "--json"], ["realize", "kept"]], ids=" ".join)
def test_an_answer_that_cannot_be_written_is_a_failure(checkout: Checkout, words: list[str]) -> None:
    checkout.recipe("kept", "[build]\nbuilder = 'tree'\nsettings.texts = { file = 'kept' }\n")
    environ = {**checkout.environ, "ENVMGR_STORE": str(checkout.store)}
    command = [sys.executable, "-m", "envmgr", *words]
    for _ in range(2):  # the second time, the answer is remembered
        with Path("/dev/full").open("w") as full:
            said = subprocess.run(
                command, cwd=checkout.top, env=environ, stdout=full, stderr=subprocess.PIPE, text=True, check=False
            )
        assert said.returncode == 12
        assert "error: no room to write" in said.stderr
        assert "Traceback" not in said.stderr


@contextmanager
def mounted(place: Path, kind: str, *options: str, source: Path | None = None) -> Iterator[None]:
    """A file system at a place, until the end of the block; skips where nothing can be mounted."""
    place.mkdir(exist_ok=True)
    what = [str(source)] if source else ["-t", kind, kind]
    done = subprocess.run(["mount", *options, *what, str(place)], check=False, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)
