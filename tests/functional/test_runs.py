"""`envmgr runs`: the recorded runs."""

from pathlib import Path

from tests.functional.conftest import Checkout

BENCH = """
[run.targets]
mAP = 55
[[run.steps]]
name = "measure"
argv = ["/bin/sh", "-c", "echo '{\\"mAP\\": MAP, \\"result_valid\\": VALID}' > {step}/metrics.json"]
"""


def bench(checkout: Checkout, *, mean: float, valid: bool = True) -> None:
    checkout.recipe("bench", BENCH.replace("MAP,", f"{mean},").replace("VALID", str(valid).lower()))


def test_runs_are_listed_oldest_first_with_their_numbers(checkout: Checkout) -> None:
    bench(checkout, mean=60.5)
    first = Path(checkout("run", "bench", "--json").data["record"]).parent.name
    bench(checkout, mean=70.5)
    second = Path(checkout("run", "bench", "--json").data["record"]).parent.name
    listed = checkout("runs", "--json").data["runs"]
    assert {run["id"] for run in listed} == {first, second}
    assert [run["started"] for run in listed] == sorted(run["started"] for run in listed)
    assert {run["metrics"]["mAP"] for run in listed} == {60.5, 70.5}
    lines = checkout("runs").stdout.splitlines()
    assert [line.split()[0] for line in lines] == [run["id"] for run in listed]
    assert all(line.endswith("%  VALID") for line in lines)


def test_bad_news_is_recorded_too(checkout: Checkout) -> None:
    bench(checkout, mean=12.5)
    low = checkout("run", "bench", "--json", expect=9)
    assert low.error["class"] == "AccuracyError"
    assert "12.5" in low.error["message"]
    bench(checkout, mean=60.0, valid=False)
    assert checkout("run", "bench", "--json", expect=8).error["class"] == "InvalidResultError"
    assert sorted(run["exit_code"] for run in checkout("runs", "--json").data["runs"]) == [8, 9]


def test_a_store_without_runs_has_an_empty_list(checkout: Checkout) -> None:
    assert checkout("runs").stdout == ""
    assert checkout("runs", "--json").data == {"runs": []}


def test_a_damaged_record_is_named(checkout: Checkout) -> None:
    file = checkout.store / "runs" / "20260101-000000-abcdef" / "record.json"
    file.parent.mkdir(parents=True)
    file.write_text("{}")
    assert checkout.fails(7, "runs")["where"] == str(file)
