"""`envmgr sweep`: every combination of axes and settings, in a table, and the best of them."""

import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from envmgr.cli.answer import Answer, answers
from envmgr.cli.asked import Asked, ask, wanted
from envmgr.cli.measuring import measuring
from envmgr.cli.options import (
    complete_recipe,
    env_option,
    lock_option,
    series_options,
    set_option,
    with_option,
    work_options,
)
from envmgr.cli.project import Project
from envmgr.cli.ready import Terms
from envmgr.cli.repeated import BASELINE, label
from envmgr.cli.series_words import noise_warnings, unfit
from envmgr.cli.swept import Refused, Swept, swept_csv, swept_text
from envmgr.model.errors import EnvmgrError, InvalidResultError, UsageError
from envmgr.planning.conditions import RefusedCombinationError
from envmgr.planning.replacement import Replacement
from envmgr.results.noise import too_noisy
from envmgr.results.standings import standings_by_best


@click.command("sweep")
@click.argument("name", shell_complete=complete_recipe)
@lock_option()
@set_option()
@click.option("--scenario", metavar="S[,S...]", help="Short for --set scenario=…")
@click.option("--mode", metavar="M[,M...]", help="Short for --set mode=…")
@click.option("--count", metavar="N[,N...]", help="Short for --set count=…")
@click.option("--threads", metavar="N[,N...]", help="Short for --set threads=…")
@click.option("--batch", metavar="N[,N...]", help="Short for --set batch=…")
@with_option()
@env_option()
@series_options(rounds=1, warmups=0)
@click.option("--csv", "as_csv", is_flag=True, help="Print the table as comma-separated values.")
@work_options()
@click.pass_obj
@answers("sweep")
def command(
    project: Project,
    /,
    *,
    name: str,
    lock: Path | None,
    axes: dict[str, str],
    scenario: str | None,
    mode: str | None,
    count: str | None,
    threads: str | None,
    batch: str | None,
    replacements: dict[str, Replacement],
    environment: dict[str, str],
    repeat: int,
    warm_up: int,
    resume: str | None,
    as_csv: bool,
    **work: Any,  # noqa: ANN401  the shared options, as click parsed them
) -> Answer[Swept]:
    """Measure NAME with every combination of the values given, `--set batch=1,2,4 --threads 1,2`.

    Combinations that a recipe refuses are listed and left out; one that fails stops no other one, and the command ends
    with exit code 5. A sweep that was interrupted is gone on with by the same command with --resume SERIES.
    """
    short = {"scenario": scenario, "mode": mode, "count": count, "threads": threads, "batch": batch}
    terms = Terms(project, lock, replacements, environment)
    asked, refused = _points(terms, name, wanted(axes, short))
    with measuring(terms, [*asked.values()], work, resume) as sweep:
        runs = sweep.runs(asked, rounds=repeat, warmups=warm_up)
    points, best = standings_by_best(runs)
    points = [point for point in points if point.runs]
    seen = [noise for point in points for noise in point.noise]
    data: Swept = {
        "series": sweep.series.id,
        "rounds": repeat,
        "warmups": warm_up,
        "points": points,
        "best": best.configuration if best else None,
        "within_noise": [point.configuration for point in points if point.is_valid and point.verdict == "within noise"],
        "refused": refused,
        "failed": sweep.failed,
        "too_noisy": too_noisy(seen),
        "not_submittable": unfit(run for found in runs.values() for run in found),
    }
    return Answer(
        data,
        swept_csv(data) if as_csv else swept_text(data),
        warnings=[*sweep.doubts, *noise_warnings(seen)],
        failure=sweep.failure or _no_best(data),
    )


def _points(terms: Terms, name: str, given: Mapping[str, str]) -> tuple[dict[str, Asked], list[Refused]]:
    """Every combination by its label, those apart that a recipe refuses.

    Raises:
        RefusedCombinationError: all are refused.
    """
    values = {axis: _values(axis, text) for axis, text in given.items()}
    varied = [axis for axis, several in values.items() if len(several) > 1]
    asked: dict[str, Asked] = {}
    refused: dict[str, RefusedCombinationError] = {}
    for chosen in itertools.product(*values.values()):
        point = dict(zip(values, chosen, strict=True))
        name_of_point = label({axis: point[axis] for axis in varied}) or BASELINE
        try:
            asked[name_of_point] = ask(terms.project, name, point, terms.replacements)
        except RefusedCombinationError as error:
            refused[name_of_point] = error
    if not asked:
        raise next(iter(refused.values()))
    return asked, [{"configuration": point, "why": error.message} for point, error in refused.items()]


def _values(axis: str, text: str) -> list[str]:
    values = text.split(",")
    if not all(values) or len({*values}) < len(values):
        raise UsageError(
            f"{axis}={text}: different values with commas between are asked for", fix=f"{axis}=VALUE,VALUE"
        )
    return values


def _no_best(data: Swept) -> EnvmgrError | None:
    points = [point for point in data["points"] if point.metric]
    if not points or any(point.is_valid for point in points):
        return None
    return InvalidResultError(
        "LoadGen says INVALID at every point: there is no best one",
        fix=f"envmgr runs show {points[0].runs[0]} says which rule was broken; longer runs may do",
    )
