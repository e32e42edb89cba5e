"""Runs as they would be after hours under LoadGen: records and logs in LoadGen's form, made up here, never measured.

A run by MLPerf's rules takes ten minutes a scenario and 24,781 pictures; what is tested with these is what is made of
such a run's files. `tests/end_to_end` has a real one, a short one.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from envmgr.model.digest import Digest
from envmgr.model.realisation import Isolation
from envmgr.model.run_record import RunInput, RunRecord, StepRecord
from envmgr.model.store_path import StorePath
from envmgr.results.submission.checks.logs import SEEDS
from envmgr.results.submission.rounds import ROUNDS
from tests.records import keep, record

SAMPLES = 24_781
METRICS: Mapping[str, Mapping[str, object]] = {
    "Offline": {"result_samples_per_second": 41.5},
    "Server": {"result_scheduled_samples_per_sec": 31.25, "result_completed_samples_per_sec": 31.1},
    "SingleStream": {
        "result_qps_without_loadgen_overhead": 21.0,
        "early_stopping_latency_ss": 48_000_000,
        "early_stopping_latency_ms": 51_000_000,
    },
    "MultiStream": {
        "early_stopping_latency_ms": 390_000_000,
        "result_99.00_percentile_per_query_latency_ns": 388_000_000,
        "result_mean_query_latency_ns": 371_000_000,
    },
}
WEIGHTS = StorePath.parse("a" * 32 + "-retinanet-onnx-2.1")
AXES = {
    "backend": "onnxruntime", "dataset": "openimages", "device": "cpu", "evaluator": "hotcoco",
    "implementation": "cpp", "mode": "both", "model": "retinanet", "onnxruntime": "1.32.0", "python": "cp311",
    "task": "detection", "tensors": "stored",
}  # fmt: skip
SCORE = "".join(f" Average Precision  (AP) @[ IoU={k} ] = 0.375\n" for k in range(12)) + "mAP=37.520%\n"


def detail_log(entries: Mapping[str, object]) -> str:
    """A detail log of these keys, in LoadGen's form."""
    shape = {"time_ms": 0.01, "namespace": "mlperf::logging", "event_type": "POINT_IN_TIME"}
    source = {"is_error": False, "is_warning": False, "file": "loadgen.cc", "line_no": 1, "pid": 2, "tid": 2}
    lines = ({"key": key, "value": value, **shape, "metadata": source} for key, value in entries.items())
    return "".join(f":::MLLOG {json.dumps(line)}\n" for line in lines)


def settings(round_: str, scenario: str, mode: str) -> dict[str, object]:
    """What LoadGen says of itself at the start of a run by the rules."""
    return {
        "loadgen_version": "made up",
        "sut_name": "envmgr harness",
        "qsl_reported_total_count": SAMPLES,
        "effective_scenario": scenario,
        "effective_test_mode": mode,
        "effective_samples_per_query": {"Offline": 24_900, "MultiStream": 8}.get(scenario, 1),
        "effective_target_latency_ns": 100_000_000 if scenario == "Server" else 0,
        "effective_min_duration_ms": 600_000,
        "effective_min_query_count": {"Offline": 1, "MultiStream": 662}.get(scenario, 64),
        **{f"effective_{name}": seed for name, seed in zip(SEEDS, ROUNDS[round_].seeds, strict=True)},
        "effective_accuracy_log_sampling_target": 0,
        "effective_performance_issue_unique": False,
        "effective_performance_issue_same": False,
        "effective_performance_sample_count": 64,
        "effective_accuracy_sample_count": SAMPLES,
        "effective_sample_concatenate_permutation": False,
    }


def performance_log(round_: str, scenario: str, **changes: object) -> str:
    """The detail log of a performance run."""
    results = {
        "result_validity": "VALID",
        "early_stopping_met": True,
        "result_query_count": 30_000,
        **METRICS[scenario],
        "result_mean_latency_ns": 50_000_000,
        "result_99.00_percentile_latency_ns": 90_000_000,
        "num_errors": 0,
    }
    return detail_log({**settings(round_, scenario, "PerformanceOnly"), **results, **changes})


