"""The dashboard of all runs: a table, histories, speed against accuracy, and a few runs beside each other."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from envmgr.results.fields import Value
from envmgr.results.ledger import Entry
from envmgr.results.pages import words
from envmgr.results.pages.history import Ran, histories, host_of
from envmgr.results.pages.page import page
from envmgr.results.pages.pareto import fronts

STYLES = ("templates/page.css", "templates/dashboard.css")
SCRIPTS = ("templates/dashboard.js",)
_COMPARED = (
    "metrics.",
    "axes.",
    "settings.",
    "environment.",
    "replaced.",
    "inputs.",
    "host.",
    "recipe",
    "isolation",
    "not_submittable",
)


@dataclass(frozen=True)
class Line:
    """A run in the table."""

    run: Ran
    has_report: bool
    host: str
    verdict: str
    tone: str
    number: str

    def figure(self, metric: str) -> str:
        """A metric in words; empty where the run has none of this name."""
        value = self.run.fields.get(f"metrics.{metric}")
        return "" if value is None else words.figure(metric, value)


def dashboard(entries: Sequence[Entry], reported: Collection[str]) -> str:
    """The text of the page.

    Args:
        entries: all runs, oldest first; damaged ones are counted and no more.
        reported: the runs of which a report lies in `runs/`.
    """
    runs = [Ran(entry.run, entry.fields) for entry in entries if not entry.damage]
    newest = runs[::-1]
    return page(
        "dashboard.html.jinja",
        STYLES,
        SCRIPTS,
        {
            "lines": [_line(run, run.id in reported) for run in newest],
            "damaged": [entry.run for entry in entries if entry.damage],
            "recipes": sorted({run.text("recipe") for run in runs}),
            "scenarios": sorted({run.text("axes.scenario") for run in runs} - {""}),
            "hosts": sorted({host_of(run) for run in runs}),
            "histories": list(histories(runs)),
            "fronts": list(fronts(runs)),
            "columns": columns(newest),
        },
    )


def columns(runs: Sequence[Ran]) -> dict[str, object]:
    """What the page's script compares: for each field its values in words, and by run which of them it has, or -1."""
    names = sorted({name for run in runs for name in run.fields if name.startswith(_COMPARED)}, key=_order)
    return {"runs": [run.id for run in runs], "fields": [_column(name, runs) for name in names]}


def _order(name: str) -> tuple[bool, tuple[int, str], str]:
    """Metrics first, those with a name of their own before the others."""
    metric = name.removeprefix("metrics.")
    return metric == name, words.metric_order(metric), name


def _column(name: str, runs: Sequence[Ran]) -> dict[str, object]:
    places: dict[str, int] = {}
    of = [
        -1 if (value := run.fields.get(name)) is None else places.setdefault(_said(name, value), len(places))
        for run in runs
    ]
    metric = name.removeprefix("metrics.")
    return {
        "name": words.name(metric) if metric != name else name,
        "metric": metric != name,
        "values": [*places],
        "of": of,
    }


def _said(name: str, value: Value) -> str:
    metric = name.removeprefix("metrics.")
    return words.figure(metric, value) if metric != name else str(value)


def _line(run: Ran, has_report: bool) -> Line:  # noqa: FBT001  made in one place
    said, tone = _verdict(run)
    number = run.number
    return Line(run, has_report, host_of(run), said, tone, "" if number is None else words.figure(run.metric, number))


def _verdict(run: Ran) -> tuple[str, str]:
    """In words, and whether that is good, bad or neither."""
    if run.fields.get("exit_code") == 9:  # noqa: PLR2004  AccuracyError's
        return "below target", "bad"
    match run.fields.get("metrics.result_valid"):
        case True:
            return "VALID", "good"
        case False:
            return "INVALID", "bad"
    return words.NOTHING, "plain"
