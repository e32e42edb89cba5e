"""Why a run can't be submitted, as its record says."""

import pytest

from envmgr.model.run_record import RunRecord
from envmgr.results.submission.rules import mark, not_submittable
from tests.records import record

AXES = {
    "round": "v5.1", "model": "retinanet", "dataset": "openimages", "backend": "onnxruntime", "audit": "none",
    "mode": "both", "scenario": "SingleStream",
}  # fmt: skip
SETTINGS: dict[str, int | float] = {"count": 0, "min_duration_ms": 600_000, "performance_samples": 0}
METRICS: dict[str, bool | int | float | str] = {"mAP": 37.52, "result_valid": True, "samples_per_second": 50.0}


def run(
    axes: dict[str, str] | None = None,
    settings: dict[str, int | float] | None = None,
    metrics: dict[str, bool | int | float | str] | None = None,
) -> RunRecord:
    changed = {
        "axes": AXES | (axes or {}), "settings": SETTINGS | (settings or {}), "metrics": METRICS | (metrics or {}),
    }  # fmt: skip
    return record("20260101-000000-aaaaaa").model_copy(update=changed)


def test_a_run_by_the_rules_has_no_reason() -> None:
    assert not_submittable(run()) == []
    assert mark(run()) == ""


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        (run({"round": "v6.1"}), "round v6.1 takes no retinanet; v5.0, v5.1, v6.0 do"),
        (run({"round": "v2.1"}), "the rules of round v2.1 are not here; those of v5.0, v5.1, v6.0, v6.1 are"),
        (run({"model": "retinanet-tiny-shapes"}), "no rules for retinanet-tiny-shapes are here"),
        (run({"dataset": "openimages-500"}), "the data set is openimages-500, not all of it (openimages)"),
        (run({"backend": "null"}), "the null backend answers nothing"),
        (run({"mode": "find-peak-performance"}), "it looks for the peak and measures nothing"),
        (run(settings={"count": 20}), "it looks at 20 samples only"),
        (run(settings={"min_duration_ms": 1000}), "min_duration_ms is 1000, less than 600000"),
        (run(settings={"performance_samples": 63}), "performance_samples is 63, less than 64"),
        (run(metrics={"result_valid": False}), "LoadGen says INVALID"),
        (run({"audit": "TEST01"}, metrics={"audit_passed": False}), "it failed TEST01"),
        (run(metrics={"mAP": 37.17}), "mAP 37.1700 is below 37.1745, which the open division alone takes"),
    ],
)
def test_each_fault_is_a_reason(changed: RunRecord, reason: str) -> None:
    assert not_submittable(changed) == [reason]
    assert mark(changed) == f"not submittable: {reason}"


def test_a_run_that_follows_no_round_is_not_marked() -> None:
    plain = record("20260101-000000-aaaaaa").model_copy(update={"axes": {}})
    assert not_submittable(plain) == ["its recipe follows no round of MLPerf's"]
    assert mark(plain) == ""
