"""What LoadGen's logs say of a performance run: its summary, and the settings that were in effect."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loadgen_harness.bad_file import BadFileError, reading

SUMMARY, DETAIL = "mlperf_log_summary.txt", "mlperf_log_detail.txt"
PERCENTILES = {"SingleStream": 90.0, "MultiStream": 99.0}
RATES = {"Offline": "Samples per second", "Server": "Completed samples per second"}
ESTIMATE = re.compile(r"Early stopping ([0-9.]+)(?:th)? percentile estimate: (\d+)")


class LogsError(BadFileError):
    """A log is missing, or does not say what it must."""

    fix = "run it again, in the modes and with the count that the audit takes; output.txt beside it says how it ended"


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
        """How LoadGen asked. Raises LogsError."""
        return self.said("Scenario")

    def said(self, words: str) -> str:
        """A line of the summary. Raises LogsError."""
        if words not in self.summary:
            raise LogsError(self.folder / SUMMARY, f"has no line `{words}`")
        return self.summary[words]

    def setting(self, name: str) -> Any:  # noqa: ANN401  a number, or whether
        """A setting that was in effect. Raises LogsError."""
        if name not in self.effective:
            raise LogsError(self.folder / DETAIL, f"does not say the setting {name} in effect")
        return self.effective[name]

    @property
    def valid(self) -> bool:
        """Whether LoadGen calls the run a measurement."""
        return self.summary.get("Result is") == "VALID"

    @property
    def rate(self) -> float:
        """Queries or samples a second, by the scenario's own figure. Raises LogsError."""
        if self.scenario in RATES:
            return self._number(RATES[self.scenario])
        if self.latency_ns is None:
            raise LogsError(
                self.folder / SUMMARY, "too few queries for LoadGen's estimate of the latency; let it run longer"
            )
        return 1e9 / self.latency_ns

    def _number(self, words: str) -> float:
        try:
            return float(self.said(words))
        except ValueError as error:
            raise LogsError(self.folder / SUMMARY, f"`{words}` is no number: {error}") from error


def read_logs(folder: Path) -> Logs:
    """Read `mlperf_log_summary.txt` and `mlperf_log_detail.txt` of a performance run. Raises LogsError."""
    text, details = _text(folder / SUMMARY), _text(folder / DETAIL).splitlines()
    said = (line.partition(":") for line in text.splitlines())
    summary = {words.strip(): value.strip() for words, colon, value in said if colon}
    if summary.get("Mode") != "PerformanceOnly":
        raise LogsError(folder / SUMMARY, "is of no performance run")
    try:
        effective = _effective(details)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise LogsError(folder / DETAIL, f"an entry is none as LoadGen writes it: {error}") from error
    return Logs(folder, summary, effective, _latency(summary.get("Scenario", ""), text))


def _text(file: Path) -> str:
    with reading(file, LogsError):
        return file.read_text(encoding="utf-8", errors="replace")


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
