"""Two runs, or two configurations of several runs each, held against each other by their records alone.

Nothing is called a difference that noise alone could have made: of a metric that differs, the interval of its ratio
does not hold 1, and one run on a side has no interval.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from envmgr.model.field_change import FieldChange, field_changes
from envmgr.model.run_record import Recorded, RunRecord
from envmgr.results.headline import headline
from envmgr.results.noise import Noise, noise
from envmgr.results.statistics import Estimate, Verdict, estimate, paired_ratio, ratio, verdict

STATED = ("recipe", "version", "axes", "settings", "environment", "replaced")
"""What somebody chose for a run."""
LENT = ("isolation", "bare_host", "host")
"""What the machine gave to it."""


@dataclass(frozen=True)
class MetricChange:
    """One metric on both sides."""

    metric: str
    before: Estimate
    after: Estimate
    ratio: Estimate | None
    """How many times the metric of before that of after is; null where one is not above zero."""
    verdict: Verdict | Literal["same", "no ratio"]
    """`same`: all runs of both sides have this one value."""
    better: Literal["", "lower", "higher"]
    """Of the number that such runs are compared by: which way it is better; else empty."""

    @property
    def is_improvement(self) -> bool:
        """Whether the metric differs for the better."""
        return self.verdict == "differs" and self.better == ("higher" if self.grew else "lower")

    @property
    def grew(self) -> bool:
        """Whether the later median is the higher one."""
        return self.after.median > self.before.median


@dataclass(frozen=True)
class ConditionChange:
    """What the machine did beside the runs, on both sides."""

    condition: str
    before: Estimate
    after: Estimate


@dataclass(frozen=True)
class Comparison:
    """How two sides differ, as far as their records say."""

    metrics: tuple[MetricChange, ...]
    """All that both sides have as numbers; the one that such runs are compared by comes first."""
    texts: tuple[FieldChange, ...]
    """Metrics that are no numbers, or that one side has not."""
    stated: tuple[FieldChange, ...]
    """Recipe, axes, settings, environment, replaced inputs."""
    lent: tuple[FieldChange, ...]
    """Isolation, files of the bare host, host facts; nothing where a side was made elsewhere."""
    conditions: tuple[ConditionChange, ...]


def compare(before: Sequence[Recorded], after: Sequence[Recorded]) -> Comparison:
    """Hold runs against runs; a side is one run, or all that count of a configuration."""
    old, new = before[0], after[0]
    metrics = sorted(_metrics(before, after), key=lambda change: (not change.better, change.metric))
    return Comparison(
        metrics=tuple(metrics),
        texts=tuple(field_changes(_without(old, metrics), _without(new, metrics), "metrics")),
        stated=tuple(field_changes(_part(old, STATED), _part(new, STATED))),
        lent=tuple(field_changes(_part(old, LENT), _part(new, LENT))) if _made_here(old, new) else (),
        conditions=tuple(_conditions(before, after)),
    )


def numbers(runs: Sequence[Recorded], metric: str) -> list[float]:
    """The values of a metric, of those runs that have it as a number."""
    values = (run.metrics.get(metric) for run in runs)
    return [float(value) for value in values if isinstance(value, int | float) and not isinstance(value, bool)]


def _metrics(before: Sequence[Recorded], after: Sequence[Recorded]) -> Iterator[MetricChange]:
    chosen = [headline(side[0]) for side in (before, after)]
    for metric in sorted({name for run in before for name in run.metrics}):
        old, new = numbers(before, metric), numbers(after, metric)
        if old and new:
            main = all(found is not None and found.metric == metric for found in chosen)
            better = chosen[0].better if main and chosen[0] else ""
            yield _change(metric, old, new, paired(before, after, metric), better)


def _change(
    metric: str,
    old: list[float],
    new: list[float],
    pairs: Sequence[tuple[float, float]],
    better: Literal["", "lower", "higher"],
) -> MetricChange:
    found = paired_ratio(pairs) if pairs else ratio(old, new)
    said: Verdict | Literal["same", "no ratio"] = verdict(found) if found else "no ratio"
    return MetricChange(metric, estimate(old), estimate(new), found, "same" if len({*old, *new}) == 1 else said, better)


def paired(before: Sequence[Recorded], after: Sequence[Recorded], metric: str) -> list[tuple[float, float]]:
    """The values of two configurations that took turns, round by round; none of runs that did not."""
    rounds = [
        {
            (run.series.series, run.series.round): values[0]
            for run in side
            if run.series and (values := numbers([run], metric))
        }
        for side in (before, after)
    ]
    return [(rounds[0][key], rounds[1][key]) for key in sorted(rounds[0].keys() & rounds[1].keys())]


def _made_here(*runs: Recorded) -> bool:
    return all(isinstance(run, RunRecord) for run in runs)


def _part(run: Recorded, fields: tuple[str, ...]) -> dict[str, object]:
    return run.model_dump(mode="json", include=set(fields))


def _without(run: Recorded, shown: Sequence[MetricChange]) -> dict[str, object]:
    names = {change.metric for change in shown}
    return {name: value for name, value in run.metrics.items() if name not in names}


def _conditions(before: Sequence[Recorded], after: Sequence[Recorded]) -> Iterator[ConditionChange]:
    sides = [[noise(run) for run in side if isinstance(run, RunRecord)] for side in (before, after)]
    for name, value in CONDITIONS.items():
        old, new = ([number for seen in side if (number := value(seen)) is not None] for side in sides)
        if old and new:
            yield ConditionChange(name, estimate(old), estimate(new))


CONDITIONS: dict[str, Callable[[Noise], float | None]] = {
    "load before (1 min)": lambda seen: seen.load_before,
    "load after (1 min)": lambda seen: seen.load_after,
    "cores that others kept busy": lambda seen: seen.others_cores,
    "cores that the hypervisor took": lambda seen: seen.steal_cores,
    "frequency after (MHz)": lambda seen: seen.frequency_after_khz / 1000,
}
"""What may move a number and is no fact."""
