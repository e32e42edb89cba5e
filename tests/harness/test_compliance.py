"""Audits are judged by MLPerf's rules: by the logs of the audit run and of the runs that it audits."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import pytest
from loadgen_harness.compliance import SEEDS, TEST01_SEED, main
from loadgen_harness.detections import print_records

pytestmark = pytest.mark.harness

QUIET = {
    "accuracy_log_rng_seed": 0, "accuracy_log_sampling_target": 0, "performance_issue_same": False, "qsl_rng_seed": 1,
    "sample_index_rng_seed": 2, "schedule_rng_seed": 3,
}  # fmt: skip
SAMPLED = {**QUIET, "accuracy_log_rng_seed": TEST01_SEED, "accuracy_log_sampling_target": 256}
ANSWERS = {sample: f"0000000{sample}" for sample in range(4)}


@dataclass(frozen=True)
class Run:
    """What the logs of a run say."""

    rate: float = 100.0
    scenario: str = "Offline"
    result: str = "VALID"
    effective: tuple[tuple[str, int | bool], ...] = tuple(SAMPLED.items())
    answers: Mapping[int, str] | None = None

    def write(self, folder: Path) -> None:
        folder.mkdir()
        figure = {
            "Offline": f"Samples per second: {self.rate}",
            "Server": f"Completed samples per second    : {self.rate}",
            "SingleStream": f" * Early stopping 90.0th percentile estimate: {1e9 / self.rate:.0f}",
            "MultiStream": f" * Early stopping 99th percentile estimate: {1e9 / self.rate:.0f}",
        }[self.scenario]
        head = f"Scenario : {self.scenario}\nMode     : PerformanceOnly\nResult is : {self.result}\n"
        (folder / "mlperf_log_summary.txt").write_text(head + figure + "\n")
        lines = (json.dumps({"key": f"effective_{key}", "value": value}) for key, value in self.effective)
        (folder / "mlperf_log_detail.txt").write_text("".join(f":::MLLOG {line}\n" for line in lines))
        if self.answers is not None:
            write_answers(folder, self.answers)


def write_answers(folder: Path, answers: Mapping[int, str]) -> None:
    entries = (json.dumps({"seq_id": k, "qsl_idx": k, "data": data}) for k, data in answers.items())
    (folder / "mlperf_log_accuracy.json").write_text("[\n" + ",\n".join(entries) + "\n]\n")


REFERENCE = Run(effective=tuple(QUIET.items()))
AUDIT = Run(answers={sample: ANSWERS[sample] for sample in (1, 3)})


@dataclass(frozen=True)
class Verdict:
    """How the judge ended."""

    code: int
    said: str
    metrics: Mapping[str, bool | float | str]


class Judge(Protocol):
    """Writes the logs of three runs and has them judged."""

    def __call__(
        self, name: str, audit: Run, reference: Run = REFERENCE, answers: Mapping[int, str] = ANSWERS
    ) -> Verdict: ...


@pytest.fixture
def judge(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Judge:
    def judged(name: str, audit: Run, reference: Run = REFERENCE, answers: Mapping[int, str] = ANSWERS) -> Verdict:
        audit.write(tmp_path / "audit")
        reference.write(tmp_path / "performance")
        (tmp_path / "accuracy").mkdir()
        write_answers(tmp_path / "accuracy", answers)
        (tmp_path / "out").mkdir()
        places = {"--run": "audit", "--performance": "performance", "--accuracy": "accuracy", "--output": "out"}
        options = [word for option, place in places.items() for word in (option, str(tmp_path / place))]
        if (tmp_path / "annotations.json").exists():
            options += ["--annotations", str(tmp_path / "annotations.json"), "--evaluator", "pycocotools"]
        code = main(["--audit", name, *options])
        printed = capsys.readouterr()
        file = tmp_path / "out/metrics.json"
        return Verdict(code, printed.out + printed.err, json.loads(file.read_text()) if file.exists() else {})

    return judged


def test_sampled_answers_that_are_those_of_the_accuracy_run_pass(judge: Judge, tmp_path: Path) -> None:
    verdict = judge("TEST01", AUDIT)
    assert verdict.code == 0
    assert verdict.metrics["audit_passed"] is True
    assert (verdict.metrics["audit_samples"], verdict.metrics["audit_samples_different"]) == (2, 0)
    assert "TEST PASS" in (tmp_path / "out/verify_accuracy.txt").read_text()
    assert "TEST PASS" in (tmp_path / "out/verify_performance.txt").read_text()


def test_one_bit_of_difference_fails_where_no_annotations_score_it(judge: Judge, tmp_path: Path) -> None:
    verdict = judge("TEST01", AUDIT, answers={**ANSWERS, 3: "00000008"})
    assert verdict.metrics["audit_passed"] is False
    assert "1 of 2 sampled answers differ" in verdict.said
    assert "TEST FAIL" in (tmp_path / "out/verify_accuracy.txt").read_text()
    assert "TEST PASS" in (tmp_path / "out/verify_performance.txt").read_text()


@pytest.mark.parametrize(("shift", "passed"), [(1e-6, True), (0.4, False)])
def test_other_answers_pass_where_they_score_within_a_hundredth(
    judge: Judge, tmp_path: Path, shift: float, *, passed: bool
) -> None:
    pytest.importorskip("pycocotools")
    images = [{"id": 7 + k, "file_name": f"{k}.jpg", "height": 100, "width": 100} for k in range(4)]
    boxes = [
        {"id": k + 1, "image_id": 7 + k, "category_id": 0, "bbox": [20, 20, 40, 40], "area": 1600, "iscrowd": 0}
        for k in range(4)
    ]
    truth = {"images": images, "annotations": boxes, "categories": [{"id": 0, "name": "thing"}]}
    (tmp_path / "annotations.json").write_text(json.dumps(truth))
    right = {k: print_records([[k, 0.2, 0.2, 0.6, 0.6, 0.9, 0]]) for k in range(4)}
    moved = {k: print_records([[k, 0.2 + shift, 0.2, 0.6 + shift, 0.6, 0.9, 0]]) for k in (1, 3)}
    verdict = judge("TEST01", replace(AUDIT, answers=moved), answers=right)
    assert verdict.metrics["audit_samples_different"] == 2
    assert verdict.metrics["audit_passed"] is passed


@pytest.mark.parametrize(
    ("name", "rate", "passed"),
    [
        ("TEST01", 91, True), ("TEST01", 89, False), ("TEST01", 111, False), ("TEST04", 50, True),
        ("TEST04", 111, False), ("TEST05", 96, True), ("TEST05", 94, False),
    ],
)  # fmt: skip
def test_the_pace_of_an_audit_is_held_to_its_bound(judge: Judge, name: str, rate: float, *, passed: bool) -> None:
    other = {**SAMPLED, "performance_issue_same": True, **dict.fromkeys(SEEDS, 9)}
    verdict = judge(name, replace(AUDIT, rate=rate, effective=tuple(other.items())))
    assert verdict.metrics["audit_passed"] is passed
    assert verdict.metrics["audit_pace_ratio"] == pytest.approx(rate / 100)


@pytest.mark.parametrize("scenario", ["Offline", "Server", "SingleStream", "MultiStream"])
def test_each_scenario_is_held_by_its_own_figure(scenario: str, judge: Judge) -> None:
    verdict = judge("TEST01", replace(AUDIT, scenario=scenario, rate=95), replace(REFERENCE, scenario=scenario))
    assert verdict.metrics["audit_pace_ratio"] == pytest.approx(0.95, rel=1e-3)


def test_a_very_short_latency_may_differ_by_a_fifth(judge: Judge) -> None:
    quick = replace(REFERENCE, scenario="SingleStream", rate=10_000)
    assert judge("TEST01", replace(AUDIT, scenario="SingleStream", rate=8_100), quick).metrics["audit_passed"] is True


@pytest.mark.parametrize(
    ("name", "why"), [("TEST01", "sampled no answers"), ("TEST04", "one sample"), ("TEST05", "no other seeds")]
)
def test_an_audit_that_loadgen_took_no_notice_of_fails(name: str, why: str, judge: Judge) -> None:
    verdict = judge(name, replace(AUDIT, effective=tuple(QUIET.items())))
    assert verdict.metrics["audit_passed"] is False
    assert why in verdict.said


def test_an_invalid_run_fails_the_audit(judge: Judge) -> None:
    verdict = judge("TEST01", replace(AUDIT, result="INVALID"))
    assert verdict.metrics["audit_passed"] is False
    assert "LoadGen calls audit INVALID" in verdict.said


def test_a_sample_that_the_accuracy_run_never_saw_is_an_error(judge: Judge) -> None:
    verdict = judge("TEST01", AUDIT, answers={1: ANSWERS[1]})
    assert (verdict.code, verdict.metrics) == (1, {})
    assert "sample 3 was never answered" in verdict.said


@pytest.mark.parametrize(
    "broken",
    [
        ("audit/mlperf_log_accuracy.json", "[\n{", "line 2: no answer as LoadGen logs it"),
        ("audit/mlperf_log_detail.txt", ":::MLLOG {", "an entry is none as LoadGen writes it"),
        ("audit/mlperf_log_detail.txt", "", "does not say the setting accuracy_log_rng_seed in effect"),
        ("performance/mlperf_log_summary.txt", "Mode : PerformanceOnly\nScenario : Offline\n", "has no line `Samples"),
    ],
)
def test_a_broken_log_is_an_error_that_names_it(
    judge: Judge, tmp_path: Path, capsys: pytest.CaptureFixture[str], broken: tuple[str, str, str]
) -> None:
    file, text, complaint = broken
    judge("TEST01", AUDIT)
    (tmp_path / file).write_text(text)
    places = {"--run": "audit", "--performance": "performance", "--accuracy": "accuracy", "--output": "out"}
    options = [word for option, place in places.items() for word in (option, str(tmp_path / place))]
    assert main(["--audit", "TEST01", *options]) == 1
    assert f"{tmp_path / file}: {complaint}" in capsys.readouterr().err


def test_a_run_without_logs_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = [
        word for option in ("run", "performance", "accuracy", "output") for word in (f"--{option}", str(tmp_path))
    ]
    assert main(["--audit", "TEST01", *options]) == 1
    assert "mlperf_log_summary.txt: cannot be read" in capsys.readouterr().err
