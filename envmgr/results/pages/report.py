"""The report of some runs: one HTML file that needs nothing else, the comparison first where there are several."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from envmgr.model.run_record import Recorded, RunRecord
from envmgr.results.comparison import Comparison, MetricChange, compare, numbers
from envmgr.results.fields import below, fields
from envmgr.results.headline import headline
from envmgr.results.noise import noise, too_noisy
from envmgr.results.pages import drawings, words
from envmgr.results.pages.chart import Chart
from envmgr.results.pages.page import page
from envmgr.results.pages.run_view import RunView, view
from envmgr.results.pages.shown import ShownRun
from envmgr.results.statistics import Estimate, estimate

STYLES = ("vendored/uplot/uPlot.min.css", "templates/page.css")
SCRIPTS = ("vendored/uplot/uPlot.iife.min.js", "templates/latency.js")
TURNED = ("batch", "threads")
"""Settings over which throughput is drawn."""


@dataclass(frozen=True)
class Choice:
    """What was named on the command line: a run, or all that count of a configuration."""

    name: str
    runs: tuple[ShownRun, ...]

    @property
    def records(self) -> list[Recorded]:
        """Their records."""
        return [run.record for run in self.runs]

    @property
    def disturbed(self) -> str:
        """What is to be said where so many of its runs were disturbed that their numbers are not to be believed."""
        seen = [noise(run.record) for run in self.runs if isinstance(run.record, RunRecord)]
        count = sum(bool(item.disturbed) for item in seen)
        return f"{self.name}: {count} of {len(seen)} runs were disturbed" if seen and too_noisy(seen) else ""

    @property
    def typical(self) -> ShownRun:
        """The run whose number is nearest to the median of all; the first, where they have no number."""
        known = [(number.value, run) for run in self.runs if (number := headline(run.record))]
        if not known:
            return self.runs[0]
        middle = median(value for value, _ in known)
        return min(known, key=lambda item: abs(item[0] - middle))[1]


@dataclass(frozen=True)
class Cell:
    """A metric of one choice: median and interval in words, and what is to be said of it beside the first."""

    value: str
    interval: str
    verdict: str
    """Such as `1.25 times the first`; empty in the first column."""
    tone: str
    """`good`, `bad` or `plain`."""


@dataclass(frozen=True)
class Compared:
    """The table of several choices."""

    metrics: tuple[tuple[str, tuple[Cell, ...]], ...]
    differing: tuple[tuple[str, tuple[str, ...]], ...]
    """Fields of the records that are not the same in all."""
    disturbed: tuple[str, ...]
    """Which choices are too noisy to believe; then nothing is called better or worse."""


def report(choices: Sequence[Choice]) -> str:
    """The text of the page."""
    views = [view(choice.typical) for choice in choices]
    names = [choice.name for choice in choices]
    return page(
        "report.html.jinja",
        STYLES,
        SCRIPTS,
        {
            "title": _title(views),
            "choices": list(zip(choices, views, strict=True)),
            "names": names,
            "compared": compared(choices) if len(choices) > 1 else None,
            "throughput": [chart for setting in TURNED if (chart := _throughput(choices, setting))],
            "statistics": words.STATISTICS,
            "curves": [_curve(name, item) for name, item in zip(names, views, strict=True)],
            "together": _together(views),
        },
    )


def compared(choices: Sequence[Choice]) -> Compared:
    """Every metric of all choices, each held against the first; and in which fields their records differ."""
    against = [compare(choices[0].records, choice.records) for choice in choices[1:]]
    metrics = {name for choice in choices for run in choice.records for name in run.metrics}
    main = headline(choices[0].records[0])
    order = sorted(metrics, key=lambda name: (name != (main.metric if main else ""), words.metric_order(name)))
    return Compared(
        tuple((name, tuple(_cells(name, choices, against))) for name in order),
        tuple(_differing([choice.typical.record for choice in choices])),
        tuple(filter(None, (choice.disturbed for choice in choices))),
    )


def _curve(name: str, shown: RunView) -> dict[str, object]:
    """A latency curve as the page's script takes it: in milliseconds and percent."""
    points = shown.latencies.curve if shown.latencies else ()
    return {
        "name": name,
        "milliseconds": [round(time / 1e6, 6) for time, _ in points],
        "percent": [share for _, share in points],
        "reported": bool(points) and shown.latencies is not None and not shown.latencies.count,
        "linear": shown.scenario == "Offline",
    }


