"""Mixes built and run: what a mix comes to is realised, tried once, and measured in turns with others.

Every measurement is a series of its own, its id that of the bisection and a number, and the first (number 0) holds the
runs by which each mix was tried. As the search asks the same questions whenever it gets the same answers, a bisection
that was killed goes on where it was: its runs are recorded already.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from envmgr.bisect.ends import Ends, Mix
from envmgr.bisect.judge import Values
from envmgr.builders.nvidia_driver import NvidiaDriver
from envmgr.model.errors import BuildError, EnvmgrError, FetchError, InvalidInputError
from envmgr.model.host import HostFacts
from envmgr.model.node import Node
from envmgr.model.realisation import Realisation
from envmgr.model.run_record import Recorded, RunInput, RunRecord
from envmgr.realize import Realizer
from envmgr.results.comparison import numbers
from envmgr.run import Question, TakenVariableError
from envmgr.series import WARM_UP, Configuration, Series, measure

UNFIT = (BuildError, FetchError, InvalidInputError, TakenVariableError)
"""How a mix that does not fit together fails."""


class NoNumberError(BuildError):
    """A run did not leave the metric that is looked at."""

    def __init__(self, run: str, metric: str, known: Iterable[str]) -> None:
        self.run, self.metric, self.known = run, metric, sorted(known)
        super().__init__(
            f"run {run} has no number {metric!r}", fix=f"name another --metric; it has {', '.join(self.known)}"
        )


class GoneSourcesError(FetchError):
    """Sources that a mix would be built from were collected, and a derivation's text does not say where they were."""

    def __init__(self, labels: Sequence[str]) -> None:
        self.labels = tuple(labels)
        super().__init__(
            f"no longer in the store, and needed to build a mix: {', '.join(labels)}",
            fix="realize what is made of them, with the recipes of then",
        )


@dataclass(frozen=True)
class Unfit:
    """A mix that could not be built or run, and why."""

    label: str
    why: str


@dataclass(frozen=True)
class Workshop:
    """What builds and runs."""

    realizer: Realizer
    facts: HostFacts
    driver: NvidiaDriver | None
    act: Callable[[Question], RunRecord]
    """Makes a run and records it."""


class Trials:
    """The bench of a search: a mix that comes to the same as another is that other one, and is not run twice."""

    def __init__(
        self,
        name: str,
        ends: Ends,
        workshop: Workshop,
        *,
        metric: str,
        rounds: int,
        recorded: Sequence[Recorded],
        label: Callable[[Mix], str],
    ) -> None:
        self.id, self.ends, self.metric, self.rounds = name, ends, metric, rounds
        self.unfit: list[Unfit] = []
        self._workshop, self._recorded, self._label = workshop, recorded, label
        self._tried: dict[Mix, Configuration | EnvmgrError] = {}
        self._same: dict[tuple[object, ...], Configuration | EnvmgrError] = {}
        self._measurements = 0
        self._trying = self._series(0)

    def fits(self, mix: Mix) -> bool:
        """Whether a mix can be built and run."""
        return isinstance(self._tried_mix(mix), Configuration)

    def measure(self, mixes: Sequence[Mix]) -> Mapping[Mix, Values]:
        """Let mixes take turns.

        Raises:
            EnvmgrError: why one does not fit, or why a run of it failed now.
        """
        configurations = {mix: self._fitting(mix) for mix in mixes}
        self._measurements += 1
        different = list({item.label: item for item in configurations.values()}.values())
        series = self._series(self._measurements)
        measured = measure(series, different, rounds=self.rounds, warmups=0)
        for failure in measured.failures.values():
            raise failure
        values = {label: [self._number(run) for run in runs] for label, runs in measured.runs.items()}
        return {mix: values[item.label] for mix, item in configurations.items()}

    def _fitting(self, mix: Mix) -> Configuration:
        tried = self._tried_mix(mix)
        if isinstance(tried, EnvmgrError):
            raise tried
        return tried

    def _tried_mix(self, mix: Mix) -> Configuration | EnvmgrError:
        if mix not in self._tried:
            tried = self._tried[mix] = self._try(mix)
            if isinstance(tried, EnvmgrError):
                self.unfit.append(Unfit(self._label(mix), tried.message.partition("\n")[0]))
        return self._tried[mix]

    def _try(self, mix: Mix) -> Configuration | EnvmgrError:
        try:
            question = self._question(mix)
            content = _content(question)
            if content not in self._same:
                self._same[content] = self._try_out(Configuration(self._label(mix), question))
        except UNFIT as error:
            return error
        return self._same[content]

    def _try_out(self, configuration: Configuration) -> Configuration | EnvmgrError:
        try:
            self._number(self._trying.turn(configuration, WARM_UP))
        except UNFIT as error:
            return error
        return configuration

    def _question(self, mix: Mix) -> Question:
        mixture = self.ends.mixture(mix)
        inputs = {node.digest: self._realised(role, node) for role, node in mixture.plan.inputs.items()}
        self._workshop.realizer.store.hold([made.store_path for made in inputs.values()])
        return Question(
            mixture.plan,
            inputs,
            mixture.settings,
            lockfile=None,
            facts=self._workshop.facts,
            environment=mixture.environment,
            driver=self._workshop.driver,
        )

    def _realised(self, role: str, node: Node) -> Realisation | RunInput:
        for side in (self.ends.good, self.ends.bad):
            if node is side.plan.inputs.get(role):
                return side.record.inputs[role]
        realizer = self._workshop.realizer
        survey = realizer.survey([node], {})
        if gone := [
            item for item in survey.missing if item.derivation.kind == "fixed" and item.digest not in survey.copies
        ]:
            raise GoneSourcesError([item.derivation.label for item in gone])
        return realizer.realize([node], {})[node.digest]

    def _series(self, number: int) -> Series:
        return Series(f"{self.id}-{number:02d}", self._recorded, self._workshop.act)

    def _number(self, record: RunRecord) -> float:
        found = numbers([record], self.metric)
        if not found:
            raise NoNumberError(record.id, self.metric, record.metrics)
        return found[0]


def _content(question: Question) -> tuple[object, ...]:
    """What decides what is run: equal contents are one configuration, however they came about."""
    node = question.node
    paths = {role: question.inputs[item.digest].store_path for role, item in node.inputs.items()}
    said = (question.settings, question.environment, node.choices)
    return (node.derivation.resolved_digest(paths), *(tuple(sorted(each.items())) for each in said))
