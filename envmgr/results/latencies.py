"""How long the answers of a run took: each of them where there is a trace of LoadGen's, else its percentiles."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from envmgr.model.run_record import Metric

if TYPE_CHECKING:
    import numpy as np

    Nanoseconds = np.ndarray[tuple[int], np.dtype[np.int64]]

BARS = 40
POINTS = 300
BLOCK = 2**25
"""Bytes of a trace that are looked at at a time: of millions of samples it has gigabytes."""
WIDE = 10
"""Where the slowest answer took so many times the median, the bars grow with the latency."""
_ANSWER = re.compile(rb'"name":"Sample",[^\n]*"query_seq":(\d{1,18}),[^\n]*"complete_ns":(\d{1,18})(?!\d)')
_REPORTED: Mapping[str, float] = {
    "latency_min_ns": 0, "latency_p50_ns": 50, "latency_p90_ns": 90, "latency_p95_ns": 95, "latency_p97_ns": 97,
    "latency_p99_ns": 99, "latency_p99_9_ns": 99.9, "latency_max_ns": 100,
}  # fmt: skip


@dataclass(frozen=True)
class Bar:
    """So many answers took from `low` up to `high` nanoseconds."""

    low: float
    high: float
    count: int


@dataclass(frozen=True)
class Latencies:
    """The distribution of a run's latencies."""

    curve: tuple[tuple[int, float], ...]
    """Nanoseconds, and the percentage of answers that took no longer; both ascend."""
    bars: tuple[Bar, ...]
    """Nothing where only the summary is known."""
    count: int
    """Answers that were looked at; 0 where only the summary is known."""


def latencies(trace: Path | None, metrics: Mapping[str, Metric], scenario: str) -> Latencies | None:
    """What is known of a run's latencies; None where that is nothing."""
    values = read_trace(trace, of_queries=scenario == "MultiStream") if trace else None
    return _reported(metrics) if values is None or not len(values) else _seen(values)


def read_trace(trace: Path, *, of_queries: bool) -> "Nanoseconds":
    """The latencies in a trace, the shortest first: of samples, or of queries, whose last sample counts.

    The trace is no JSON that a reader of JSON takes: LoadGen quotes texts in it twice.
    """
    import numpy as np

    parts = [np.empty((0, 2), np.int64)]
    with trace.open("rb") as file:
        while block := file.read(BLOCK):
            answers = _ANSWER.findall(block + file.readline())
            parts.append(np.array(answers, dtype="S20").astype(np.int64).reshape(-1, 2))
    found = np.concatenate(parts)
    if not of_queries:
        return np.sort(found[:, 1])
    order = np.lexsort((found[:, 1], found[:, 0]))
    last = np.append(np.diff(found[order, 0]) > 0, True)[: len(order)]
    return np.sort(found[order, 1][last])


def _seen(values: "Nanoseconds") -> Latencies:
    import numpy as np

    count, half = len(values), POINTS // 2
    shares = np.unique(np.concatenate([np.linspace(0, 99, half), np.linspace(99, 100, half)]))
    places = np.unique(np.ceil(shares / 100 * count).astype(int).clip(1) - 1)
    curve = tuple((int(values[place]), 100 * (place + 1) / count) for place in places.tolist())
    return Latencies(curve, _bars(values), count)


def _bars(values: "Nanoseconds") -> tuple[Bar, ...]:
    import numpy as np

    low, high = max(int(values[0]), 1), int(values[-1]) + 1
    wide = high > WIDE * np.median(values)
    edges = np.geomspace(low, high, BARS + 1) if wide else np.linspace(low, high, BARS + 1)
    edges[0], edges[-1] = min(edges[0], values[0]), high
    counts, _ = np.histogram(values, edges)
    return tuple(map(Bar, edges[:-1].tolist(), edges[1:].tolist(), counts.tolist()))


def _reported(metrics: Mapping[str, Metric]) -> Latencies | None:
    known = ((metrics.get(name), share) for name, share in _REPORTED.items())
    curve = tuple((int(value), share) for value, share in known if isinstance(value, int | float))
    return Latencies(curve, (), 0) if curve else None
