"""What a series needs of the command line: its plans made ready, its turns shown, its interruption told."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from typing_extensions import TypedDict

from envmgr.cli.asked import Asked
from envmgr.cli.estimate_words import number_words
from envmgr.cli.live import Notice, watching
from envmgr.cli.project import doubtful, locked
from envmgr.cli.ready import Terms, ready
from envmgr.cli.realizing import realizing
from envmgr.model.digest import Digest
from envmgr.model.errors import INTERRUPTED, BuildError, EnvmgrError, FetchError
from envmgr.model.event import Event
from envmgr.model.lockfile import Expected
from envmgr.model.run_record import RunRecord, SeriesPlace
from envmgr.planning.requirements import require
from envmgr.realize import Realizer
from envmgr.results.chosen import NoSuchRunError, series_of
from envmgr.results.headline import headline
from envmgr.run import Question, run
from envmgr.series import WARM_UP, Configuration, Series, alone, measure, new_id
from envmgr.store.store import Store


class Failed(TypedDict):
    """A configuration that could not be measured."""

    configuration: str
    error: str
    """The class of what stopped it."""
    message: str
    where: str


class SeriesInterruptedError(EnvmgrError):
    """SIGINT ended a series; what is recorded of it stays."""

    exit_code = INTERRUPTED

    def __init__(self, series: str, recorded: int) -> None:
        self.series, self.recorded = series, recorded
        super().__init__(
            f"interrupted; {recorded} runs of series {series} are recorded",
            fix=f"the same command with --resume {series} goes on with it" if recorded else "begin again when you like",
        )


class Measuring:
    """A series under way."""

    def __init__(
        self,
        terms: Terms,
        series: Series,
        realizer: Realizer,
        expected: Mapping[Digest, Expected],
        doubts: Sequence[str],
    ) -> None:
        self.terms, self.series, self.doubts = terms, series, doubts
        """`doubts`: what is to be said where the lockfile pins no output of something."""
        self.failed: list[Failed] = []
        """Configurations whose plan could not be realised, or of which a step failed."""
        self._realizer, self._expected = realizer, expected

    def runs(self, asked: Mapping[str, Asked], *, rounds: int, warmups: int) -> dict[str, Sequence[RunRecord]]:
        """Let plans take turns, by their labels; the runs that count, none of one that failed before it had any.

        All is built before anything is measured.
        """
        measured = measure(self.series, self._configurations(asked), rounds=rounds, warmups=warmups)
        for label, error in measured.failures.items():
            self._fail(label, error)
        return {label: measured.runs.get(label, []) for label in asked}

    def question(self, asked: Asked) -> Question:
        """A plan, realised.

        Raises:
            BuildError, FetchError, IntegrityError, HostError, OutputMismatchError: as `Realizer.realize`.
        """
        return ready(self.terms, asked, self._realizer, self._expected)

    @property
    def failure(self) -> EnvmgrError | None:
        """What is wrong where a configuration failed."""
        if not self.failed:
            return None
        first = self.failed[0]
        return BuildError(
            f"not measured: {', '.join(item['configuration'] for item in self.failed)}: {first['message']}",
            where=first["where"],
            fix=f"mend it; then the same command with --resume {self.series.id} measures the rest",
        )

    def _configurations(self, asked: Mapping[str, Asked]) -> list[Configuration]:
        """Those whose plan could be realised; what several have in common is realised once, or fails once."""
        made = {item.node.digest: item for item in asked.values()}
        questions = {digest: self._tried(item) for digest, item in made.items()}
        found: list[Configuration] = []
        for label, item in asked.items():
            question = questions[item.node.digest]
            if isinstance(question, Question):
                found.append(Configuration(label, replace(question, node=item.node, settings=item.settings)))
            else:
                self._fail(label, question)
        return found

    def _tried(self, asked: Asked) -> Question | EnvmgrError:
        try:
            return self.question(asked)
        except (BuildError, FetchError) as error:
            return error

    def _fail(self, label: str, error: EnvmgrError) -> None:
        self.failed.append(
            {"configuration": label, "error": type(error).__name__, "message": error.message, "where": error.where}
        )


@contextmanager
def measuring(terms: Terms, asked: Sequence[Asked], work: Mapping[str, Any], resume: str | None) -> Iterator[Measuring]:
    """A series for the time of a command; `resume` is the beginning of the id of one to go on with.

    Raises:
        NoSuchRunError, AmbiguousSeriesError: there is no such series, or several.
        SeriesUnderWayError: it still goes on elsewhere.
        SeriesInterruptedError: SIGINT came.
        HostLacksError, LockMismatchError: before anything was built.
    """
    project, nodes = terms.project, [item.node for item in asked]
    lockfile, expected = locked(nodes, terms.lock)
    for node in nodes:
        require(node, project.facts)
    with (
        project.store() as store,
        watching(stream=work["stream"]) as notice,
        realizing(project, store, work, notice) as realizer,
        _series(store, resume) as name,
    ):
        recorded = _recorded(store.layout.runs, name)
        made = len(recorded)

        def act(question: Question) -> RunRecord:
            nonlocal made
            record = shown_turn(question, notice, lambda: run(question, store, realizer.executor, notice))
            made += 1
            return record

        notice(Event("planned", name, "measure", text=f"series {name}, with {made} runs so far"))
        try:
            yield Measuring(terms, Series(name, recorded, act), realizer, expected, doubtful(nodes, lockfile))
        except KeyboardInterrupt as error:
            raise SeriesInterruptedError(name, made) from error


@contextmanager
def _series(store: Store, resume: str | None) -> Iterator[str]:
    """The id of a series, new or gone on with, which is ours for that time."""
    found = _recorded(store.layout.runs, resume) if resume is not None else []
    if resume is not None and not found:
        raise NoSuchRunError(resume)
    name = found[0].series.series if found and found[0].series else new_id()
    with alone(store, name):
        yield name


def _recorded(runs: Path, series: str) -> list[RunRecord]:
    return [item for item in series_of(runs, series) if isinstance(item, RunRecord)]


def shown_turn(question: Question, notice: Notice, act: Callable[[], RunRecord]) -> RunRecord:
    """Make a run of a series, and tell which turn it is and what came of it."""
    place = question.series
    assert place is not None  # noqa: S101  a series gives each run its place
    notice(Event("started", place.configuration, "measure", text=_round(place)))
    try:
        record = act()
    except BuildError as error:
        notice(Event("failed", place.configuration, "measure", text=error.message.partition("\n")[0]))
        raise
    said = f"{_round(place)}{_said(record)}"
    notice(Event("finished", place.configuration, "measure", text=said, seconds=record.seconds))
    return record


def _round(place: SeriesPlace) -> str:
    return "warm-up" if place.round == WARM_UP else f"round {place.round}"


def _said(record: RunRecord) -> str:
    found = headline(record)
    if found is None:
        return ""
    return f": {found.metric} {number_words(found.value, found.metric)}{'' if found.valid else ' INVALID'}"
