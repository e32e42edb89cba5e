"""Hold an audit run against the runs that it audits, by MLPerf's rules for TEST01, TEST04 and TEST05.

TEST01 logs a sample of the answers of a performance run: they are those of the accuracy run, bit for bit, or score
within 1 % of them; the pace is within 10 %. TEST04 asks for one sample over and over: that must not be more than 10 %
faster. TEST05 takes other seeds: the pace is within 5 %. Where a latency is so short that the machine's own noise
counts, 20 % will do.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from loadgen_harness.accuracy_log import read_all, read_log
from loadgen_harness.bad_file import BadFileError, complain
from loadgen_harness.loadgen_logs import Logs, LogsError, read_logs

TOLERANCES = {"TEST01": 0.10, "TEST04": 0.10, "TEST05": 0.05}
SHORT_NS = {"SingleStream": 200_000, "MultiStream": 1_600_000}
SHORT_TOLERANCE = 0.20
MAP_TOLERANCE = 0.01
TEST01_SEED = 720381539243781796
SEEDS = ("qsl_rng_seed", "sample_index_rng_seed", "schedule_rng_seed")
LOG = "mlperf_log_accuracy.json"


@dataclass
class Verdict:
    """What an audit came to."""

    metrics: dict[str, bool | float | str]
    faults: list[str] = field(default_factory=list)
    """What broke which rule; none: passed."""


def audit(name: str, audited: Logs, reference: Logs) -> Verdict:
    """Hold the pace and the settings of an audit run against the performance run. Raises LogsError."""
    ratio = audited.rate / reference.rate
    verdict = Verdict({"audit": name, "audit_pace_ratio": ratio}, _without_effect(name, audited, reference))
    if audited.scenario != reference.scenario:
        verdict.faults.append(f"the audit ran {audited.scenario}, the performance run {reference.scenario}")
    for logs in (audited, reference):
        if not logs.valid:
            verdict.faults.append(f"LoadGen calls {logs.folder.name} INVALID")
    tolerance = _tolerance(name, reference)
    if ratio > 1 + tolerance or (ratio < 1 - tolerance and name != "TEST04"):
        verdict.faults.append(f"the audit's pace is {ratio:.3f} of the audited run's, more than {tolerance:.0%} off")
    return verdict


def _without_effect(name: str, audited: Logs, reference: Logs) -> list[str]:
    """LoadGen reads the audit.config, and not every release takes notice of every key in it."""
    told = audited.setting
    took = {
        "TEST01": told("accuracy_log_rng_seed") == TEST01_SEED and told("accuracy_log_sampling_target") > 0,
        "TEST04": bool(told("performance_issue_same")),
        "TEST05": all(told(seed) != reference.setting(seed) for seed in SEEDS),
    }
    why = {
        "TEST01": "LoadGen sampled no answers",
        "TEST04": "LoadGen did not ask for one sample over and over",
        "TEST05": "LoadGen took no other seeds",
    }
    return [] if took[name] else [why[name]]


def _tolerance(name: str, reference: Logs) -> float:
    short = SHORT_NS.get(reference.scenario)
    noisy = short is not None and reference.latency_ns is not None and reference.latency_ns <= short
    return max(TOLERANCES[name], SHORT_TOLERANCE) if noisy else TOLERANCES[name]


@dataclass(frozen=True)
class Answers:
    """The sampled answers of an audit run, and what the accuracy run answered to the same samples."""

    sampled: Mapping[int, str]
    accurate: Mapping[int, str]
    unstable: int
    """How many samples got different answers within the audit run."""

    @property
    def different(self) -> int:
        """How many samples got another answer in the audit run."""
        return sum(self.accurate[sample] != data for sample, data in self.sampled.items())


def read_answers(audited: Path, accuracy: Path) -> Answers:
    """Read both logs. Raises LogsError, LogError."""
    for folder in (audited, accuracy):
        if not (folder / LOG).is_file():
            raise LogsError(folder / LOG, "is missing: TEST01 takes an accuracy run, too (mode=both)")
    sampled: dict[int, set[str]] = {}
    for sample, data in read_all(audited / LOG):
        sampled.setdefault(sample, set()).add(data)
    with (accuracy / LOG).open("rb") as file:  # an answer is a line
        samples = max(sum(1 for _ in file), max(sampled, default=0) + 1)
    accurate = {sample: data for sample, data in read_log(accuracy / LOG, samples) if sample in sampled}
    if missing := sampled.keys() - accurate.keys():
        raise LogsError(accuracy / LOG, f"sample {min(missing)} was never answered; use the same count for both runs")
    unstable = sum(len(answers) > 1 for answers in sampled.values())
    return Answers({sample: min(answers) for sample, answers in sampled.items()}, accurate, unstable)


@dataclass(frozen=True)
class Scorer:
    """What gives answers a score, and where it writes them."""

    annotations: Path
    evaluator: str
    output: Path

    def __call__(self, kind: str, answers: Mapping[int, str]) -> float:
        """The mAP of answers to some samples. Raises LogError, TruthError."""
        from loadgen_harness.accuracy import score  # takes a second to load, and is seldom needed

        log = self.output / f"{kind}_{LOG}"
        entries = (
            {"seq_id": k, "qsl_idx": sample, "data": answers[sample]} for k, sample in enumerate(sorted(answers))
        )
        log.write_text("[\n" + ",\n".join(map(json.dumps, entries)) + "\n]\n", encoding="utf-8")
        value = score(log, self.annotations, self.evaluator)["mAP"]
        (self.output / f"{kind}_accuracy.txt").write_text(f"mAP={value:.3f}%\n", encoding="utf-8")
        return value


def judge_answers(answers: Answers, scorer: Scorer | None, verdict: Verdict) -> None:
    """The accuracy part of TEST01: the same answers, or the same score within 1 %. Raises LogError, TruthError."""
    verdict.metrics |= {"audit_samples": len(answers.sampled), "audit_samples_different": answers.different}
    if not answers.sampled:
        verdict.faults.append("the audit run logged no answer")
    if answers.different == 0 and answers.unstable == 0:
        return
    if scorer is None:
        verdict.faults.append(f"{answers.different} of {len(answers.sampled)} sampled answers differ")
        return
    baseline, compliance = scorer("baseline", answers.accurate), scorer("compliance", answers.sampled)
    verdict.metrics |= {"audit_mAP_baseline": baseline, "audit_mAP_compliance": compliance}
    if abs(compliance - baseline) > MAP_TOLERANCE * baseline:
        verdict.faults.append(f"mAP of the sampled answers is {compliance:.3f}, of the accuracy run's {baseline:.3f}")


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="compliance", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--audit", choices=TOLERANCES, required=True)
    parser.add_argument("--run", type=Path, required=True, help="the folder of the audit run's logs")
    parser.add_argument("--performance", type=Path, required=True, help="the folder of the performance run's logs")
    parser.add_argument("--accuracy", type=Path, required=True, help="the folder of the accuracy run's logs (TEST01)")
    parser.add_argument("--annotations", type=Path, help="of a detection dataset: scores answers that differ")
    parser.add_argument("--evaluator", default="hotcoco", help="who evaluates such answers")
    parser.add_argument("--output", type=Path, required=True, help="where metrics.json and the verdict's texts go")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Judge an audit; returns 0 whatever the verdict, or 1 where the logs allow none."""
    options = parse_arguments(arguments)
    try:
        verdict = audit(options.audit, read_logs(options.run), read_logs(options.performance))
        _write(options.output / "verify_performance.txt", verdict.faults)
        if options.audit == "TEST01":
            before = len(verdict.faults)
            judge_answers(read_answers(options.run, options.accuracy), _scorer(options), verdict)
            _write(options.output / "verify_accuracy.txt", verdict.faults[before:])
        verdict.metrics["audit_passed"] = not verdict.faults
        (options.output / "metrics.json").write_text(json.dumps(verdict.metrics, indent=1) + "\n", encoding="utf-8")
    except (BadFileError, OSError) as error:
        return complain("compliance", error)
    sys.stdout.write("".join(f"{line}\n" for line in [*verdict.faults, _words(options.audit, verdict)]))
    return 0


def _scorer(options: argparse.Namespace) -> Scorer | None:
    return Scorer(options.annotations, options.evaluator, options.output) if options.annotations else None


def _words(name: str, verdict: Verdict) -> str:
    return f"{name} {'failed' if verdict.faults else 'passed'}: pace {verdict.metrics['audit_pace_ratio']:.3f}"


def _write(file: Path, faults: Sequence[str]) -> None:
    """In the words that MLPerf's submission checker looks for."""
    said = [*faults, "TEST FAIL" if faults else "TEST PASS"]
    file.write_text("".join(f"{line}\n" for line in said), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
