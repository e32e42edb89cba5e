"""A run as trackers of experiments see it: what was set, and what came of it as numbers.

Beside our own names it has those that CM's dashboard showed (`Result`, `performance`, `qps`, `accuracy`...), so that a
dashboard made for the one shows the other.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from envmgr.model.digest import Digest
from envmgr.results.fields import MEASURED, Fields, Value, below
from envmgr.results.told import told

UNSAID = "environment."
"""How the names of the fields begin that no tracker is told: people pass secrets by variables."""

_AS_CM_SAYS = {
    "Model": "axes.model",
    "MlperfModel": "axes.model",
    "Scenario": "axes.scenario",
    "framework": "axes.backend",
    "operating_system": "host.distribution",
    "host_processor_model_name": "host.cpu.model",
    "host_processor_core_count": "host.cpu.cores",
    "accelerator_model_name": "host.cuda.models",
    "cm_misc_input_lang": "axes.implementation",
    "cm_misc_input_device": "axes.device",
    "cm_misc_input_backend": "axes.backend",
    "cm_misc_input_model": "axes.model",
    "cm_misc_input_scenario": "axes.scenario",
    "cm_misc_input_max_batchsize": "settings.batch",
    "cm_misc_input_num_threads": "settings.threads",
    "cm_misc_input_test_query_count": "settings.count",
}
"""Names of CM's to fields of ours."""
_MILLISECOND = 1_000_000
"""Nanoseconds: what CM's results of latencies are counted in."""
_UNITS = {
    "SingleStream": "Latency (ms)",
    "MultiStream": "Latency (ms)",
    "Offline": "Samples/s",
    "Server": "Queries/s",
}
"""CM's words for what `Result` is counted in, by scenario."""


@dataclass(frozen=True)
class Tracked:
    """One run."""

    id: str
    """32 hex digits, the same for the same run."""
    name: str
    group: str
    """The series that it is of, else its recipe."""
    tags: tuple[str, ...]
    config: dict[str, Value]
    """All fields but what was measured, and variables."""
    summary: dict[str, float]
    """What was measured, as numbers; yes is 1."""
    started: datetime
    seconds: float

    @property
    def ended(self) -> int:
        """Milliseconds since 1970, as `began`."""
        return self.began + int(self.seconds * 1000)

    @property
    def began(self) -> int:
        """Milliseconds since 1970."""
        return int(self.started.timestamp() * 1000)


def tracked(row: Fields) -> Tracked:
    """A run by its fields."""
    others = {name: value for name, value in row.items() if not name.startswith((MEASURED, UNSAID))}
    return Tracked(
        id=Digest.of(str(row["id"]).encode()).hex[:32],
        name=str(row["id"]),
        group=str(row.get("series.series") or row["recipe"]),
        tags=tuple(_tags(row)),
        config=others | dict(_as_cm_says(row)),
        summary={name: float(value) for name, value in below(row, MEASURED).items() if not isinstance(value, str)}
        | dict(_numbers(row)),
        started=datetime.fromisoformat(str(row["started"])),
        seconds=float(row["seconds"]),
    )


def _as_cm_says(row: Fields) -> Iterator[tuple[str, Value]]:
    yield from ((name, row[field]) for name, field in _AS_CM_SAYS.items() if field in row)
    if unit := _UNITS.get(str(row.get("axes.scenario"))):
        yield "Units", unit


def _tags(row: Fields) -> Iterator[str]:
    yield str(row["recipe"])
    if row["imported"]:
        yield "imported"
    if row.get("series.round") == 0:
        yield "warm-up"
    if row.get("metrics.result_valid") is False:
        yield "INVALID"
    for axis in ("model", "scenario", "backend", "implementation"):
        if value := told(row).get(f"axes.{axis}"):
            yield str(value)


def _numbers(row: Fields) -> Iterator[tuple[str, float]]:
    """The numbers by CM's names."""
    if isinstance(value := row.get("headline.value"), int | float):
        result = value / _MILLISECOND if str(row.get("headline.metric")).endswith("_ns") else float(value)
        yield from (("Result", result), ("performance", result))
    if isinstance(rate := row.get("metrics.samples_per_second"), int | float):
        yield "qps", float(rate)
    if isinstance(share := row.get("metrics.mAP", row.get("metrics.accuracy")), int | float):
        yield from (("Accuracy", float(share)), ("accuracy", share / 100))
