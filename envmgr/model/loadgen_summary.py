"""What LoadGen's summary says, as metrics: the lines of `mlperf_log_summary.txt` (LoadGen 2 to 6)."""

import math
from collections.abc import Mapping

from envmgr.model.run_record import Metric

_NUMBERS: Mapping[str, str] = {
    "Samples per second": "samples_per_second",
    "Completed samples per second": "samples_per_second",
    "QPS w/ loadgen overhead": "samples_per_second",
    "Scheduled samples per second": "scheduled_samples_per_second",
    "Min latency (ns)": "latency_min_ns",
    "Max latency (ns)": "latency_max_ns",
    "Mean latency (ns)": "latency_mean_ns",
    "50.00 percentile latency (ns)": "latency_p50_ns",
    "90.00 percentile latency (ns)": "latency_p90_ns",
    "95.00 percentile latency (ns)": "latency_p95_ns",
    "97.00 percentile latency (ns)": "latency_p97_ns",
    "99.00 percentile latency (ns)": "latency_p99_ns",
    "99.90 percentile latency (ns)": "latency_p99_9_ns",
}
"""LoadGen's words to ours."""
_RULES: Mapping[str, str] = {
    "Performance constraints satisfied": "latency_bound_met",
    "Early stopping satisfied": "early_stopping_met",
}
"""Of the rules that a VALID result satisfies those that say why a rate was too high, or too little was asked."""


def summary_metrics(text: str) -> dict[str, Metric]:
    """The metrics of a run that measures, or looks for the peak; empty for an accuracy run, which measures nothing."""
    said = dict(_said(line) for line in text.splitlines() if ":" in line)
    if said.get("Mode") not in {"PerformanceOnly", "FindPeakPerformance", "SubmissionRun"}:
        return {}
    metrics: dict[str, Metric] = {"result_valid": said.get("Result is") == "VALID"}
    for words, name in _NUMBERS.items():
        number = float(said.get(words, "nan"))
        if math.isfinite(number):  # LoadGen may divide by nothing, and a record has numbers only
            metrics[name] = int(number) if name.endswith("_ns") else number
    metrics |= {name: said[words].upper() == "YES" for words, name in _RULES.items() if words in said}
    return metrics


def _said(line: str) -> tuple[str, str]:
    words, _, value = line.partition(":")
    return words.strip(), value.strip()
