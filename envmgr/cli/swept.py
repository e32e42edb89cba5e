"""What a sweep came to: as data, as a table for people, and as comma-separated values."""

from typing_extensions import TypedDict

from envmgr.cli.measuring import Failed
from envmgr.cli.runs.list_runs import csv_text
from envmgr.cli.series_words import HEAD, held, noise_words, numbers, unfit_words
from envmgr.cli.table import table
from envmgr.results.fields import Value
from envmgr.results.standings import Standing


class Refused(TypedDict):
    """A combination that a recipe refuses: it was left out."""

    configuration: str
    why: str


class Swept(TypedDict):
    """What a sweep came to."""

    series: str
    """Its id; `SERIES:CONFIGURATION` names the runs of one point elsewhere."""
    rounds: int
    warmups: int
    points: list[Standing]
    """Every combination that could be measured, held against the best."""
    best: str | None
    """The point with the best median, of those whose runs were all VALID; null where there is none."""
    within_noise: list[str]
    """Points whose ratio to the best holds 1: nothing says that they are worse."""
    refused: list[Refused]
    failed: list[Failed]
    too_noisy: bool
    """Whether so many runs were disturbed that none of it is to be believed."""
    not_submittable: list[str]
    """Why MLPerf takes none of these runs for a submission, or not all; each reason once."""


def swept_text(data: Swept) -> str:
    """The table, what is not in it and why, the noise, and the series."""
    noise = noise_words([seen for point in data["points"] for seen in point.noise])
    return "\n".join([*_lines(data), *filter(None, [noise]), *unfit_words(data["not_submittable"]), _last(data)])


def swept_csv(data: Swept) -> str:
    """A row a point, those that were refused or failed too, a column for each axis that varies."""
    rows: list[dict[str, Value]] = [_row(data, point) for point in data["points"]]
    rows += [{**_told(item["configuration"]), "refused": item["why"]} for item in data["refused"]]
    rows += [{**_told(item["configuration"]), "failed": item["message"]} for item in data["failed"]]
    return csv_text(rows)


def _lines(data: Swept) -> list[str]:
    marks = [_mark(data, point) for point in data["points"]]
    rows = [(point.configuration, *numbers(point), *mark) for point, mark in zip(data["points"], marks, strict=True)]
    return [
        *([table((*HEAD, "AGAINST THE BEST", ""), rows)] if rows else []),
        *(f"left out: {item['configuration']}: {item['why']}" for item in data["refused"]),
        *(f"failed: {item['configuration']}: {item['message'].splitlines()[0]}" for item in data["failed"]),
    ]


def _mark(data: Swept, point: Standing) -> tuple[str, str]:
    if point.configuration == data["best"]:
        return "best", ""
    return held(point)


def _last(data: Swept) -> str:
    rounds = "1 round has no interval, 5 may" if data["rounds"] == 1 else f"{data['rounds']} rounds"
    metrics = sorted({point.metric for point in data["points"] if point.is_valid})
    apart = f"; no best, as {' and '.join(metrics)} can't be compared" if len(metrics) > 1 else ""
    return f"series {data['series']}: {rounds}{apart}"


def _row(data: Swept, point: Standing) -> dict[str, Value]:
    parts = {"": point.value, "ratio_": point.ratio}
    return {
        **_told(point.configuration),
        "metric": point.metric,
        "runs": len(point.runs),
        "valid": point.valid,
        **{
            f"{prefix}{name}": "" if (number := getattr(part, name, None)) is None else number
            for prefix, part in parts.items()
            for name in ("median", "low", "high", "confidence")
        },
        "verdict": "best" if point.configuration == data["best"] else point.verdict,
    }


def _told(configuration: str) -> dict[str, Value]:
    told = (item.partition("=") for item in configuration.split(","))
    return {f"set.{name}": value for name, equals, value in told if equals}
