"""What a search for the highest rate came to: as data, and in words."""

from collections.abc import Sequence
from typing import Literal

from typing_extensions import TypedDict

from envmgr.cli.table import table
from envmgr.model.run_record import RunRecord
from envmgr.slo import Probed

Reason = Literal["", "the latency bound was broken", "too few queries to be sure", "another rule was broken"]
FEW: Reason = "too few queries to be sure"


class Rate(TypedDict):
    """A rate that was tried."""

    queries_per_second: float
    holds: bool
    """Whether most of its runs were VALID."""
    valid: int
    runs: list[str]
    """The ids of its runs."""
    reason: Reason
    """Why INVALID ones were so, the weightiest; empty where all were VALID."""


class Searched(TypedDict):
    """What a search came to."""

    series: str
    start: float
    peak: str | None
    """The run in which LoadGen looked for the peak, from which the search started; null with --from."""
    highest: float | None
    """The highest rate of which most of the runs were VALID."""
    lowest_refused: float | None
    """The lowest rate of which they were not."""
    rates: list[Rate]
    """Every rate that was tried, sorted."""
    too_noisy: bool
    """Whether so many runs were disturbed that none of it is to be believed."""
    not_submittable: list[str]
    """Why MLPerf takes no run at the highest rate for a submission, each reason once."""


def as_rate(probed: Probed, runs: Sequence[RunRecord]) -> Rate:
    """A rate with the runs at it."""
    return {
        "queries_per_second": probed.rate,
        "holds": probed.holds,
        "valid": sum(probed.verdicts),
        "runs": [run.id for run in runs],
        "reason": _reason([run for run in runs if run.metrics.get("result_valid") is not True]),
    }


def rates_table(data: Searched) -> str:
    """Every rate, and what LoadGen said of it."""
    rows = [
        (
            f"{rate['queries_per_second']:g}",
            "holds" if rate["holds"] else "refused",
            f"{rate['valid']} of {len(rate['runs'])}",
            rate["reason"],
        )
        for rate in data["rates"]
    ]
    return table(("QUERIES/S", "", "VALID", ""), rows)


def highest_words(data: Searched) -> str:
    """The sentence that the search was made for."""
    by_rate = {rate["queries_per_second"]: _votes(rate) for rate in data["rates"]}
    held, refused = (by_rate.get(rate, "") if rate else "" for rate in (data["highest"], data["lowest_refused"]))
    highest = f"the highest rate that stays VALID: {held}" if held else "no rate stays VALID"
    return f"{highest}; {f'the lowest that does not: {refused}' if refused else 'none was refused'}"


def unsure(data: Searched) -> list[str]:
    """What is to be said where the lowest refused rate was so for lack of queries: it may be none too high."""
    refused = [rate for rate in data["rates"] if not rate["holds"]]
    if not refused or refused[0]["reason"] != FEW:
        return []
    rate = f"{refused[0]['queries_per_second']:g}"
    return [f"at {rate} queries/s LoadGen saw the bound kept in too few queries to be sure: a longer run may be VALID"]


def _votes(rate: Rate) -> str:
    return f"{rate['queries_per_second']:g} queries/s ({rate['valid']} of {len(rate['runs'])} runs)"


def _reason(invalid: Sequence[RunRecord]) -> Reason:
    """Where the bound was broken once, a lack of queries explains nothing."""
    if any(run.metrics.get("latency_bound_met") is False for run in invalid):
        return "the latency bound was broken"
    if any(run.metrics.get("early_stopping_met") is False for run in invalid):
        return FEW
    return "another rule was broken" if invalid else ""
