"""`envmgr runs import`: take in runs that were made elsewhere."""

import json
import shutil
from pathlib import Path

import pytest

from tests.functional.conftest import Checkout

SUMMARY = """
SUT name : somebody's
Scenario : Offline
Mode     : PerformanceOnly
Samples per second: 161.04
Result is : VALID
Max latency (ns)                : 3055706280
"""
SAID = {
    "loadgen_version": "5.1.2 @ 0123456789",
    "test_datetime": "2026-11-01T10:00:03Z",
    "effective_scenario": "Offline",
    "effective_test_mode": "PerformanceOnly",
    "effective_min_duration_ms": 600000,
    "effective_max_duration_ms": 0,
    "effective_qsl_rng_seed": 1780908523862526354,
    "effective_sample_index_rng_seed": 14771362308971278857,
    "effective_schedule_rng_seed": 18209322760996052031,
    "power_begin": "11-01-2026 10:00:03.500",
    "power_end": "11-01-2026 10:00:13.750",
    "result_validity": "VALID",
}
ACCURACY = {**SAID, "effective_test_mode": "AccuracyOnly", "test_datetime": "2026-11-01T10:00:00Z"}
NO_SUMMARY = "\nNo errors encountered during test.\n"


def logs(folder: Path, said: dict[str, object], summary: str = SUMMARY, **others: str) -> Path:
    """LoadGen's logs in a folder, as far as anybody reads them."""
    folder.mkdir(parents=True)
    entries = ({"key": key, "value": value, "metadata": {"is_error": False}} for key, value in said.items())
    (folder / "mlperf_log_detail.txt").write_text("".join(f":::MLLOG {json.dumps(entry)}\n" for entry in entries))
    (folder / "mlperf_log_summary.txt").write_text(summary)
    for name, text in others.items():
        (folder / f"{name}.txt").write_text(text)
    return folder


def tree(top: Path) -> Path:
    """A tree as MLPerf publishes it: a run with its audit."""
    offline = top / "open" / "somebody" / "results" / "rack" / "retinanet" / "Offline"
    logs(offline / "performance" / "run_1", SAID)
    logs(offline / "accuracy", {**ACCURACY, "result_validity": ""}, NO_SUMMARY, accuracy="mAP=37.519%\nhash=0\n")
    logs(offline / "TEST01" / "performance" / "run_1", {**SAID, "test_datetime": "2026-11-01T11:00:00Z"})
    return top


def test_a_flat_folder_becomes_a_record_that_is_marked_everywhere(checkout: Checkout) -> None:
    folder = logs(checkout.top / "elsewhere", SAID)
    (answer,) = checkout("runs", "import", "elsewhere", "--json").data["imported"]
    run = answer["run"]
    assert answer["new"] is True
    assert json.loads(Path(answer["record"]).read_text()) == run
    assert (run["schema"], run["source"], run["version"]) == ("envmgr.imported-run/1", "elsewhere", "5.1.2")
    assert (run["started"], run["seconds"], run["exit_code"]) == ("2026-11-01T10:00:03+00:00", 10.25, 0)
    assert run["axes"] == {"mode": "performance", "round": "v5.1", "scenario": "Offline"}
    assert run["settings"] == {"min_duration_ms": 600000}
    assert run["metrics"] == {"result_valid": True, "samples_per_second": 161.04, "latency_max_ns": 3055706280}
    assert run["id"].startswith("20261101-100003-")
    for shown in (checkout("runs", "list").stdout, checkout("runs", "show", run["id"]).stdout):
        assert "imported" in shown
    assert "it was made elsewhere" in checkout("show", run["id"]).stdout
    checkout("runs", "verify")
    shutil.move(folder, checkout.top / "moved")
    (again,) = checkout("runs", "import", "moved", "--json").data["imported"]
    assert (again["new"], again["run"]["id"], again["run"]["source"]) == (False, run["id"], "moved")
    assert len(checkout("runs", "list", "--json").data["runs"]) == 1


