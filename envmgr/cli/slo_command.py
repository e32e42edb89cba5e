"""`envmgr slo`: the highest rate at which a server keeps its latency bound."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from envmgr.cli.answer import Answer, answers
from envmgr.cli.asked import Asked, ask, wanted
from envmgr.cli.measuring import Measuring, measuring
from envmgr.cli.options import (
    complete_recipe,
    env_option,
    lock_option,
    resume_option,
    set_option,
    with_option,
    work_options,
)
from envmgr.cli.project import Project
from envmgr.cli.ready import Terms
from envmgr.cli.searched import Searched, as_rate, highest_words, rates_table, unsure
from envmgr.cli.series_words import noise_warnings, noise_words, unfit, unfit_words
from envmgr.model.errors import InvalidInputError, InvalidResultError, UsageError
from envmgr.model.run_record import RunRecord
from envmgr.planning.replacement import Replacement
from envmgr.results.headline import headline
from envmgr.results.noise import noise, too_noisy
from envmgr.series import Configuration
from envmgr.slo import search, tidy

RATE = "target_qps"
"""The setting by which a benchmark is told how many queries LoadGen sends in a second."""
MODE, PEAK_MODE = "performance", "find-peak-performance"
LEAST = "min_query_count"
ENOUGH_QUERIES = 1001
"""With as many LoadGen's early stopping lets three be late; with fewer than 459 it is sure of nothing."""
PEAK = "peak"
"""The label of the run in which LoadGen looks for it."""


class NoRateError(InvalidInputError):
    """A benchmark can't be told at which rate it is asked."""

    def __init__(self, recipe: str) -> None:
        self.recipe = recipe
        super().__init__(f"{recipe} has no setting {RATE}, by which a rate could be searched", where=f"recipe {recipe}")


class NoPeakError(InvalidResultError):
    """LoadGen looked for the peak, and its summary names no rate."""

    def __init__(self, run: str) -> None:
        self.run = run
        super().__init__(f"LoadGen found no peak in run {run}", fix="name a rate to start from: --from RATE")


class NothingHoldsError(InvalidResultError):
    """No rate that was tried holds."""

    def __init__(self, lowest: float) -> None:
        self.lowest = lowest
        super().__init__(
            f"no rate stays VALID, down to {lowest:g} queries/s",
            fix="begin lower with --from RATE, or let the runs be longer; `envmgr runs show RUN` shows one",
        )


@click.command("slo")
@click.argument("name", shell_complete=complete_recipe)
@click.option("--from", "start", type=click.FloatRange(min=0, min_open=True), metavar="RATE", help="Begin here.")
@click.option("--confirm", type=click.IntRange(min=1), default=3, show_default=True, metavar="K", help="Runs a rate.")
@click.option(
    "--tolerance",
    type=click.FloatRange(min=0.1, max=100),
    default=5.0,
    show_default=True,
    metavar="PERCENT",
    help="How far apart the rates that hold and that don't may be.",
)
@lock_option()
@set_option()
@with_option()
@env_option()
@resume_option()
@work_options()
@click.pass_obj
@answers("slo")
def command(
    project: Project,
    /,
    *,
    name: str,
    start: float | None,
    confirm: int,
    tolerance: float,
    lock: Path | None,
    axes: dict[str, str],
    replacements: dict[str, Replacement],
    environment: dict[str, str],
    resume: str | None,
    **work: Any,  # noqa: ANN401  the shared options, as click parsed them
) -> Answer[Searched]:
    """Find the highest rate of scenario Server that stays VALID.

    The search begins at the peak that LoadGen finds (FindPeakPerformance), or at --from. Each rate is asked up to
    --confirm times, and holds where LoadGen says VALID most times. Exit code 8 means that no rate does.
    """
    terms = Terms(project, lock, replacements, environment)
    modes = [MODE] if start is not None else [PEAK_MODE, MODE]
    plans = [_asked(terms, name, axes, mode) for mode in modes]
    with measuring(terms, plans, work, resume) as under_way:
        bench = _Bench(under_way, plans)
        began = start if start is not None else bench.peak()
        found = search(bench.ask, began, runs=confirm, tolerance=tolerance / 100)
    seen = [noise(run) for run in bench.made]
    rates = [as_rate(item, bench.runs[item.rate]) for item in found.probed]
    data: Searched = {
        "series": under_way.series.id,
        "start": tidy(began),
        "peak": bench.peak_run,
        "highest": found.highest.rate if found.highest else None,
        "lowest_refused": found.lowest_refused.rate if found.lowest_refused else None,
        "rates": sorted(rates, key=lambda rate: rate["queries_per_second"]),
        "too_noisy": too_noisy(seen),
        "not_submittable": unfit(bench.runs[found.highest.rate] if found.highest else ()),
    }
    return Answer(
        data,
        "\n".join(
            [
                rates_table(data),
                highest_words(data),
                noise_words(seen),
                *unfit_words(data["not_submittable"]),
                f"series {data['series']}",
            ]
        ),
        warnings=[*under_way.doubts, *noise_warnings(seen), *unsure(data)],
        failure=None if found.highest else NothingHoldsError(data["rates"][0]["queries_per_second"]),
    )


def _asked(terms: Terms, name: str, axes: Mapping[str, str], mode: str) -> Asked:
    """The benchmark as it is searched: in scenario Server, and at each rate with queries enough for a sure verdict.

    Raises:
        UsageError: the rate itself was set, or another scenario or mode.
        NoRateError: the recipe has no setting for the rate.
    """
    if RATE in axes:
        raise UsageError(f"{RATE} is what is searched", fix=f"--from {axes[RATE]}")
    said = wanted(axes, {"scenario": "Server", "mode": mode})
    asked = ask(terms.project, name, said, terms.replacements)
    if RATE not in asked.run.settings:
        raise NoRateError(name)
    if mode == MODE and LEAST in asked.run.settings and LEAST not in asked.settings:
        return ask(terms.project, name, {**said, LEAST: str(ENOUGH_QUERIES)}, terms.replacements)
    return asked


class _Bench:
    """Makes the runs of a search."""

    def __init__(self, under_way: Measuring, plans: Sequence[Asked]) -> None:
        self._series = under_way.series
        self._questions = [under_way.question(plan) for plan in plans]
        self.peak_run: str | None = None
        self.runs: defaultdict[float, list[RunRecord]] = defaultdict(list)

    @property
    def made(self) -> list[RunRecord]:
        """Every run at a rate."""
        return [run for runs in self.runs.values() for run in runs]

    def peak(self) -> float:
        """The rate at which LoadGen's own search ended.

        Raises:
            NoPeakError: it names none.
        """
        run = self._series.turn(Configuration(PEAK, self._questions[0]), 1)
        self.peak_run = run.id
        found = headline(run)
        if found is None or not found.metric.endswith("samples_per_second") or found.value <= 0:
            raise NoPeakError(run.id)
        return found.value

    def ask(self, rate: float, number: int) -> bool:
        """Make a run at a rate; whether LoadGen says VALID."""
        question = self._questions[-1]
        value = int(rate) if rate.is_integer() else rate
        asked = replace(question, settings={**question.settings, RATE: value})
        run = self._series.turn(Configuration(f"{RATE}={value}", asked), number)
        self.runs[rate].append(run)
        return run.metrics.get("result_valid") is True
