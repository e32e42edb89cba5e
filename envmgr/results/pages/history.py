"""Runs that were asked for the same on the same host, one after the other: how their number went on."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from envmgr.results.change_points import LEAST_VALUES, change_points
from envmgr.results.fields import Fields
from envmgr.results.pages import chart, words
from envmgr.results.statistics import ratio, verdict

KINDS = ("counts", "INVALID, and counts for nothing")
_CHOSEN = (
    "recipe", "version", "axes.", "settings.", "environment.", "replaced.", "series.configuration", "host.", "imported",
    "headline.metric",
)  # fmt: skip
_NO_NAME = ("version", "imported", "headline.", "host.", "recipe")
"""Fields that do not name a history: its name says these otherwise, or not at all."""


@dataclass(frozen=True)
class Ran:
    """A run as the pages of all runs know it: its id and the fields of its record."""

    id: str
    fields: Fields

    def text(self, name: str) -> str:
        """A field as text; empty where there is none."""
        return str(self.fields.get(name, ""))

    @property
    def number(self) -> float | None:
        """What it is compared by."""
        value = self.fields.get("headline.value")
        return float(value) if isinstance(value, int | float) else None

    @property
    def metric(self) -> str:
        """Which metric that is."""
        return self.text("headline.metric")

    @property
    def is_warm_up(self) -> bool:
        """Whether no statistic counts it."""
        return self.fields.get("series.round") == 0

    @property
    def is_valid(self) -> bool:
        """Whether its number is a result: LoadGen does not say INVALID."""
        return self.fields.get("metrics.result_valid") is not False


@dataclass(frozen=True)
class Change:
    """A change of level: from this run on, and the medians of both sides in words."""

    run: str
    started: str
    before: str
    after: str
    times: str
    """How many times the one before; empty where there is no ratio."""
    inputs: tuple[str, ...]
    """Which inputs of the run are other objects than those of the run before it, by role."""
    loads: tuple[str, ...]
    """The median load of the machine on both sides; empty where a record does not say it."""


@dataclass(frozen=True)
class History:
    """One configuration on one host."""

    recipe: str
    host: str
    name: str
    """What sets it apart from others of its recipe."""
    runs: tuple[Ran, ...]
    chart: chart.Chart
    changes: tuple[Change, ...]
    says: str
    """What can be told of changes, in a sentence."""


def key(run: Ran) -> tuple[tuple[str, object], ...]:
    """What makes runs comparable: all that was chosen, and the host."""
    return tuple(sorted((name, value) for name, value in run.fields.items() if name.startswith(_CHOSEN)))


def groups(runs: Sequence[Ran]) -> list[list[Ran]]:
    """Runs that can be compared, together, in the order in which they came; the largest group first."""
    found: dict[object, list[Ran]] = {}
    for run in runs:
        if run.number is not None and not run.is_warm_up:
            found.setdefault(key(run), []).append(run)
    return sorted(found.values(), key=lambda group: -len(group))


def histories(runs: Sequence[Ran]) -> Iterator[History]:
    """The histories of all configurations that ran more than once."""
    known = groups(runs)
    usual = usual_fields([group[0] for group in known])
    for group in known:
        if len(group) > 1:
            yield _history(group, usual)


def name_of(run: Ran, usual: Mapping[str, object]) -> str:
    """What is not as in most, in a line."""
    told = [
        f"{name.partition('.')[2]}={value}"
        for name, value in run.fields.items()
        if name.startswith(_CHOSEN) and not name.startswith(_NO_NAME) and usual.get(name) != value
    ]
    return ", ".join(told) or "as most"


def usual_fields(runs: Sequence[Ran]) -> dict[str, object]:
    """The value that each field has most often; None where most have none."""
    names = dict.fromkeys(name for run in runs for name in run.fields)
    return {name: Counter(run.fields.get(name) for run in runs).most_common(1)[0][0] for name in names}


def host_of(run: Ran) -> str:
    """The host of a run in a few words."""
    if run.fields.get("imported"):
        return "made elsewhere"
    return f"{run.text('host.cpu.model')}, {run.text('host.cpu.cores')} cores, {run.text('host.kernel')}"


def _history(group: Sequence[Ran], usual: Mapping[str, object]) -> History:
    counted = [(place, run, run.number) for place, run in enumerate(group) if run.is_valid and run.number is not None]
    values = [number for _, _, number in counted]
    cuts = change_points(values)
    ends = [0, *cuts, len(values)]
    levels = [(counted[start:end], median(values[start:end])) for start, end in pairwise(ends) if end > start]
    metric = group[0].metric
    changes = tuple(
        _change([run for _, run, _ in counted[start:cut]], [run for _, run, _ in counted[cut:end]], metric)
        for start, cut, end in zip(ends, ends[1:], ends[2:], strict=False)
    )
    says = _says(len(values), changes)
    return History(
        recipe=group[0].text("recipe"),
        host=host_of(group[0]),
        name=name_of(group[0], usual),
        runs=tuple(group),
        chart=_chart(group, metric, [((part[0][0], part[-1][0]), level) for part, level in levels], says),
        changes=changes,
        says=says,
    )


def _says(count: int, changes: Sequence[Change]) -> str:
    if count < LEAST_VALUES:
        return f"{count} runs count: too few to tell whether their level changed; {LEAST_VALUES} are needed."
    if not changes:
        return f"{count} runs count, and no change of their level can be told from noise."
    return f"{count} runs count, and their level changed {'once' if len(changes) == 1 else f'{len(changes)} times'}."


def _change(old: Sequence[Ran], new: Sequence[Ran], metric: str) -> Change:
    last, run = old[-1], new[0]
    sides = [[item.number for item in side if item.number is not None] for side in (old, new)]
    found = ratio(*sides)
    told = f"{words.digits(found.median)} times" if found and verdict(found) == "differs" else ""
    before, after = (words.figure(metric, median(side)) for side in sides)
    names = sorted(name for name in last.fields.keys() | run.fields.keys() if name.startswith("inputs."))
    others = tuple(name.removeprefix("inputs.") for name in names if last.fields.get(name) != run.fields.get(name))
    return Change(run.id, run.text("started"), before, after, told, others, _loads(old, new))


def _loads(*sides: Sequence[Ran]) -> tuple[str, ...]:
    known = [
        [load for run in side if isinstance(load := run.fields.get("before.load_1m"), float | int)] for side in sides
    ]
    return tuple(f"{median(loads):.1f}" for loads in known) if all(known) else ()


def _chart(
    group: Sequence[Ran], metric: str, levels: Sequence[tuple[tuple[int, int], float]], says: str
) -> chart.Chart:
    numbers = [run.number or 0.0 for run in group]
    x = chart.across(0, len(group) - 1)
    low, high = min(numbers), max(numbers)
    y = chart.upward(max(0.0, low - (high - low or low) / 2), high)
    points = [
        chart.Point(place, number, f"{run.id}: {words.figure(metric, number)}", 1 if run.is_valid else 2)
        for place, (run, number) in enumerate(zip(group, numbers, strict=True))
    ]
    steps = [chart.line([(start - 0.4, level), (end + 0.4, level)], x, y, 4) for (start, end), level in levels]
    return chart.Chart(
        f"{words.name(metric)} of {len(group)} runs, from {words.figure(metric, low)} to {words.figure(metric, high)}. "
        f"{says}",
        chart.with_ticks(chart.axis("runs, in the order in which they came", x, words.digits), x, _dates(group)),
        chart.axis(words.name(metric), y, lambda value: words.figure(metric, value)),
        lines=tuple(steps),
        marks=chart.marks(points, x, y),
        legend=() if all(run.is_valid for run in group) else KINDS,
    )


def _dates(group: Sequence[Ran]) -> list[tuple[float, str]]:
    """Some places of the axis, with the day and the minute of that run."""
    places = sorted({0, len(group) // 2, len(group) - 1})
    return [(place, group[place].text("started")[:16].replace("T", " ")) for place in places]
