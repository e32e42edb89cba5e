"""`envmgr run --repeat`: one configuration or several, measured in turns and held against the first."""

from collections.abc import Mapping, Sequence
from typing import Any

from typing_extensions import TypedDict

from envmgr.cli.answer import Answer
from envmgr.cli.asked import Asked, ask
from envmgr.cli.measuring import Failed, measuring
from envmgr.cli.ready import Terms
from envmgr.cli.series_words import noise_warnings, noise_words, standings_table, unfit, unfit_words
from envmgr.model.errors import AccuracyError, EnvmgrError, InvalidResultError, UsageError
from envmgr.model.run_record import RunRecord
from envmgr.results.noise import too_noisy
from envmgr.results.standings import Standing, standings

BASELINE = "baseline"
"""The label of what the command asks for by itself."""


class Repeated(TypedDict):
    """What a series came to."""

    series: str
    """Its id; `SERIES:CONFIGURATION` names the runs of one configuration elsewhere."""
    rounds: int
    warmups: int
    configurations: list[Standing]
    """Each held against the first."""
    failed: list[Failed]
    too_noisy: bool
    """Whether so many runs were disturbed that none of it is to be believed."""
    not_submittable: list[str]
    """Why MLPerf takes none of them, or not all."""


def repeated(
    terms: Terms,
    name: str,
    wanted: Mapping[str, str],
    versus: Sequence[Mapping[str, str]],
    *,
    rounds: int,
    warmups: int,
    resume: str | None,
    work: Mapping[str, Any],
) -> Answer[Repeated]:
    """Measure what is wanted, and the same with each of `versus` set instead."""
    asked = {BASELINE: ask(terms.project, name, wanted, terms.replacements)}
    for others in versus:
        asked[label(others)] = ask(terms.project, name, {**wanted, **others}, terms.replacements)
    _require_different(asked)
    with measuring(terms, [*asked.values()], work, resume) as under_way:
        runs = under_way.runs(asked, rounds=rounds, warmups=warmups)
    standing = standings(runs, BASELINE)
    seen = [noise for item in standing for noise in item.noise]
    marks = unfit(run for found in runs.values() for run in found)
    return Answer(
        {
            "series": under_way.series.id,
            "rounds": rounds,
            "warmups": warmups,
            "configurations": standing,
            "failed": under_way.failed,
            "too_noisy": too_noisy(seen),
            "not_submittable": marks,
        },
        "\n".join(
            [
                standings_table(standing, BASELINE if versus else ""),
                *filter(None, [noise_words(seen)]),
                *unfit_words(marks),
                f"series {under_way.series.id}: {rounds} rounds after {warmups} of warm-up",
            ]
        ),
        warnings=[*under_way.doubts, *noise_warnings(seen)],
        failure=under_way.failure or _worst([run for found in runs.values() for run in found]),
    )


def label(others: Mapping[str, str]) -> str:
    """What sets a configuration apart, in the order in which it was said."""
    return ",".join(f"{name}={value}" for name, value in others.items())


def _require_different(asked: Mapping[str, Asked]) -> None:
    known: dict[object, str] = {}
    for name, item in asked.items():
        measured = (item.node.digest, frozenset(item.node.choices.items()), frozenset(item.settings.items()))
        if known.setdefault(measured, name) != name:
            raise UsageError(f"--versus {name}: that is measured as {known[measured]}", fix="set something else")


def _worst(runs: Sequence[RunRecord]) -> EnvmgrError | None:
    """What is wrong with the runs that count: INVALID is worse than an accuracy below the target."""
    for kind, what in ((InvalidResultError, "LoadGen says INVALID"), (AccuracyError, "below the recipe's target")):
        found = [run.id for run in runs if run.exit_code == kind.exit_code]
        if found:
            return kind(f"{what}: {len(found)} of {len(runs)} runs", fix=f"envmgr runs show {found[0]}")
    return None
