"""What is drawn of runs: latencies, throughput over batch and threads. Each says in words what it shows."""

from collections.abc import Mapping, Sequence
from statistics import median

from envmgr.results.latencies import Latencies
from envmgr.results.pages import chart, words
from envmgr.results.statistics import LEAST_VALUES

SHAPES = 4
"""How many kinds of points can be told apart, by colour and shape."""


def histogram(known: Latencies) -> chart.Chart | None:
    """How many answers took how long; None where only percentiles are known."""
    if not known.bars:
        return None
    low, high = known.bars[0].low, known.bars[-1].high
    widths = [bar.high - bar.low for bar in (known.bars[0], known.bars[-1])]
    log = widths[1] > 1.5 * widths[0]
    most = max(known.bars, key=lambda bar: bar.count)
    x, y = chart.across(low, high, log=log), chart.upward(0, most.count)
    spans = [
        (bar.low, bar.high, bar.count, f"{words.time(bar.low)} to {words.time(bar.high)}: {bar.count:,} answers")
        for bar in known.bars
    ]
    growing = "; the bars grow with the latency" if log else ""
    return chart.Chart(
        f"Histogram of {known.count:,} latencies from {words.time(low)} to {words.time(high)}. "
        f"Most, {most.count:,}, took {words.time(most.low)} to {words.time(most.high)}.",
        chart.axis(f"latency{growing}", x, words.time),
        chart.axis("answers", y, words.digits),
        bars=chart.bars(spans, x, y),
    )


def throughput(runs: Sequence[tuple[str, float, float, str]], setting: str) -> chart.Chart | None:
    """Samples per second over a setting: (configuration, setting, samples per second, run). None for one value of it.

    A line joins runs that differ in that setting alone, through their medians, where three runs have each value:
    between fewer, noise alone would draw a slope.
    """
    kinds: Mapping[str, int] = {name: place + 1 for place, name in enumerate(dict.fromkeys(run[0] for run in runs))}
    values = sorted({run[1] for run in runs})
    if len(values) < 2 or len(kinds) > SHAPES:  # noqa: PLR2004  a line has two ends
        return None
    x, y = chart.across(values[0], values[-1]), chart.upward(0, max(run[2] for run in runs))
    points = [
        chart.Point(value, rate, f"{run}: {setting} {value:g}, {words.digits(rate)} samples/s", kinds[name])
        for name, value, rate, run in runs
    ]
    best = max(runs, key=lambda run: run[2])
    return chart.Chart(
        f"Samples per second over {setting} of {len(runs)} runs. The highest is {words.digits(best[2])} at "
        f"{setting} {best[1]:g}, by {best[3]}.",
        chart.with_ticks(chart.axis(setting, x, words.digits), x, [(value, f"{value:g}") for value in values]),
        chart.axis("samples per second", y, words.digits),
        lines=tuple(chart.line(known, x, y, kind) for name, kind in kinds.items() if (known := _medians(runs, name))),
        marks=chart.marks(points, x, y),
        legend=tuple(kinds) if len(kinds) > 1 else (),
    )


def _medians(runs: Sequence[tuple[str, float, float, str]], name: str) -> list[tuple[float, float]]:
    """The median at each value; nothing where one has too few runs."""
    known = {value: [run[2] for run in runs if run[:2] == (name, value)] for _, value, _, _ in runs}
    rates = {value: found for value, found in sorted(known.items()) if found}
    enough = all(len(found) >= LEAST_VALUES for found in rates.values())
    return [(value, median(found)) for value, found in rates.items()] if enough else []