def accuracy_log(round_: str, scenario: str, **changes: object) -> str:
    """The detail log of an accuracy run."""
    return detail_log({**settings(round_, scenario, "AccuracyOnly"), "num_errors": 0, **changes})


def summary(mode: str) -> str:
    """A summary, as far as anybody reads it."""
    verdict = "Result is : VALID\n" if mode == "PerformanceOnly" else "No errors encountered during test.\n"
    return f"================================================\nMode     : {mode}\n{verdict}"


def answers(count: int) -> str:
    """A log of answers."""
    lines = (f'{{ "seq_id" : {k}, "qsl_idx" : {k}, "data" : "{k:056X}" }}' for k in range(count))
    return "[\n" + ",\n".join(lines) + "\n]\n"


def step_files(round_: str, scenario: str, *, audit: bool, differing: bool) -> dict[str, dict[str, str]]:
    """What the steps of a run leave, by step; the audit's answers differ from those of the accuracy run, or do not."""
    performance = {
        "mlperf_log_detail.txt": performance_log(round_, scenario),
        "mlperf_log_summary.txt": summary("PerformanceOnly"),
    }
    accuracy = {
        "mlperf_log_detail.txt": accuracy_log(round_, scenario),
        "mlperf_log_summary.txt": summary("AccuracyOnly"),
        "mlperf_log_accuracy.json": answers(200),
    }
    files = {"accuracy": accuracy, "score": {"output.txt": SCORE}, "performance": performance}
    if audit:
        sampled = performance_log(round_, scenario, effective_accuracy_log_sampling_target=256)
        files["audit"] = {
            **performance,
            "mlperf_log_detail.txt": sampled,
            "mlperf_log_accuracy.json": answers(256),
        }
        files["compliance"] = dict.fromkeys(("verify_accuracy.txt", "verify_performance.txt"), "TEST PASS\n")
        if differing:
            files["compliance"] |= {"baseline_accuracy.txt": "mAP=37.5%\n", "compliance_accuracy.txt": "mAP=37.3%\n"}
    return files


def leave_run(
    runs: Path, run: str, round_: str, scenario: str, *, audit: bool = False, differing: bool = False
) -> RunRecord:
    """Leave a run by the rules in a folder of runs."""
    files = step_files(round_, scenario, audit=audit, differing=differing)
    audited = {"audit_passed": True, "audit_samples": 256, "audit_samples_different": 3 if differing else 0}
    scored = {"audit_mAP_baseline": 37.5, "audit_mAP_compliance": 37.3} if differing else {}
    steps = tuple(
        StepRecord(
            name=step,
            argv=(step,),
            seconds=700.0,
            exit_code=0,
            files={f"{step}/{name}": Digest.of(text.encode()) for name, text in inside.items()},
        )
        for step, inside in files.items()
    )
    isolation: Isolation = "sandboxed"
    weights = RunInput(derivation=Digest.of(b"w"), store_path=WEIGHTS, manifest=Digest.of(b"m"), isolation=isolation)
    made = record(
        run,
        recipe="benchmark",
        axes=AXES | {"round": round_, "scenario": scenario, "audit": "TEST01" if audit else "none"},
        settings={"count": 0, "min_duration_ms": 600_000, "min_query_count": 24_576},
        steps=steps,
        inputs={"weights": weights},
        metrics={"mAP": 37.52, "result_valid": True, "samples_per_second": 41.5, **(audited | scored if audit else {})},
    )
    folder = keep(runs, made)
    for step, inside in files.items():
        (folder / step).mkdir()
        for name, text in inside.items():
            (folder / step / name).write_text(text)
    (folder / "user.conf").write_text(f"*.{scenario}.min_duration = 600000\n")
    (folder / "derivation.json").write_text('{"made": "up"}\n')
    return made
