"""What the lines of LoadGen's summary mean, one sentence each."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

_MEANINGS: Mapping[str, str] = {
    "SUT name": "What answered: the name that the harness gave itself (SUT: system under test).",
    "Scenario": "How LoadGen asks: one query with everything (Offline), one after the other (SingleStream), "
    "eight samples at a time (MultiStream), or at random times at a set rate (Server).",
    "Mode": "What was measured: performance, or the highest rate that still is VALID.",
    "Samples per second": "Samples answered, by the time from first query to last answer: the result in Offline.",
    "Scheduled samples per second": "The rate at which LoadGen asked: the result in Server, if it is VALID.",
    "Completed samples per second": "The rate at which answers came: lower than the scheduled one if too slow.",
    "Completed tokens per second": "The rate at which tokens came.",
    "Result is": "VALID where every condition below was met; else the number is no result.",
    "Performance constraints satisfied": "Whether enough answers came within the latency that the scenario demands.",
    "Min duration satisfied": "Whether the test took as long as it had to.",
    "Min queries satisfied": "Whether as many queries were asked as had to be.",
    "Early stopping satisfied": "Whether so many queries suffice to be sure of the percentile.",
    "Recommendations": "What LoadGen advises so that the next test is VALID.",
    "QPS w/ loadgen overhead": "Queries per second, from one query to the next: LoadGen's own time counts.",
    "QPS w/o loadgen overhead": "Queries per second, as if LoadGen took no time: one by the mean latency.",
    "Per-query latency": "How long a query of several samples took, until its last sample was answered.",
    "Min latency": "The fastest answer.",
    "Max latency": "The slowest answer.",
    "Mean latency": "The average; a few slow answers move it.",
    "samples_per_query": "Samples in one query.",
    "target_qps": "The rate that was expected (Offline: to size the query) or asked for (Server).",
    "target_latency": "The latency that answers have to keep; 0 where none is demanded.",
    "max_async_queries": "Queries that may be open at a time; 0 for any number.",
    "min_duration": "How long the test had to take at least.",
    "max_duration": "How long it might take; 0 for any time.",
    "min_query_count": "Queries that had to be asked at least.",
    "max_query_count": "Queries that might be asked; 0 for any number.",
    "qsl_rng_seed": "Seed by which the samples in memory were chosen; each round of MLPerf has its own.",
    "sample_index_rng_seed": "Seed of the order in which samples were asked for.",
    "schedule_rng_seed": "Seed of the times at which queries were sent in Server.",
    "accuracy_log_rng_seed": "Seed by which answers of a performance run are kept, for an audit.",
    "accuracy_log_probability": "The share of answers of a performance run that is kept.",
    "accuracy_log_sampling_target": "How many answers of a performance run an audit keeps.",
    "print_timestamps": "Whether LoadGen prints when the test began and ended.",
    "performance_issue_unique": "Whether each sample is asked for once only: for debugging.",
    "performance_issue_same": "Whether the same sample is asked for again and again: the audit TEST04.",
    "performance_issue_same_index": "Which sample that would be.",
    "performance_sample_count": "Samples in memory during the test.",
    "accuracy_sample_count": "Samples that an accuracy run asks for: the whole data set.",
    "use_token_latencies": "Whether latencies of tokens count, as in language models.",
}
_PATTERNS: Mapping[str, str] = {
    r"([\d.]+?)(?:\.00|\.0)?(?:0)?(?:th)? percentile latency.*": r"\1 % of the answers took no longer than this.",
    r"\* Processed at least .*": "How many queries came, of those that early stopping needs.",
    r"\* Would discard .*": "So many of the slowest answers may lie above the estimate.",
    r"\* Not enough queries .*": "Early stopping can say nothing of this percentile.",
    r"\* Early stopping .* estimate": "An upper bound of the percentile, sure to 99 %: MLPerf's result.",
    r"\d+ warnings? encountered.*": "LoadGen warned; mlperf_log_detail.txt says of what.",
    r"\d+ ERRORS? encountered.*": "MLPerf takes no result with errors; mlperf_log_detail.txt names them.",
    r"\* .*": "Detail of the verdict on early stopping.",
}
_PLAIN: Mapping[str, str] = {
    "MLPerf Results Summary": "The result and the verdict.",
    "Additional Stats": "More numbers of the same test.",
    "Test Parameters Used": "What LoadGen was told, by the rules of the round and by this run's user.conf.",
    "Early Stopping Result:": "Whether few queries were enough to be sure.",
    "No warnings encountered during test.": "LoadGen saw nothing to warn of.",
    "No errors encountered during test.": "LoadGen saw no error.",
}


@dataclass(frozen=True)
class Line:
    """A line of the summary as it is, with what it means; empty where nothing is known of it."""

    text: str
    meaning: str
    is_heading: bool = False


@dataclass(frozen=True)
class Part:
    """A part of the summary, under its heading."""

    heading: Line
    lines: tuple[Line, ...]


def parts(summary: str) -> list[Part]:
    """The parts of a summary: result, statistics, parameters."""
    found: list[tuple[Line, list[Line]]] = []
    for line in explained(summary):
        if line.is_heading or not found:
            found.append((line, []))
        if not line.is_heading:
            found[-1][1].append(line)
    return [Part(heading, tuple(lines)) for heading, lines in found]


def explained(summary: str) -> list[Line]:
    """The lines of a summary, without rulers and empty ones."""
    lines = [line.rstrip() for line in summary.splitlines()]
    found: list[Line] = []
    for place, line in enumerate(lines):
        if not line.strip() or _is_ruler(line):
            continue
        if found and _goes_on(line):
            found[-1] = replace(found[-1], text=f"{found[-1].text}\n{line}")
            continue
        ruled = 0 < place < len(lines) - 1 and _is_ruler(lines[place - 1]) and _is_ruler(lines[place + 1])
        found.append(Line(line, _meaning(line.strip()), is_heading=ruled))
    return found


def _goes_on(line: str) -> bool:
    """Whether a line is the rest of the sentence above."""
    return line.startswith(" ") and line.lstrip()[0].islower()


def _is_ruler(line: str) -> bool:
    return bool(line) and not line.strip("=")


def _meaning(line: str) -> str:
    if line in _PLAIN:
        return _PLAIN[line]
    words = line.partition(" : ")[0] if " : " in line else line.rpartition(":")[0]
    words = words.strip()
    for known in (words, re.sub(r"\s*\([a-z]+\)$", "", words)):
        if known in _MEANINGS:
            return _MEANINGS[known]
    found = (re.fullmatch(pattern, words or line) for pattern in _PATTERNS)
    return next((match.expand(said) for match, said in zip(found, _PATTERNS.values(), strict=True) if match), "")