def test_a_tree_of_results_is_a_record_for_each_run_with_what_its_folders_say(checkout: Checkout) -> None:
    tree(checkout.top / "submission")
    both, audit = (item["run"] for item in checkout("runs", "import", "submission", "--json").data["imported"])
    assert both["axes"] == {
        "mode": "both", "model": "retinanet", "round": "v5.1", "scenario": "Offline", "system": "rack",
    }  # fmt: skip
    assert (both["metrics"]["mAP"], both["metrics"]["samples_per_second"]) == (37.519, 161.04)
    assert both["started"] == "2026-11-01T10:00:00+00:00"
    assert [(step["name"], sorted(step["files"])) for step in both["steps"]] == [
        ("performance", ["performance/mlperf_log_detail.txt", "performance/mlperf_log_summary.txt"]),
        (
            "accuracy",
            ["accuracy/accuracy.txt", "accuracy/mlperf_log_detail.txt", "accuracy/mlperf_log_summary.txt"],
        ),
    ]
    assert (audit["axes"]["audit"], audit["axes"]["system"], audit["source"]) == ("TEST01", "rack", "TEST01")
    assert checkout("runs", "import", "submission").stdout.count("here already") == 2


def test_a_log_of_both_measurements_is_what_its_folder_is_called(checkout: Checkout) -> None:
    said = {**SAID, "effective_test_mode": "SubmissionRun"}
    for name in ("accuracy", "performance"):
        logs(checkout.top / "both" / name, said, SUMMARY.replace("PerformanceOnly", "SubmissionRun"))
    (run,) = (item["run"] for item in checkout("runs", "import", "both", "--json").data["imported"])
    assert [step["name"] for step in run["steps"]] == ["performance", "accuracy"]
    assert (run["axes"]["mode"], run["metrics"]["samples_per_second"]) == ("both", 161.04)


@pytest.mark.parametrize(
    ("said", "summary", "why"),
    [
        ({}, SUMMARY, "it has no line of LoadGen's"),
        ({"effective_test_mode": "PerformanceOnly"}, SUMMARY, "their scenario is"),
        ({**SAID, "effective_scenario": "Sideways"}, SUMMARY, "Sideways"),
        ({**SAID, "effective_test_mode": "Guess"}, SUMMARY, "no mode of LoadGen's"),
        ({**SAID, "test_datetime": "yesterday"}, SUMMARY, "when it was"),
        ({**SAID, "result_validity": "INVALID"}, SUMMARY, "do not agree"),
        (SAID, SUMMARY.replace("161.04", "many"), "could not convert"),
    ],
)
def test_bad_logs_are_refused_with_the_reason(
    checkout: Checkout, said: dict[str, object], summary: str, why: str
) -> None:
    logs(checkout.top / "good", SAID)
    logs(checkout.top / "more" / "bad", said, summary)
    shutil.move(checkout.top / "good", checkout.top / "more" / "good")
    error = checkout.fails(3, "runs", "import", "more")
    assert error["class"] == "BadLogsError"
    assert why in error["message"]
    assert "/bad" in error["where"]
    assert checkout("runs", "list", "--json").data["runs"] == []


def test_logs_that_are_torn_missing_or_of_two_runs_are_refused(checkout: Checkout) -> None:
    (checkout.top / "empty").mkdir()
    assert checkout.fails(3, "runs", "import", "empty")["class"] == "NoLogsError"
    assert checkout.fails(2, "runs", "import", "nowhere")["class"] == "UsageError"
    detail = logs(checkout.top / "torn", SAID) / "mlperf_log_detail.txt"
    detail.write_text(detail.read_text()[:-20])
    assert "damaged" in checkout.fails(3, "runs", "import", "torn")["message"]
    (logs(checkout.top / "half", SAID) / "mlperf_log_summary.txt").unlink()
    assert "mlperf_log_summary.txt" in checkout.fails(3, "runs", "import", "half")["message"]
    logs(checkout.top / "two" / "performance", SAID)
    logs(checkout.top / "two" / "accuracy", {**ACCURACY, "effective_scenario": "Server"}, NO_SUMMARY)
    assert "Offline and Server" in checkout.fails(3, "runs", "import", "two")["message"]
