"""How fast it was: by LoadGen's word that it counts, long enough, over enough samples, within the latency."""

from collections.abc import Iterator
from pathlib import Path

from envmgr.results.loadgen_logs import ANSWERS, DETAIL, SUMMARY, TRACE
from envmgr.results.submission.breach import Breach
from envmgr.results.submission.checks.accuracy import read_text
from envmgr.results.submission.checks.logs import check_seeds, open_log
from envmgr.results.submission.detail_log import DetailLog
from envmgr.results.submission.rounds import LEAST_DURATION_MS, Benchmark
from envmgr.results.submission.submitted import Result, files

FILES = frozenset({DETAIL, SUMMARY})
BESIDE = frozenset({ANSWERS, TRACE})
"""What may lie beside them."""
METRIC = {
    "Offline": "result_samples_per_second",
    "SingleStream": "early_stopping_latency_ss",
    "MultiStream": "early_stopping_latency_ms",
    "Server": "result_completed_samples_per_sec",
}
"""What MLPerf publishes of each scenario."""
EARLY = frozenset({"SingleStream", "MultiStream", "Server"})
"""The scenarios that may end early, where LoadGen says that enough was seen."""


def check_performance(result: Result, benchmark: Benchmark) -> Iterator[Breach]:
    """The performance run of a scenario."""
    top = result.logs / "performance"
    for name in ("power", "ranging"):
        if (top / name).exists():
            yield result.breach("performance.power", top / name, "power is not judged here", "leave it out")
    log, faults = measured(result, benchmark, "performance", top / "run_1")
    yield from faults
    if log is None:
        return
    file = top / "run_1" / DETAIL
    for key in ("performance_issue_same", "performance_issue_unique"):
        if log.values.get(f"effective_{key}"):
            yield result.breach("performance.audit", file, f"{key} is on, as in an audit", "take the run without audit")
    if log.number("effective_accuracy_log_sampling_target") > 0:
        yield result.breach("performance.audit", file, "LoadGen sampled answers, as in TEST01", "take the other run")


def measured(result: Result, benchmark: Benchmark, part: str, folder: Path) -> tuple[DetailLog | None, list[Breach]]:
    """The log of a run that measures, and what breaks a rule in it; an audit's run obeys the same rules."""
    file = folder / DETAIL
    found = set(files(folder)) - BESIDE
    if found != FILES:
        wrong = ", ".join(sorted(found ^ FILES))
        return None, [result.breach(f"{part}.files", folder, f"missing, or not to be there: {wrong}", "the two logs")]
    log, breaches = open_log(result, part, file)
    if log is None:
        return None, breaches
    breaches += check_seeds(result, part, file, log)
    breaches += _validity(result, part, folder, log)
    breaches += _length(result, benchmark, part, file, log)
    breaches += _pace(result, benchmark, part, file, log)
    return log, breaches


def _validity(result: Result, part: str, folder: Path, log: DetailLog) -> Iterator[Breach]:
    file = folder / DETAIL
    said, mode = log.values.get("result_validity"), log.values.get("effective_test_mode")
    if said != "VALID":
        why = log.values.get("result_invalid_reason") or "the summary says why"
        yield result.breach(f"{part}.valid", file, f"LoadGen says {said or 'nothing'}: {why}", "run again")
    if mode != "PerformanceOnly":
        yield result.breach(f"{part}.mode", file, f"LoadGen ran in mode {mode}", "take the performance run's log")
    summary = folder / SUMMARY
    if f"Result is : {said}\n" not in read_text(summary):
        yield result.breach(f"{part}.summary", summary, "it says otherwise than the detail log", "take both of one run")


def _length(result: Result, benchmark: Benchmark, part: str, file: Path, log: DetailLog) -> Iterator[Breach]:
    loaded = log.number("effective_performance_sample_count")
    if loaded < benchmark.performance_samples:
        yield result.breach(
            f"{part}.loaded",
            file,
            f"{loaded:.0f} samples were held; at least {benchmark.performance_samples} are asked for",
            "leave performance_samples as the round has it",
        )
    duration = log.number("effective_min_duration_ms")
    if duration < LEAST_DURATION_MS:
        yield result.breach(
            f"{part}.duration",
            file,
            f"min_duration is {duration:.0f} ms, less than {LEAST_DURATION_MS}",
            f"run with --set min_duration_ms={LEAST_DURATION_MS}",
        )
    if result.scenario == "Offline" and log.number("effective_min_query_count") < 1:
        yield result.breach(f"{part}.queries", file, "it asks for no query", "take LoadGen's own log")
    asked = log.number("effective_samples_per_query")
    if result.scenario == "Offline" and asked < benchmark.offline_samples:
        yield result.breach(
            f"{part}.samples",
            file,
            f"the query has {asked:.0f} samples, less than {benchmark.offline_samples}",
            f"run with --set min_query_count={benchmark.offline_samples}",
        )


def _pace(result: Result, benchmark: Benchmark, part: str, file: Path, log: DetailLog) -> Iterator[Breach]:
    metric = METRIC.get(result.scenario, "")
    if log.number(metric) <= 0:
        yield result.breach(f"{part}.metric", file, f"{metric} is not there, or nothing", "run again, and longer")
    if result.scenario in EARLY and log.values.get("early_stopping_met") is not True:
        said = str(log.values.get("early_stopping_result", "")).strip() or "nothing"
        yield result.breach(f"{part}.stopping", file, f"too little was seen to stop: {said}", "run longer")
    allowed = log.number("effective_target_latency_ns")
    if result.scenario == "Server" and not 0 < allowed <= benchmark.server_latency_ns:
        yield result.breach(
            f"{part}.latency",
            file,
            f"{allowed / 1e6:.0f} ms were allowed; {benchmark.server_latency_ns / 1e6:.0f} ms are",
            "leave target_latency_ms as the round has it",
        )
