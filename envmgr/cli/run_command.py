"""`envmgr run`: run a benchmark and record it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from typing_extensions import TypedDict

from envmgr.cli.answer import Answer, answers
from envmgr.cli.asked import Asked, ask, wanted
from envmgr.cli.live import watching
from envmgr.cli.options import (
    complete_recipe,
    env_option,
    lock_option,
    series_options,
    set_option,
    versus_option,
    with_option,
    work_options,
)
from envmgr.cli.project import Project, doubtful, locked
from envmgr.cli.ready import Terms, ready
from envmgr.cli.realizing import realizing
from envmgr.cli.repeated import Repeated, repeated
from envmgr.cli.verdict import verdict
from envmgr.model.run_files import RECORD
from envmgr.model.run_record import RunRecord
from envmgr.planning.replacement import Replacement
from envmgr.planning.requirements import require
from envmgr.results.loadgen_logs import SUMMARY
from envmgr.results.submission.rules import mark, not_submittable
from envmgr.run import run

SHORT = {"count": "20", "min_duration_ms": "1000"}
"""What --short sets, where nothing else is said."""
ROUNDS = 5
"""As many as can show a difference at all: see results/statistics.py."""
WARM_UPS = 1


class Recorded(TypedDict):
    """The record of the run, and the file that holds it."""

    record: Path
    run: RunRecord
    not_submittable: list[str]
    """Why MLPerf takes it for no submission, as far as the record shows."""


@click.command("run")
@click.argument("name", shell_complete=complete_recipe)
@lock_option()
@set_option()
@click.option("--scenario", help="Short for --set scenario=…")
@click.option("--mode", help="Short for --set mode=…")
@click.option("--count", type=click.IntRange(min=0), help="Use the first COUNT samples only; 0 is all.")
@click.option("--threads", type=click.IntRange(min=0), help="Threads inside a session; 0: cores / workers.")
@click.option("--batch", type=click.IntRange(min=1), help="Samples that a worker takes at a time.")
@click.option("--short", is_flag=True, help="A trial: 20 samples, a second; never submittable.")
@with_option()
@env_option()
@series_options()
@versus_option()
@work_options()
@click.pass_obj
@answers("run")
def command(
    project: Project,
    /,
    *,
    name: str,
    lock: Path | None,
    axes: dict[str, str],
    scenario: str | None,
    mode: str | None,
    count: int | None,
    threads: int | None,
    batch: int | None,
    short: bool,
    replacements: dict[str, Replacement],
    environment: dict[str, str],
    repeat: int | None,
    warm_up: int | None,
    resume: str | None,
    versus: list[dict[str, str]],
    **work: Any,  # noqa: ANN401  the shared options, as click parsed them
) -> Answer[Recorded | Repeated]:
    """Realise what NAME needs, run it under LoadGen, and record the run.

    With --repeat, --warm-up, --versus or --resume it is a series: each configuration is measured in several rounds (5,
    after 1 of warm-up), in turns, and all are held against the first: median, interval, and what is within noise.

    Exit code 8 means that LoadGen says INVALID, 9 that the accuracy is below the recipe's target; the record is
    written all the same. A series ends with the code of its worst run.
    """
    options = {"scenario": scenario, "mode": mode, "count": count, "threads": threads, "batch": batch}
    said = (SHORT if short else {}) | wanted(axes, options)
    terms = Terms(project, lock, replacements, environment)
    if versus or any(option is not None for option in (repeat, warm_up, resume)):
        rounds, warmups = repeat or ROUNDS, WARM_UPS if warm_up is None else warm_up
        return repeated(terms, name, said, versus, rounds=rounds, warmups=warmups, resume=resume, work=work)
    return _once(terms, ask(project, name, said, replacements), work)


def _once(terms: Terms, asked: Asked, work: Mapping[str, Any]) -> Answer[Recorded | Repeated]:
    lockfile, expected = locked([asked.node], terms.lock)
    require(asked.node, terms.project.facts)
    with (
        terms.project.store() as store,
        watching(stream=work["stream"]) as notice,
        realizing(terms.project, store, work, notice) as realizer,
    ):
        record = run(ready(terms, asked, realizer, expected), store, realizer.executor, notice)
    folder = store.layout.runs / record.id
    return Answer(
        {"record": folder / RECORD, "run": record, "not_submittable": not_submittable(record)},
        _summary(record, folder),
        warnings=doubtful([asked.node], lockfile),
        failure=verdict(record, folder),
    )


def _summary(record: RunRecord, folder: Path) -> str:
    """What people want to see: the scorer's lines, LoadGen's summary, and which record holds all of it."""
    shown = [
        (folder / step.name / file).read_text().rstrip()
        for step in record.steps
        for file in ("output.txt", SUMMARY)
        if (file == "output.txt") == (step.name in {"score", "compliance"}) and (folder / step.name / file).is_file()
    ]
    return "\n\n".join([*shown, *filter(None, [mark(record)]), f"run {record.id}: {folder / RECORD}"])
