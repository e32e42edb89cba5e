"""What LoadGen's logs say of a performance run: its summary, and the settings that were in effect."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PERCENTILES = {"SingleStream": 90.0, "MultiStream": 99.0}
RATES = {"Offline": "Samples per second", "Server": "Completed samples per second"}
ESTIMATE = re.compile(r"Early stopping ([0-9.]+)(?:th)? percentile estimate: (\d+)")


class LogsError(Exception):
    """A log is missing, or does not say what it must."""


@dataclass(frozen=True)
class Logs:
    """A run's logs as they were read."""

    folder: Path
    summary: Mapping[str, str]
    """The lines `words : value`."""
    effective: Mapping[str, Any]
    """The settings in effect, by LoadGen's names."""
    latency_ns: int | None
    """In the stream scenarios: LoadGen's early-stopping estimate of its percentile."""

    @property
    def scenario(self) -> str:
        """How LoadGen asked."""
        return self.summary["Scenario"]

    @property
    def valid(self) -> bool:
        """Whether LoadGen calls the run a measurement."""
        return self.summary.get("Result is") == "VALID"

    @property
    def rate(self) -> float:
        """Queries or samples a second, by the scenario's own figure. Raises LogsError."""
        if self.scenario in RATES:
            return float(self.summary[RATES[self.scenario]])
        if self.latency_ns is None:
            raise LogsError(f"{self.folder}: too few queries for LoadGen's estimate of the latency; let it run longer")
        return 1e9 / self.latency_ns


def read_logs(folder: Path) -> Logs:
    """Read `mlperf_log_summary.txt` and `mlperf_log_detail.txt` of a performance run. Raises LogsError."""
    try:
        text = (folder / "mlperf_log_summary.txt").read_text(encoding="utf-8")
        details = (folder / "mlperf_log_detail.txt").read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise LogsError(f"{folder}: no logs of a performance run: {error.strerror}") from error
    said = (line.partition(":") for line in text.splitlines())
    summary = {words.strip(): value.strip() for words, colon, value in said if colon}
    if summary.get("Mode") != "PerformanceOnly":
        raise LogsError(f"{folder}: these are no logs of a performance run")
    return Logs(folder, summary, _effective(details), _latency(summary["Scenario"], text))


def _effective(details: list[str]) -> dict[str, Any]:
    entries = (json.loads(line.removeprefix(":::MLLOG ")) for line in details if line.startswith(":::MLLOG "))
    return {
        entry["key"].removeprefix("effective_"): entry["value"]
        for entry in entries
        if entry["key"].startswith("effective_")
    }


def _latency(scenario: str, summary: str) -> int | None:
    estimates = {float(percentile): int(latency) for percentile, latency in ESTIMATE.findall(summary)}
    return estimates.get(PERCENTILES.get(scenario, 0))
