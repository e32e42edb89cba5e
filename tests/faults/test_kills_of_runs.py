"""SIGKILL at the renames, fsyncs, writes and unlinks of a command that takes runs in or removes them."""

import json

from tests.faults.at_every_call import Trial, at_every_call, in_copies_of_the_store
from tests.faults.conftest import assert_nothing_is_left
from tests.faults.forks import Forks
from tests.faults.system_calls import RENAMES, UNLINKS
from tests.functional.conftest import Checkout, Result

BENCH = """
inputs.kept = "kept"
[[run.steps]]
name = "go"
argv = ["/bin/sh", "-c", "echo log > {step}/log"]
"""
LOGS = {
    "loadgen_version": "5.1", "test_datetime": "2026-11-01T10:00:00Z", "effective_scenario": "Offline",
    "effective_test_mode": "PerformanceOnly",
}  # fmt: skip
TRIED = 3
"""Calls of one name."""


def test_a_killed_removal_leaves_each_run_whole_or_gone_and_the_next_ends_its_work(
    forks: Forks, project: Checkout
) -> None:
    project.recipe("bench", BENCH)
    *going, last = (forks(project, "run", "bench", "--json").data["run"]["id"] for _ in range(3))

    def after(trial: Trial, ended: Result) -> None:
        store = trial.checkout.store
        there = [folder for run in going if (folder := store / "runs" / run).exists()]
        assert all((folder / "record.json").is_file() and (folder / "go" / "log").is_file() for folder in there)
        assert all((store / "roots" / "run" / folder.name).is_file() for folder in there)
        forks(trial.checkout, "runs", "rm", last, *(folder.name for folder in there))
        assert [*(store / "runs").glob("*/"), *(store / "roots" / "run").iterdir()] == []
        assert_nothing_is_left(trial.checkout)

    calls = at_every_call(forks, in_copies_of_the_store(project, "runs", "rm", *going), after, at_most=TRIED)
    assert {call.name for call in calls} & set(RENAMES)
    assert {call.name for call in calls} & set(UNLINKS)


def test_a_killed_import_leaves_no_half_of_a_run(forks: Forks, project: Checkout) -> None:
    lines = [{"key": key, "value": value, "metadata": {"is_error": False}} for key, value in LOGS.items()]
    detail = "".join(f":::MLLOG {json.dumps(line)}\n" for line in lines)
    project.write("logs/mlperf_log_detail.txt", detail)
    project.write("logs/mlperf_log_summary.txt", "Mode : PerformanceOnly\nResult is : VALID\n")

    def after(trial: Trial, ended: Result) -> None:
        forks(trial.checkout, "runs", "verify")
        forks(trial.checkout, "runs", "import", "logs")
        (run,) = forks(trial.checkout, "runs", "verify", "--json").data["runs"]
        assert (trial.checkout.store / "runs" / run / "performance" / "mlperf_log_detail.txt").read_text() == detail
        assert_nothing_is_left(trial.checkout)

    calls = at_every_call(forks, in_copies_of_the_store(project, "runs", "import", "logs"), after, at_most=TRIED)
    assert {call.name for call in calls} & set(RENAMES)
