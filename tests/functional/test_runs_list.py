"""`envmgr runs list`: the runs in a table."""

import csv
import json
import os
import pty
import subprocess
from pathlib import Path

from envmgr.results.ledger import FORM
from tests.functional.conftest import Checkout
from tests.records import imported, keep, record

BENCH = """
[run.targets]
mAP = 55
[[run.steps]]
name = "measure"
argv = ["/bin/sh", "-c", "echo '{\\"mAP\\": MAP, \\"result_valid\\": VALID}' > {step}/metrics.json"]
"""
OFFLINE = {"samples_per_second": 161.04, "result_valid": True, "mAP": 61.827}
SINGLE = {"latency_p90_ns": 5866821, "result_valid": False}


def bench(checkout: Checkout, *, mean: float, valid: bool = True) -> None:
    checkout.recipe("bench", BENCH.replace("MAP,", f"{mean},").replace("VALID", str(valid).lower()))


def fill(checkout: Checkout) -> Path:
    """Four runs of one benchmark, one of them made elsewhere; the folder of the runs."""
    runs = checkout.store / "runs"
    common = {"settings": {"batch": 1}, "metrics": OFFLINE}
    offline = {"scenario": "Offline", "backend": "onnxruntime"}
    keep(runs, record("20260101-000000-aaaaaa", axes=offline, **common))
    keep(runs, record("20260102-000000-bbbbbb", axes=offline, **{**common, "settings": {"batch": 4}}, exit_code=9))
    keep(runs, record("20260103-000000-cccccc", axes={**offline, "scenario": "SingleStream"}, metrics=SINGLE))
    keep(runs, imported("20260104-000000-dddddd", axes=offline, metrics=OFFLINE, started="2026-11-04T00:00:00+00:00"))
    return runs


def test_runs_are_listed_oldest_first_with_their_numbers(checkout: Checkout) -> None:
    assert checkout("runs", "list").stdout == ""
    assert checkout("runs", "list", "--json").data == {"runs": [], "damaged": []}
    bench(checkout, mean=60.5)
    first = Path(checkout("run", "bench", "--json").data["record"]).parent.name
    assert [run["id"] for run in checkout("runs", "list", "--json").data["runs"]] == [first]
    bench(checkout, mean=12.5)
    low = checkout("run", "bench", "--json", expect=9)
    assert low.error["class"] == "AccuracyError"
    assert "12.5" in low.error["message"]
    bench(checkout, mean=70.5, valid=False)
    assert checkout("run", "bench", "--json", expect=8).error["class"] == "InvalidResultError"
    listed = checkout("runs", "list", "--json").data["runs"]
    assert [run["started"] for run in listed] == sorted(run["started"] for run in listed)
    assert [run["metrics"]["mAP"] for run in listed if run["exit_code"] == 9] == [12.5]
    assert sorted(run["exit_code"] for run in listed) == [0, 8, 9]


def test_the_table_shows_what_runs_are_told_apart_by_and_what_is_to_be_known_of_them(checkout: Checkout) -> None:
    fill(checkout)
    head, *lines = checkout("runs", "list").stdout.splitlines()
    assert head.split() == ["RUN", "RECIPE", "APART", "BY", "SCENARIO", "RESULT", "ACCURACY", "LOADGEN"]
    assert [line.split("  ")[0] for line in lines] == [f"2026010{n}-000000-{6 * 'abcd'[n - 1]}" for n in (1, 2, 3, 4)]
    assert [words for words in ("161.0 samples/s", "mAP 61.827 %", " VALID") if words not in lines[0]] == []
    assert [words for words in ("batch=4", "below target") if words not in lines[1]] == []
    assert [words for words in ("SingleStream", "p90 5.867 ms", "INVALID") if words not in lines[2]] == []
    assert lines[3].endswith("imported")
    assert "imported" not in "".join(lines[:3])