def _together(views: Sequence[RunView]) -> list[int]:
    """The places of runs whose latency curves can be drawn in one: two to four of one scenario."""
    places = [place for place, item in enumerate(views) if item.latencies]
    same = len({views[place].scenario for place in places}) == 1
    return places if same and 2 <= len(places) <= drawings.SHAPES else []  # noqa: PLR2004  one is no comparison


def _title(views: Sequence[RunView]) -> str:
    return views[0].title if len(views) == 1 else f"{views[0].record.recipe}: {len(views)} beside each other"


def _cells(metric: str, choices: Sequence[Choice], against: Sequence[Comparison]) -> list[Cell]:
    changes: list[MetricChange | None] = [
        next((change for change in item.metrics if change.metric == metric), None) for item in against
    ]
    return [
        _cell(metric, choice.records, change, believed=not (choice.disturbed or choices[0].disturbed))
        for choice, change in zip(choices, [None, *changes], strict=True)
    ]


def _cell(metric: str, runs: Sequence[Recorded], change: MetricChange | None, *, believed: bool) -> Cell:
    values = numbers(runs, metric)
    if not values:
        texts = list(dict.fromkeys(words.figure(metric, run.metrics[metric]) for run in runs if metric in run.metrics))
        return Cell(" and ".join(texts) or words.NOTHING, "", "", "plain")
    found = estimate(values)
    differs = believed and change is not None and bool(change.better) and change.verdict == "differs"
    tone = "plain" if not differs or change is None else "good" if change.is_improvement else "bad"
    return Cell(words.figure(metric, found.median), _interval(metric, found), _verdict(change) if change else "", tone)


def _interval(metric: str, found: Estimate) -> str:
    if found.low is None or found.high is None:
        return "" if found.count == 1 else f"{found.count} runs"
    low, high = (words.figure(metric, value) for value in (found.low, found.high))
    return f"{low} to {high}, {found.confidence:.0%} sure, {found.count} runs"


def _verdict(change: MetricChange) -> str:
    times = f"{words.digits(change.ratio.median)} times the first" if change.ratio else ""
    match change.verdict:
        case "same":
            return "the same"
        case "no ratio":
            return ""
        case "within noise":
            return f"{times}: within noise"
        case "too few":
            return f"{times}: too few runs to tell"
    return times


def _differing(records: Sequence[Recorded]) -> list[tuple[str, tuple[str, ...]]]:
    known = [_chosen(record) for record in records]
    names = list(dict.fromkeys(name for item in known for name in item))
    rows = [(name, tuple(item.get(name, words.NOTHING) for item in known)) for name in names]
    return [row for row in rows if len(set(row[1])) > 1]


def _chosen(record: Recorded) -> Mapping[str, str]:
    """What may make a difference: recipe, axes, settings, inputs, host."""
    kinds = ("recipe", "version", "axes.", "settings.", "replaced.", "inputs.", "host.", "isolation", "source")
    return {name: str(value) for name, value in fields(record).items() if name.startswith(kinds)}


def _throughput(choices: Sequence[Choice], setting: str) -> Chart | None:
    """Over one setting, for all runs that differ in nothing else that was chosen."""
    runs = [
        (_apart(record, setting), float(record.settings[setting]), values[0], record.id)
        for choice in choices
        for record in choice.records
        if setting in record.settings and (values := numbers([record], "samples_per_second"))
    ]
    return drawings.throughput(runs, setting) if runs else None


def _apart(record: Recorded, setting: str) -> str:
    """What a line stands for: all that was chosen but the setting."""
    known = fields(record)
    axes = [str(known.get(f"axes.{axis}", "")) for axis in ("scenario", "implementation", "backend", "model")]
    others = [
        f"{name} {below(known, 'settings.')[name]}"
        for name in TURNED
        if name != setting and f"settings.{name}" in known
    ]
    return ", ".join([*filter(None, axes), *others])
