"""What was answered: to all samples, well enough, and the log of it, truncated and hashed."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from envmgr.results.loadgen_logs import ANSWERS, DETAIL, SUMMARY
from envmgr.results.submission.breach import Breach
from envmgr.results.submission.checks.logs import check_seeds, open_log
from envmgr.results.submission.detail_log import DetailLog
from envmgr.results.submission.rounds import Benchmark
from envmgr.results.submission.submitted import Result, files
from envmgr.results.submission.truncate import GAP, HASH, MOST

FILES = ("accuracy.txt", ANSWERS, DETAIL, SUMMARY)
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")
_HASH = re.compile(rf"^{HASH}(?P<digest>[0-9a-f]{{64}})$", re.MULTILINE)


def check_accuracy(result: Result, benchmark: Benchmark) -> Iterator[Breach]:
    """The accuracy run of a scenario."""
    folder = result.logs / "accuracy"
    if found := set(files(folder)) ^ set(FILES):
        yield result.breach(
            "accuracy.files", folder, f"missing, or not to be there: {', '.join(sorted(found))}", "the four files alone"
        )
    yield from _text(result, benchmark, folder / "accuracy.txt")
    yield from check_answers(result, "accuracy", folder)
    log, faults = open_log(result, "accuracy", folder / DETAIL)
    yield from faults
    if log is not None:
        yield from check_seeds(result, "accuracy", folder / DETAIL, log)
        yield from _log(result, benchmark, folder / DETAIL, log)


def check_answers(result: Result, part: str, folder: Path) -> Iterator[Breach]:
    """A log of answers is never whole, and the text beside it holds the SHA-256 of the whole one."""
    file, beside = folder / ANSWERS, folder / "accuracy.txt"
    log = file.read_bytes() if file.is_file() and file.stat().st_size <= MOST else b""
    if file.is_file() and not log:
        yield result.breach(
            f"{part}.truncated", file, f"it is empty, or has more than {MOST} bytes", "truncate it: its ends alone"
        )
    if not (found := _HASH.search(read_text(beside))):
        yield result.breach(
            f"{part}.hash", beside, f"it has no line {HASH}<SHA-256 of the whole log>", "truncate the whole log anew"
        )
    elif log and GAP not in log and found["digest"] != hashlib.sha256(log).hexdigest():
        yield result.breach(f"{part}.hash", beside, "the hash is that of another log", "truncate the whole log anew")


def score(text: str, metric: str) -> float | None:
    """The score in an evaluator's words; None where it says none, or several."""
    found = re.findall(rf"{metric}\s*=\s*([0-9.]+)", text)
    return float(found[0]) if len(found) == 1 and _NUMBER.fullmatch(found[0]) else None


def read_text(file: Path) -> str:
    """A file; empty where it is missing."""
    return file.read_text(encoding="utf-8", errors="replace") if file.is_file() else ""


def _text(result: Result, benchmark: Benchmark, file: Path) -> Iterator[Breach]:
    value = score(read_text(file), benchmark.metric)
    if value is None:
        yield result.breach(
            "accuracy.value", file, f"it does not say {benchmark.metric}=... once", "put in what the evaluator printed"
        )
    elif result.closed and value < benchmark.target:
        yield result.breach(
            "accuracy.target",
            file,
            f"{benchmark.metric} {value} is below {benchmark.target:.4f}",
            "the open division takes it",
        )


def _log(result: Result, benchmark: Benchmark, file: Path, log: DetailLog) -> Iterator[Breach]:
    answered = log.values.get("effective_accuracy_sample_count", log.values.get("qsl_reported_total_count"))
    if answered != benchmark.samples or log.values.get("qsl_reported_total_count") != benchmark.samples:
        yield result.breach(
            "accuracy.samples",
            file,
            f"it answered {answered} samples; the data set has {benchmark.samples}",
            "run over all of it: without --count",
        )
    if log.values.get("effective_test_mode") != "AccuracyOnly":
        said = log.values.get("effective_test_mode")
        yield result.breach("accuracy.mode", file, f"LoadGen ran in mode {said}", "take the accuracy run's log")
