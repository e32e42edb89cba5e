"""Measure several configurations in turns: warm-up first, then round after round, each run recorded with its place.

What disturbs the machine (another job, heat) then disturbs all configurations, and none of them alone. Within a round
they stand in the order of a Williams square (1949): after as many rounds as there are configurations (twice as many,
where their number is odd) each has stood in each place equally often, and has followed each other one equally often.
So neither place nor predecessor favours one of them, and the order needs no dice.

A series has no file of its own: it is what its records say. Whoever asks again for a turn that is recorded gets that
record. So the same calls with the same id go on where a killed process stopped.
"""

import secrets
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from envmgr.model.errors import BuildError, UsageError
from envmgr.model.run_record import Recorded, RunRecord, SeriesPlace
from envmgr.results.chosen import SERIES
from envmgr.run import Question
from envmgr.store.path_lock import PathLockTimeoutError, exclusive
from envmgr.store.store import Store

WARM_UP = 0
"""The round that no statistic counts."""


class ChangedConfigurationError(UsageError):
    """A series is gone on with, and one of its configurations is not what it was."""

    def __init__(self, series: str, configuration: str, run: str, what: str) -> None:
        self.series, self.configuration, self.run, self.what = series, configuration, run, what
        super().__init__(
            f"{configuration} of series {series} has another {what} now than in its run {run}",
            fix="go on with the same recipes, lockfile and settings, or begin a new series",
        )


class SeriesUnderWayError(UsageError):
    """A series is gone on with while it still goes on elsewhere."""

    def __init__(self, series: str, holder: str) -> None:
        self.series, self.holder = series, holder
        super().__init__(
            f"series {series} is under way: {holder or 'another process'}",
            fix="wait until it has ended, or end it with Ctrl-C where it was started",
        )


@dataclass(frozen=True)
class Configuration:
    """One thing that is measured: a plan with its settings."""

    label: str
    """What sets it apart from the others, such as `implementation=python`."""
    question: Question


class Series:
    """Runs that belong together: those that are recorded, and those that are made when their turn comes."""

    def __init__(self, name: str, recorded: Iterable[Recorded], act: Callable[[Question], RunRecord]) -> None:
        """Go on with a series, or begin one.

        Args:
            name: its id.
            recorded: what is recorded of it, and any other runs.
            act: makes a run and records it.
        """
        self.id, self._act = name, act
        self._recorded: defaultdict[tuple[str, int], deque[RunRecord]] = defaultdict(deque)
        for run in recorded:
            if isinstance(run, RunRecord) and run.series is not None and run.series.series == name:
                self._recorded[run.series.configuration, run.series.round].append(run)

    def turn(self, configuration: Configuration, number: int) -> RunRecord:
        """The run of a configuration in a round: the recorded one if there is one, else it is made now.

        Asked again for the same round, another run of it: so several warm-up runs are of one round.

        Raises:
            ChangedConfigurationError: the recorded one was of another plan, or of other settings.
            Exception: whatever `act` raises.
        """
        if recorded := self._recorded[configuration.label, number]:
            return self._same(configuration, recorded.popleft())
        place = SeriesPlace(series=self.id, configuration=configuration.label, round=number)
        return self._act(replace(configuration.question, series=place))

    def _same(self, configuration: Configuration, run: RunRecord) -> RunRecord:
        question = configuration.question
        facts = {
            "derivation": (question.node.digest, run.derivation),
            "choice of axes": (dict(question.node.choices), run.axes),
            "settings": (dict(question.settings), run.settings),
            "environment": (dict(question.environment), run.environment),
            "object as an input": (
                {role: question.inputs[item.digest].store_path for role, item in question.node.inputs.items()},
                {role: item.store_path for role, item in run.inputs.items()},
            ),
        }
        for what, (now, then) in facts.items():
            if now != then:
                raise ChangedConfigurationError(self.id, configuration.label, run.id, what)
        return run


@dataclass(frozen=True)
class Measured:
    """What came of a series."""

    runs: Mapping[str, Sequence[RunRecord]]
    """The runs that count, by configuration, round by round."""
    failures: Mapping[str, BuildError]
    """Configurations of which a step failed, with the first failure: they had no further turn."""


def new_id() -> str:
    """An id for a series that begins now."""
    return f"{SERIES}{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"


@contextmanager
def alone(store: Store, series: str) -> Iterator[None]:
    """Make runs of a series while nobody else does: what is recorded of it is asked for within.

    Raises:
        SeriesUnderWayError: somebody does.
        ReadOnlyStoreError: the store cannot be written.
    """
    store.require_writable()
    with ExitStack() as held:
        try:
            held.enter_context(exclusive(store.layout.series_lock(series), holder=f"series {series}", timeout=0))
        except PathLockTimeoutError as error:
            raise SeriesUnderWayError(series, error.holder) from error
        yield


def measure(series: Series, configurations: Sequence[Configuration], *, rounds: int, warmups: int) -> Measured:
    """Let configurations take turns.

    One that fails stops none of the others. KeyboardInterrupt passes through; what was recorded stays.

    Args:
        series: where the runs belong.
        configurations: what is measured; labels are different.
        rounds: how often each has its turn.
        warmups: how many rounds go before that and are not counted.
    """
    runs: dict[str, list[RunRecord]] = {item.label: [] for item in configurations}
    failures: dict[str, BuildError] = {}
    for number in (*[WARM_UP] * warmups, *range(1, rounds + 1)):
        for place in order(len(configurations), number):
            configuration = configurations[place]
            if configuration.label in failures:
                continue
            try:
                run = series.turn(configuration, number)
            except BuildError as error:
                failures[configuration.label] = error
                continue
            if number != WARM_UP:
                runs[configuration.label].append(run)
    return Measured(runs, failures)


def order(count: int, number: int) -> list[int]:
    """The order of so many configurations in a round: a row of a Williams square."""
    zigzag = [(place + 1) // 2 if place % 2 else -(place // 2) for place in range(count)]
    row = [(step + number - 1) % count for step in zigzag]
    mirrored = count % 2 and (number - 1) // count % 2
    return row[::-1] if mirrored else row
