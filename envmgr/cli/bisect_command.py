"""`envmgr bisect`: what moved a number between two runs."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import click

from envmgr.bisect.culprits import explain
from envmgr.bisect.ends import Ends, Side
from envmgr.bisect.names import element_name, mix_name
from envmgr.bisect.trials import NoNumberError, Trials, Workshop
from envmgr.builders.nvidia_driver import nvidia_driver
from envmgr.cli.answer import Answer, answers
from envmgr.cli.bisection import Bisection, bisection
from envmgr.cli.bisection_words import bisection_words
from envmgr.cli.live import Notice, watching
from envmgr.cli.measuring import SeriesInterruptedError, shown_turn
from envmgr.cli.options import work_options
from envmgr.cli.project import Project
from envmgr.cli.realizing import realizing
from envmgr.cli.series_words import invalid_warnings, noise_warnings
from envmgr.explain.kept_plan import kept_plan
from envmgr.explain.run_diff import closure_causes
from envmgr.model.digest import Digest
from envmgr.model.errors import InvalidInputError, UsageError
from envmgr.model.event import Event
from envmgr.model.run_record import Recorded, RunRecord
from envmgr.planning.cuda.driver import driver
from envmgr.realize import Realizer
from envmgr.replay import require_objects, uses_driver
from envmgr.results.chosen import SERIES, NoSuchRunError, begun_with, chosen
from envmgr.results.comparison import numbers
from envmgr.results.headline import headline
from envmgr.results.noise import noise
from envmgr.run import Question, run
from envmgr.series import WARM_UP, alone
from envmgr.store.store import Store

LEAST_ROUNDS = 5
"""Fewer can make nothing certain."""


class MadeElsewhereError(InvalidInputError):
    """A run was made elsewhere, and nothing of it can be swapped."""

    def __init__(self, run: str) -> None:
        self.run = run
        super().__init__(
            f"run {run} was made elsewhere: what it was made from is not known here",
            fix="name runs that were made here",
        )


class OtherQuestionError(UsageError):
    """A bisection is to be gone on with that asked something else."""

    def __init__(self, series: str) -> None:
        self.series = series
        super().__init__(
            f"{series} is no bisection of these runs, metric and rounds", fix="repeat the words of that command"
        )


@click.command("bisect")
@click.argument("good", metavar="RUN_GOOD")
@click.argument("bad", metavar="RUN_BAD")
@click.option("--metric", help="The number that moved; by default the one that such runs are compared by.")
@click.option(
    "--repeat",
    "rounds",
    type=click.IntRange(min=LEAST_ROUNDS),
    default=LEAST_ROUNDS,
    show_default=True,
    help="Rounds of each measurement; more tell smaller parts from noise.",
)
@click.option("--resume", metavar="ID", help="Go on with a bisection that was stopped; what was run is not run again.")
@work_options()
@click.pass_obj
@answers("bisect")
def command(
    project: Project,
    /,
    *,
    good: str,
    bad: str,
    metric: str | None,
    rounds: int,
    resume: str | None,
    **work: Any,  # noqa: ANN401  the shared options, as click parsed them
) -> Answer[Bisection]:
    """Find what moved a number between two runs: swap what differs, run each mix, and name what it was.

    Both ends are measured again first, in turns: where they do not differ on this host today, nothing is blamed. Then
    settings, variables, axes, steps, files and inputs are swapped one after another; an input that moved the number is
    opened, and a mixed one is built, down to a source or a setting. Runs are named as for `diff`. Exit code 0 whatever
    it was: the answer says so.
    """
    with project.store() as store, watching(stream=work["stream"]) as notice:
        sides = [_chosen(store, name) for name in (good, bad)]
        ends, number = _ends(store, sides), _number(sides, metric)
        name = _name([runs[0].id for runs in sides], number, rounds, resume)
        places = [element.place for element in ends.elements]
        listed = ", ".join(map(element_name, places)) or "nothing that could be swapped"
        with realizing(project, store, work, notice) as realizer, alone(store, name), _interrupted(store, name):
            recorded = begun_with(store.layout.runs, name)
            if resume and not recorded:
                raise NoSuchRunError(resume)
            notice(Event("planned", name, text=f"bisection {name}, with {len(recorded)} runs so far: {listed} differs"))
            trials = Trials(
                name,
                ends,
                _workshop(project, ends, realizer, notice),
                metric=number,
                rounds=rounds,
                recorded=recorded,
                label=lambda mix: mix_name(mix, places),
            )
            explained = explain(trials, ends, ends.elements) if places else None
        made = _counted(begun_with(store.layout.runs, name))
        causes = closure_causes(store, ends.good.record, ends.bad.record).causes
        data = bisection(name, number, sides=sides, ends=ends, explained=explained, unfit=trials.unfit, causes=causes)
    warnings = [*invalid_warnings(made), *noise_warnings([noise(item) for item in made])]
    return Answer(data, "\n".join(bisection_words(data)), warnings=warnings)


def _chosen(store: Store, name: str) -> list[RunRecord]:
    runs = chosen(store.layout.runs, name)
    made = [item for item in runs if isinstance(item, RunRecord)]
    if len(made) < len(runs):
        raise MadeElsewhereError(runs[0].id)
    return made


def _counted(runs: Sequence[Recorded]) -> list[RunRecord]:
    return [item for item in runs if isinstance(item, RunRecord) and item.series and item.series.round != WARM_UP]


def _ends(store: Store, sides: Sequence[Sequence[RunRecord]]) -> Ends:
    """The first run of each side, with all that it was made with in the store, and is built from, held from now on."""
    for runs in sides:
        require_objects(store, runs[0])
    ends = Ends(*(Side(runs[0], kept_plan(store, runs[0])) for runs in sides))
    store.realisations_of(*{node.digest for side in (ends.good, ends.bad) for node in side.plan.walk()})
    return ends


def _number(sides: Sequence[Sequence[RunRecord]], metric: str | None) -> str:
    """The metric that is looked at, which both sides have."""
    first = sides[0][0]
    found = headline(first)
    wanted = metric or (found.metric if found else "")
    for runs in sides:
        if not numbers(runs, wanted):
            raise NoNumberError(runs[0].id, wanted or "to be compared by", runs[0].metrics)
    return wanted


def _name(runs: Sequence[str], metric: str, rounds: int, resume: str | None) -> str:
    """The id of the bisection: its end says what was asked, so that nobody goes on with another one."""
    asked = Digest.of(" ".join([*runs, metric, str(rounds)]).encode()).hex[:6]
    if resume and not resume.endswith(f"-{asked}"):
        raise OtherQuestionError(resume)
    return resume or f"{SERIES}{datetime.now(UTC):%Y%m%d-%H%M%S}-{asked}"


def _workshop(project: Project, ends: Ends, realizer: Realizer, notice: Notice) -> Workshop:
    lent = nvidia_driver(driver(os.environ, start=True)) if uses_driver(ends.good.record) else None

    def act(question: Question) -> RunRecord:
        return shown_turn(question, notice, lambda: run(question, realizer.store, realizer.executor))

    return Workshop(realizer, project.facts, lent, act)


@contextmanager
def _interrupted(store: Store, name: str) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt as error:
        raise SeriesInterruptedError(name, len(begun_with(store.layout.runs, name))) from error
