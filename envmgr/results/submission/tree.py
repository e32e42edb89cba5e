"""The tree of a submission, from records alone: the same records give the same bytes."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from envmgr.model.run_files import DERIVATION, DERIVATIONS
from envmgr.model.run_record import RunRecord
from envmgr.results.loadgen_logs import ANSWERS, DETAIL, SUMMARY
from envmgr.results.submission import readme
from envmgr.results.submission.checks.audits import SCORED, TEST
from envmgr.results.submission.checks.measurements import CALIBRATION
from envmgr.results.submission.gather import Entry, Kept
from envmgr.results.submission.layout import RESULTS, SYSTEM
from envmgr.results.submission.rounds import Round
from envmgr.results.submission.submitted import MAPPING
from envmgr.results.submission.truncate import hash_line

LOGS = (DETAIL, SUMMARY)


@dataclass(frozen=True)
class Submission:
    """What is to be submitted, beside the runs."""

    submitter: str
    division: str
    round: Round
    system: str
    """Its name, as folders have it."""
    description: Mapping[str, object]
    trial: bool
    """Made with --short."""


def tree(submission: Submission, entries: Sequence[Entry]) -> dict[str, bytes]:
    """Every file of the tree, by path.

    Raises:
        UnfitRunsError: a run left no such files as a submission is made of.
    """
    top = f"{submission.division}/{submission.submitter}"
    return {f"{top}/{path}": data for path, data in sorted(_files(submission, entries))}


def write(files: Mapping[str, bytes], folder: Path) -> None:
    """Write a tree into a folder that is not there yet."""
    folder.mkdir(parents=True)
    for path, data in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)


def _files(submission: Submission, entries: Sequence[Entry]) -> Iterator[tuple[str, bytes]]:
    runs = [run.record for entry in entries for run in entry.runs]
    beginning = readme.trial_lines(runs) if submission.trial else []
    yield SYSTEM.format(system=submission.system), _json(submission.description)
    if submission.division == "closed":
        yield CALIBRATION, readme.calibration().encode()
    if mapping := _mapping(submission, entries):
        yield MAPPING, _json(mapping)
    for model in dict.fromkeys(entry.model for entry in entries):
        yield from _code(submission, model, [entry for entry in entries if entry.model == model], beginning)
    for entry in entries:
        yield from _entry(submission, entry, beginning)


def _mapping(submission: Submission, entries: Sequence[Entry]) -> dict[str, str]:
    """A trial with a RetinaNet of our own stands for MLPerf's, in the open division."""
    own = sorted({entry.model for entry in entries if entry.model.startswith("retinanet-")})
    return dict.fromkeys(own, "retinanet") if submission.trial and submission.division == "open" else {}


def _code(
    submission: Submission, model: str, entries: Sequence[Entry], beginning: Sequence[str]
) -> Iterator[tuple[str, bytes]]:
    place = submission.round.layout.code.format(model=model)
    yield f"{place}/README.md", readme.of_code(model, entries, beginning).encode()
    files = [run.folder / name for entry in entries for run in entry.runs for name in (DERIVATIONS, DERIVATION)]
    lines = dict.fromkeys(line for file in files if file.is_file() for line in file.read_bytes().splitlines())
    if lines:
        yield f"{place}/derivations.jsonl", b"".join(line + b"\n" for line in lines)


def _entry(submission: Submission, entry: Entry, beginning: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    def at(path: str) -> str:
        return submission.round.layout.at(path, submission.system, entry.model, entry.scenario)

    layout = submission.round.layout
    yield at(layout.measurements), _json(_measured(submission, entry.performance.record))
    yield f"{at(layout.settings)}/user.conf", entry.performance.read("user.conf")
    yield f"{at(layout.settings)}/README.md", readme.of_scenario(entry, beginning).encode()
    yield from _accuracy(entry.accuracy, f"{at(RESULTS)}/accuracy")
    for log in LOGS:
        yield f"{at(RESULTS)}/performance/run_1/{log}", entry.performance.read(f"performance/{log}")
    if entry.audit is not None and submission.division == "closed":
        yield from _audit(entry.audit, f"{at(layout.audits)}/{TEST}")


def _accuracy(run: Kept, place: str) -> Iterator[tuple[str, bytes]]:
    answers, digest = run.read_truncated(f"accuracy/{ANSWERS}")
    yield f"{place}/{ANSWERS}", answers
    yield f"{place}/accuracy.txt", run.read_score() + hash_line(digest).encode()
    for log in LOGS:
        yield f"{place}/{log}", run.read(f"accuracy/{log}")


def _audit(run: Kept, place: str) -> Iterator[tuple[str, bytes]]:
    """TEST01. Where answers differ MLPerf wants that said, and both scores."""
    metrics = run.record.metrics
    differing = metrics.get("audit_samples_different", 0)
    said = f"{metrics.get('audit_samples')} answers were sampled, {differing} of them differ from the accuracy run's\n"
    answers, digest = run.read_truncated(f"audit/{ANSWERS}")
    yield f"{place}/accuracy/{ANSWERS}", answers
    yield f"{place}/accuracy/accuracy.txt", said.encode() + hash_line(digest).encode()
    scored = "audit_mAP_baseline" in metrics
    for name in sorted(SCORED) if scored else []:
        yield f"{place}/accuracy/{name}", run.read(f"compliance/{name}")
    verdict = run.read("compliance/verify_accuracy.txt")
    yield f"{place}/verify_accuracy.txt", f"{said}TEST FAIL\n".encode() if scored else verdict
    yield f"{place}/verify_performance.txt", run.read("compliance/verify_performance.txt")
    for log in LOGS:
        yield f"{place}/performance/run_1/{log}", run.read(f"audit/{log}")


def _measured(submission: Submission, record: RunRecord) -> dict[str, str]:
    """All weights here are those that were published, in 32 bits; of others their object is known."""
    benchmark = submission.round.benchmarks.get(record.axes.get("model", ""))
    weights = record.inputs.get("weights")
    if benchmark and record.axes.get("backend") == "onnxruntime":
        started_from = benchmark.weights
    else:
        started_from = str(weights.store_path) if weights else ""
    return {
        "input_data_types": "fp32",
        "retraining": "no",
        "starting_weights_filename": started_from,
        "weight_data_types": "fp32",
        "weight_transformations": "no",
    }


def _json(value: Mapping[str, object]) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode()
