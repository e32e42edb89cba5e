"""TEST01: that what was answered in the performance run is what was answered when nobody was in a hurry."""

from collections.abc import Iterator
from pathlib import Path

from envmgr.results.loadgen_logs import ANSWERS, DETAIL
from envmgr.results.submission.breach import Breach
from envmgr.results.submission.checks.accuracy import check_answers, read_text, score
from envmgr.results.submission.checks.performance import METRIC, measured
from envmgr.results.submission.detail_log import DetailLog, read
from envmgr.results.submission.rounds import Benchmark
from envmgr.results.submission.submitted import Result, files

TEST = "TEST01"
PASSED = "TEST PASS"
FILES = frozenset({"accuracy.txt", ANSWERS})
SCORED = frozenset({"baseline_accuracy.txt", "compliance_accuracy.txt"})
"""What lies beside them where answers differ: the scores of both."""
MOST_APART = 0.01
PACE_APART = 0.10
SAMPLED = 256
"""What TEST01's configuration asks LoadGen to sample."""


def check_audits(result: Result, benchmark: Benchmark) -> Iterator[Breach]:
    """The audit of a result of the closed division."""
    if not result.closed:
        return
    folder = result.at(result.round.layout.audits) / TEST
    if not folder.is_dir():
        yield result.breach("audit.missing", folder, f"there is no {TEST}", "run with --mode both --set audit=TEST01")
        return
    if PASSED not in read_text(folder / "verify_performance.txt").splitlines():
        file = folder / "verify_performance.txt"
        yield result.breach("audit.performance", file, f"it does not say {PASSED}", "run the audit again")
    yield from _answers(result, benchmark, folder)
    log, faults = measured(result, benchmark, "audit", folder / "performance" / "run_1")
    yield from faults
    if log is not None:
        yield from _against(result, folder / "performance" / "run_1" / DETAIL, log)


def _answers(result: Result, benchmark: Benchmark, folder: Path) -> Iterator[Breach]:
    verdict, answers = folder / "verify_accuracy.txt", folder / "accuracy"
    if not verdict.is_file():
        yield result.breach("audit.accuracy", verdict, "it is missing", "run the audit again")
    same = PASSED in read_text(verdict).splitlines()
    if found := set(files(answers)) ^ (FILES if same else FILES | SCORED):
        yield result.breach(
            "audit.files",
            answers,
            f"missing, or not to be there: {', '.join(sorted(found))}",
            "the two scores lie there where answers differ, and only then",
        )
    if not same:
        yield from _scores(result, benchmark, answers)
    yield from check_answers(result, "audit", answers)


def _scores(result: Result, benchmark: Benchmark, answers: Path) -> Iterator[Breach]:
    before, after = (score(read_text(answers / name), benchmark.metric) for name in sorted(SCORED))
    if not before or not after:
        yield result.breach("audit.accuracy", answers, "answers differ, and are not scored", "run the audit again")
    elif abs(1 - before / after) > MOST_APART:
        yield result.breach(
            "audit.accuracy", answers, f"{benchmark.metric} is {after}, and was {before}: more than 1 % off", "mend it"
        )


def _against(result: Result, file: Path, log: DetailLog) -> Iterator[Breach]:
    """The audit's log against the audited one's, whatever the verdict's text says."""
    if log.number("effective_accuracy_log_sampling_target") < SAMPLED:
        why = f"LoadGen did not sample {SAMPLED} answers"
        yield result.breach("audit.sampled", file, why, "run with --set audit=TEST01")
    try:
        audited = read(result.logs / "performance" / "run_1" / DETAIL)
    except (OSError, ValueError):
        return  # said of the performance run
    metric = METRIC.get(result.scenario, "")
    ratio = log.number(metric) / audited.number(metric) if audited.number(metric) > 0 else 0.0
    if abs(ratio - 1) > PACE_APART and result.scenario in {"Offline", "Server"}:
        yield result.breach("audit.pace", file, f"the audit's pace is {ratio:.3f} of the result's", "run both again")