def test_runs_are_chosen_by_an_expression_and_by_how_new_they_are(checkout: Checkout) -> None:
    fill(checkout)

    def ids(*options: str) -> str:
        return "".join(run["id"][-1] for run in checkout("runs", "list", *options, "--json").data["runs"])

    assert ids("--where", "scenario == 'Offline' and mAP > 60") == "abd"
    assert ids("--where", "scenario == 'Offline'", "--last", "2") == "bd"
    assert ids("--where", "started >= 2026-11-01") == "d"
    error = checkout.fails(2, "runs", "list", "--where", "mAP > 60 and sceanrio == 'Offline'")
    assert (error["class"], error["fix"]) == ("ExpressionError", "did you mean 'scenario'?")
    assert error["message"].startswith("column 14 ")


def test_csv_has_every_field_of_every_run(checkout: Checkout) -> None:
    fill(checkout)
    first, *_, last = csv.DictReader(checkout("runs", "list", "--csv").stdout.splitlines())
    assert (first["axes.scenario"], first["metrics.mAP"], first["host.cpu.model"]) == ("Offline", "61.827", "any")
    assert (last["imported"], last["source"], last["host.cpu.model"]) == ("True", "results", "")


def test_a_damaged_record_is_named_and_the_others_are_listed(checkout: Checkout) -> None:
    runs = fill(checkout)
    (runs / "20260102-000000-bbbbbb" / "record.json").write_text("{}")
    for _ in range(2):
        listed = checkout("runs", "list", "--json")
        assert [run["id"][-1] for run in listed.data["runs"]] == ["a", "c", "d"]
        assert [run["id"][-1] for run in listed.data["damaged"]] == ["b"]
        assert "bbbbbb is damaged" in listed.json()["warnings"][0]


def test_a_list_follows_the_records_however_the_ledger_is(checkout: Checkout) -> None:
    runs = fill(checkout)
    checkout("runs", "list")
    ledger = runs / "ledger.json"
    assert json.loads(ledger.read_bytes())["runs"].keys() == {path.name for path in runs.iterdir() if path.is_dir()}
    keep(runs, record("20260105-000000-eeeeee"))
    (runs / "20260101-000000-aaaaaa" / "record.json").unlink()
    (runs / "20260103-000000-cccccc" / "record.json").write_text(record("20260103-000000-cccccc", seconds=77).text())
    expected = {"20260102-000000-bbbbbb": 1, "20260103-000000-cccccc": 77, "20260104-000000-dddddd": 1}
    expected["20260105-000000-eeeeee"] = 1
    for odd in ("a-loop", "a-pipe"):
        (runs / odd).mkdir()
    (runs / "a-loop" / "record.json").symlink_to("record.json")
    os.mkfifo(runs / "a-pipe" / "record.json")
    torn = json.dumps({"form": FORM, "runs": {"20260105-000000-eeeeee": {}}})
    for text in (None, "", "{}", torn, '{"form": 0}'):
        if text is not None:
            ledger.write_text(text)
        listed = checkout("runs", "list", "--json").data["runs"]
        assert {run["id"]: run["seconds"] for run in listed} == expected
    emptied = json.loads(ledger.read_bytes())
    for line in emptied["runs"].values():
        line["fields"] = {}
    ledger.write_text(json.dumps(emptied))
    assert {run["id"] for run in checkout("runs", "list", "--json").data["runs"]} == expected.keys()


def test_what_a_record_says_steers_no_terminal(checkout: Checkout) -> None:
    keep(checkout.store / "runs", record("20260101-000000-aaaaaa", recipe="\x1b[2Jcleared\x9b1m"))
    terminal, stdout = pty.openpty()
    environ = {**checkout.environ, "ENVMGR_STORE": str(checkout.store)}
    subprocess.run(checkout.command("runs", "list"), cwd=checkout.top, env=environ, stdout=stdout, check=True)
    os.close(stdout)
    said = os.read(terminal, 10_000).decode()
    os.close(terminal)
    assert "\\x1b[2Jcleared\\x9b1m" in said
    assert "\x1b" not in said
