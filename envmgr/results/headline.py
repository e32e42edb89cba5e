"""The one number of a run that it is compared by, as MLPerf's scenarios have it, and which way is better."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from envmgr.model.run_record import Metric, Recorded

Better = Literal["lower", "higher"]

_OF_SCENARIO: Mapping[str, tuple[str, Better]] = {
    "SingleStream": ("latency_p90_ns", "lower"),
    "MultiStream": ("latency_p99_ns", "lower"),
    "Offline": ("samples_per_second", "higher"),
    "Server": ("scheduled_samples_per_second", "higher"),
}
_OF_OTHERS: Sequence[tuple[str, Better]] = (
    ("samples_per_second", "higher"),
    ("mAP", "higher"),
    ("accuracy", "higher"),
)
"""Of runs that no scenario measured: the first that there is."""


@dataclass(frozen=True)
class Headline:
    """The number of a run."""

    metric: str
    value: float
    better: Better
    valid: bool
    """False where LoadGen says INVALID: the number is no result then."""

    def beats(self, other: "Headline") -> bool:
        """Whether it is the better one of two of the same metric."""
        return self.value < other.value if self.better == "lower" else self.value > other.value


def headline(record: Recorded) -> Headline | None:
    """The number of a run; None where it measured nothing that has a name here."""
    measured = _OF_SCENARIO.get(record.axes.get("scenario", ""))
    for metric, better in [measured, *_OF_OTHERS] if measured else _OF_OTHERS:
        value = _number(record.metrics, metric)
        if value is not None:
            return Headline(metric, value, better, record.metrics.get("result_valid") is not False)
    return None


def _number(metrics: Mapping[str, Metric], name: str) -> float | None:
    value = metrics.get(name)
    return None if value is None or isinstance(value, bool | str) else float(value)
