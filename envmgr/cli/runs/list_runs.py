"""`envmgr runs list`: the runs in a table, the newest last."""

import csv
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import click
from typing_extensions import TypedDict

from envmgr.cli.answer import Answer, answers
from envmgr.cli.project import Project
from envmgr.cli.table import table
from envmgr.results.fields import Fields, Value
from envmgr.results.ledger import Entry, entries
from envmgr.results.told import short, told
from envmgr.results.where import chosen

HEAD = ("RUN", "RECIPE", "APART BY", "SCENARIO", "RESULT", "ACCURACY", "LOADGEN", "")


class Ran(TypedDict):
    """A run in short; `envmgr runs show RUN` shows all of its record."""

    id: str
    recipe: str
    started: str
    """UTC, ISO 8601."""
    seconds: float
    axes: dict[str, Value]
    settings: dict[str, Value]
    metrics: dict[str, Value]
    exit_code: int
    headline: dict[str, Value]
    """The number that it is compared by: metric, value, and which way is better; empty where it measured none."""
    imported: bool
    """Whether it was made elsewhere, and only its logs are known."""
    not_submittable: str
    """Why MLPerf would not take it; empty where nothing is against it, and for a run that follows no round."""


class DamagedRun(TypedDict):
    """A run whose record can't be read."""

    id: str
    why: str


class Runs(TypedDict):
    """The runs that were asked for, oldest first."""

    runs: list[Ran]
    damaged: list[DamagedRun]


@click.command("list")
@click.option("--where", metavar="EXPR", help="Only runs for which this holds: scenario == 'Offline' and mAP > 60.")
@click.option("--last", type=click.IntRange(min=1), metavar="N", help="Only the newest N of them.")
@click.option("--csv", "as_csv", is_flag=True, help="Print every field of each, as comma-separated values.")
@click.pass_obj
@answers("runs-list")
def command(project: Project, /, *, where: str | None, last: int | None, as_csv: bool) -> Answer[Runs]:
    """List the recorded runs, the newest last.

    The table shows of axes, settings and variables those that are not as in most runs of the recipe. EXPR compares
    fields: see docs/how-to/look-at-runs.md.
    """
    listed = entries(project.store_root / "runs")
    damaged = [entry for entry in listed if entry.damage]
    runs = whole(listed, where)[-(last or 0) :]
    rows = [entry.fields for entry in runs]
    return Answer(
        {"runs": [*map(_data, runs)], "damaged": [{"id": entry.run, "why": entry.damage} for entry in damaged]},
        csv_text(rows) if as_csv else _table(runs, rows),
        warnings=[f"the record of run {entry.run} is damaged: {entry.damage.splitlines()[0]}" for entry in damaged],
    )


def whole(listed: Sequence[Entry], where: str | None) -> list[Entry]:
    """The runs whose record can be read and that an expression chooses; without one, all of those.

    Raises:
        ExpressionError: the expression can't be understood.
    """
    runs = [entry for entry in listed if not entry.damage]
    if where is None:
        return runs
    taken = chosen(where, [entry.fields for entry in runs])
    return [entry for entry, is_taken in zip(runs, taken, strict=True) if is_taken]


def csv_text(rows: Sequence[Fields]) -> str:
    """All fields of all runs, one column a field."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(dict.fromkeys(name for row in rows for name in row)), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().rstrip("\n")


def result(fields: Fields) -> str:
    """The number that a run is compared by, for people; empty where it measured none."""
    metric, value = fields.get("headline.metric"), fields.get("headline.value")
    if not isinstance(metric, str) or not isinstance(value, int | float):
        return ""
    if metric.endswith("_ns"):
        shown = f"{value / 1e6:.3f} ms" if value >= 1e6 else f"{value / 1e3:.3f} µs"  # noqa: PLR2004  a millisecond
        return f"{metric.removeprefix('latency_').removesuffix('_ns')} {shown}"
    return f"{value:.1f} samples/s" if metric.endswith("samples_per_second") else ""


def marks(fields: Fields) -> str:
    """What is to be known of a run before its number is believed."""
    said = {
        "imported": fields["imported"],
        "warm-up": fields.get("series.round") == 0,
        "below target": fields["exit_code"] == 9,  # noqa: PLR2004  AccuracyError's
        "not submittable": fields["not_submittable"],
    }
    return ", ".join(mark for mark, holds in said.items() if holds)


def _table(runs: Sequence[Entry], rows: Sequence[Fields]) -> str:
    if not rows:
        return ""
    lines = []
    for entry, row, apart in zip(runs, rows, _apart(rows), strict=True):
        valid = row.get("metrics.result_valid")
        lines.append(
            (
                entry.run,
                str(row["recipe"]),
                apart,
                str(row.get("axes.scenario", "")),
                result(row),
                _accuracy(row),
                "" if valid is None else "VALID" if valid else "INVALID",
                marks(row),
            )
        )
    return table(HEAD, lines)


def _accuracy(row: Fields) -> str:
    """What was found of what is there, in percent: mAP of boxes, else the share of labels."""
    mean, share = row.get("metrics.mAP"), row.get("metrics.accuracy")
    if isinstance(mean, int | float):
        return f"mAP {mean:.3f} %"
    return f"{share:.3f} %" if isinstance(share, int | float) else ""


def _apart(rows: Sequence[Fields]) -> list[str]:
    """What each run was told, where more than half of the runs of its recipe were told otherwise."""
    choices = [told(row) for row in rows]
    runs = Counter(row["recipe"] for row in rows)
    times = Counter((row["recipe"], *item) for row, items in zip(rows, choices, strict=True) for item in items.items())
    return [
        " ".join(
            f"{short(name)}={value}"
            for name, value in items.items()
            if name != "axes.scenario" and 2 * times[row["recipe"], name, value] <= runs[row["recipe"]]
        )
        for row, items in zip(rows, choices, strict=True)
    ]


def _data(entry: Entry) -> Ran:
    fields: Mapping[str, Any] = entry.fields
    groups: dict[str, dict[str, Value]] = {name: {} for name in ("axes", "settings", "metrics", "headline")}
    for name, value in fields.items():
        group, _, rest = name.partition(".")
        if rest and group in groups:
            groups[group][rest] = value
    return {
        "id": fields["id"],
        "recipe": fields["recipe"],
        "started": fields["started"],
        "seconds": fields["seconds"],
        "axes": groups["axes"],
        "settings": groups["settings"],
        "metrics": groups["metrics"],
        "exit_code": fields["exit_code"],
        "headline": groups["headline"],
        "imported": fields["imported"],
        "not_submittable": fields["not_submittable"],
    }
