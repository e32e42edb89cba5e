"""Seconds a sample, by configuration: what tools that compare times can compare of benchmarks.

A latency is that of LoadGen's percentile for the scenario, a rate is taken the other way round: so less is better in
every scenario. Runs that LoadGen says are INVALID have no time, nor has warm-up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from envmgr.results.fields import Fields, Value
from envmgr.results.told import apart


@dataclass(frozen=True)
class Timing:
    """The runs of one configuration, oldest first."""

    label: str
    """The recipe, and what tells this configuration apart from the others."""
    parameters: Mapping[str, Value]
    rows: tuple[Fields, ...]
    seconds: tuple[float, ...]
    """A sample, run by run."""


def timings(rows: Sequence[Fields]) -> list[Timing]:
    """The configurations in the order of their first runs."""
    timed = [row for row in rows if seconds(row) is not None]
    groups: dict[str, list[tuple[Fields, Mapping[str, Value]]]] = {}
    for row, parameters in zip(timed, apart(timed), strict=True):
        words = [str(row["recipe"]), *(f"{name}={value}" for name, value in parameters.items())]
        groups.setdefault(" ".join(words), []).append((row, parameters))
    return [
        Timing(
            label,
            group[0][1],
            tuple(row for row, _ in group),
            tuple(time for row, _ in group if (time := seconds(row)) is not None),
        )
        for label, group in groups.items()
    ]


def seconds(row: Fields) -> float | None:
    """Seconds a sample; None where the run has no number that counts."""
    metric, value = row.get("headline.metric"), row.get("headline.value")
    counts = row.get("metrics.result_valid") is not False and row.get("series.round") != 0
    if not counts or not isinstance(metric, str) or not isinstance(value, int | float) or value <= 0:
        return None
    if metric.endswith("_ns"):
        return value / 1e9
    return 1 / value if metric.endswith("samples_per_second") else None
