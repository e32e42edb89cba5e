"""`envmgr runs export`: runs in the forms that other tools read."""

import csv
import json

import pytest

from tests.functional.conftest import Checkout
from tests.records import imported, keep, record

AXES = {"scenario": "SingleStream", "backend": "onnxruntime", "model": "retinanet"}


def fill(checkout: Checkout) -> list[str]:
    """Two configurations, one of them twice; a warm-up, an INVALID run, and one made elsewhere; the ids."""
    runs = checkout.store / "runs"
    place = {"series": "s-1", "configuration": "batch=1"}
    made = [
        record("20260101-000000-aaaaaa", axes=AXES, settings={"batch": 1}, metrics={"latency_p90_ns": 9_000_000},
               series={**place, "round": 0}),
        record("20260102-000000-bbbbbb", axes=AXES, settings={"batch": 1}, metrics={"latency_p90_ns": 4_000_000},
               series={**place, "round": 1}),
        record("20260103-000000-cccccc", axes=AXES, settings={"batch": 1}, metrics={"latency_p90_ns": 6_000_000}),
        record("20260104-000000-dddddd", axes={**AXES, "scenario": "Offline"}, settings={"batch": 2},
               metrics={"samples_per_second": 50.0, "mAP": 61.5, "result_valid": True, "note": "fine"},
               environment={"TOKEN": "secret"}),
        record("20260105-000000-eeeeee", axes=AXES, settings={"batch": 1},
               metrics={"latency_p90_ns": 1, "result_valid": False}),
        imported("20260106-000000-ffffff", axes={"scenario": "Offline"}, metrics={"samples_per_second": 25.0}),
    ]  # fmt: skip
    for run in made:
        keep(runs, run)
    return [run.id for run in made]


def exported(checkout: Checkout, form: str, *options: str) -> str:
    return checkout("runs", "export", "--format", form, *options).stdout


def test_whole_records_and_all_fields_are_handed_out(checkout: Checkout) -> None:
    ids = fill(checkout)
    records = json.loads(exported(checkout, "json"))["runs"]
    assert records == [json.loads((checkout.store / "runs" / run / "record.json").read_text()) for run in ids]
    rows = [*csv.DictReader(exported(checkout, "csv", "--where", "metrics.mAP > 60").splitlines())]
    assert [(row["id"], row["headline.value"]) for row in rows] == [("20260104-000000-dddddd", "50.0")]
    assert checkout.fails(2, "runs", "export", "--format", "csv", "--where", "mPA > 60")["class"] == "ExpressionError"
    assert checkout.fails(2, "runs", "export", "--format", "excel")["class"] == "UsageError"


def test_hyperfines_form_has_the_seconds_of_a_sample_by_configuration(checkout: Checkout) -> None:
    ids = fill(checkout)
    answer = checkout("runs", "export", "--format", "hyperfine", "-o", "times/h.json", "--json")
    assert answer.data["runs"] == [*ids[1:4], ids[5]]
    assert answer.json()["warnings"] == ["2 runs have no time that counts, and are left out"]
    results = json.loads((checkout.top / "times" / "h.json").read_text())["results"]
    assert [(item["times"], item["exit_codes"]) for item in results] == [
        ([0.004, 0.006], [0, 0]),
        ([0.02], [0]),
        ([0.04], [0]),
    ]
    assert (results[0]["median"], results[0]["mean"], results[1]["stddev"]) == (0.005, 0.005, None)
    assert results[0]["parameters"] == {
        "scenario": "SingleStream", "backend": "onnxruntime", "model": "retinanet", "batch": "1",
    }  # fmt: skip
    assert results[2]["command"] == "bench scenario=Offline"


def test_asvs_form_is_a_folder_of_results(checkout: Checkout) -> None:
    fill(checkout)
    assert checkout.fails(2, "runs", "export", "--format", "asv")["class"] == "NoFolderError"
    exported(checkout, "asv", "--where", "not imported", "-o", "results")
    folder = checkout.top / "results"
    benchmark = json.loads((folder / "benchmarks.json").read_text())["bench"]
    (machine,) = (path for path in folder.iterdir() if path.is_dir())
    assert json.loads((machine / "machine.json").read_text())["machine"] == machine.name
    (results,) = machine.glob("*-envmgr.json")
    found = json.loads(results.read_text())
    assert results.name.startswith(found["commit_hash"][:8])
    columns = dict(zip(found["result_columns"], found["results"]["bench"], strict=True))
    assert columns["params"] == benchmark["params"]
    assert (columns["result"], columns["samples"]) == ([0.005, 0.02], [[0.004, 0.006], [0.02]])


def test_wandbs_form_has_what_its_functions_take(checkout: Checkout) -> None:
    fill(checkout)
    runs = json.loads(exported(checkout, "wandb", "--where", "started >= 2026-01-01"))["runs"]
    assert len({run["init"]["id"] for run in runs}) == 6
    assert (runs[0]["init"]["group"], "warm-up" in runs[0]["init"]["tags"]) == ("s-1", True)
    assert "INVALID" in runs[4]["init"]["tags"]
    assert "imported" in runs[5]["init"]["tags"]
    config, summary = runs[3]["init"]["config"], runs[3]["summary"]
    assert (config["axes.scenario"], config["Scenario"], config["settings.batch"]) == ("Offline", "Offline", 2)
    assert not [name for name in config if name.startswith(("metrics.", "environment."))]
    assert summary == {
        "samples_per_second": 50.0, "mAP": 61.5, "result_valid": 1.0, "Result": 50.0, "performance": 50.0, "qps": 50.0,
        "Accuracy": 61.5, "accuracy": 0.615,
    }  # fmt: skip


def test_mlflow_reads_its_form(checkout: Checkout, monkeypatch: pytest.MonkeyPatch) -> None:
    tracking = pytest.importorskip("mlflow.tracking")
    fill(checkout)
    for _ in range(2):
        exported(checkout, "mlflow", "-o", "mlruns")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    client = tracking.MlflowClient((checkout.top / "mlruns").as_uri())
    (experiment,) = client.search_experiments()
    assert experiment.name == "bench"
    chosen = "metrics.mAP > 60 and params.`axes.scenario` = 'Offline'"
    (run,) = client.search_runs([experiment.experiment_id], filter_string=chosen)
    assert (run.info.run_name, run.info.status, run.data.metrics["qps"]) == ("20260104-000000-dddddd", "FINISHED", 50.0)
    assert len(client.search_runs([experiment.experiment_id])) == 6
