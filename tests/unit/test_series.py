"""A series: turns that are taken once, whoever asks again."""

from collections import Counter
from collections.abc import Sequence

import pytest

from envmgr.model.derivation import BuiltOutput, Derivation
from envmgr.model.digest import Digest
from envmgr.model.errors import BuildError
from envmgr.model.node import Node
from envmgr.model.run_record import RunInput, RunRecord
from envmgr.model.store_path import StorePath
from envmgr.run import Question
from envmgr.series import ChangedConfigurationError, Configuration, Measured, Series, measure, new_id
from tests.records import HOST, record

ID = "s-20260101-000000-aaaaaa"


class Bench:
    """Where runs are made; every one is recorded, until one is not."""

    def __init__(self, last: int = 1000, broken: str = "") -> None:
        self.recorded: list[RunRecord] = []
        self.asked: list[tuple[str, int]] = []
        self.last, self.broken = last, broken

    def act(self, question: Question) -> RunRecord:
        assert question.series is not None
        if len(self.recorded) == self.last:
            raise KeyboardInterrupt
        self.asked.append((question.series.configuration, question.series.round))
        if question.series.configuration == self.broken:
            raise BuildError("a step failed")
        made = record(
            str(len(self.recorded)),
            derivation=question.node.digest,
            settings=dict(question.settings),
            inputs={role: question.inputs[item.digest] for role, item in question.node.inputs.items()},
            series=question.series,
        )
        self.recorded.append(made)
        return made

    def measure(self, configurations: Sequence[Configuration], **wanted: int) -> Measured:
        return measure(Series(ID, self.recorded, self.act), configurations, **{"rounds": 3, "warmups": 1, **wanted})


def configuration(label: str, **settings: int) -> Configuration:
    node = Node(Derivation("bench", "1", "any", "run", 1, BuiltOutput()))
    return Configuration(label, Question(node, {}, settings, None, HOST))


def rounds(measured: Measured) -> dict[str, list[int]]:
    """The rounds that count, by configuration."""
    return {label: [run.series.round for run in runs if run.series] for label, runs in measured.runs.items()}


BOTH = [configuration("baseline"), configuration("batch=2", batch=2)]


def test_configurations_take_turns_after_a_warm_up_that_does_not_count() -> None:
    bench = Bench()
    measured = bench.measure(BOTH)
    assert [number for _, number in bench.asked] == [0, 0, 1, 1, 2, 2, 3, 3]
    assert " ".join(label for label, number in bench.asked if number == 2) == "batch=2 baseline"
    assert rounds(measured) == {"baseline": [1, 2, 3], "batch=2": [1, 2, 3]}


@pytest.mark.parametrize("last", range(12))
def test_a_series_that_was_interrupted_goes_on_where_it_was_and_repeats_nothing(last: int) -> None:
    bench = Bench(last)
    with pytest.raises(KeyboardInterrupt):
        bench.measure(BOTH, warmups=3)
    bench.last = 1000
    measured = bench.measure(BOTH, warmups=3)
    whole = Counter((label, number) for label in ("baseline", "batch=2") for number in (0, 0, 0, 1, 2, 3))
    assert Counter(bench.asked) == whole
    assert rounds(measured) == {"baseline": [1, 2, 3], "batch=2": [1, 2, 3]}


def test_runs_of_other_series_are_none_of_this_one() -> None:
    bench = Bench()
    bench.measure(BOTH)
    measure(Series(new_id(), bench.recorded, bench.act), BOTH, rounds=1, warmups=0)
    assert len(bench.asked) == 10


def test_a_configuration_that_fails_stops_no_other_one_and_has_no_further_turn() -> None:
    bench = Bench(broken="batch=2")
    measured = bench.measure(BOTH, warmups=0)
    assert bench.asked.count(("batch=2", 1)) == 1
    assert {label: len(runs) for label, runs in measured.runs.items()} == {"baseline": 3, "batch=2": 0}
    assert list(measured.failures) == ["batch=2"]


def test_a_series_is_not_gone_on_with_when_a_configuration_has_changed() -> None:
    bench = Bench()
    bench.measure(BOTH)
    with pytest.raises(ChangedConfigurationError) as caught:
        bench.measure([BOTH[0], configuration("batch=2", batch=4)])
    assert (caught.value.configuration, caught.value.what) == ("batch=2", "settings")


def test_a_series_is_not_gone_on_with_over_an_input_that_came_out_otherwise() -> None:
    engine = Node(Derivation("engine", "1", "any", "script", 1, BuiltOutput()))
    bench_of_it = Derivation("bench", "1", "any", "run", 1, BuiltOutput(), inputs={"engine": engine.derivation})
    node = Node(bench_of_it, {"engine": engine})
    bench = Bench()
    for built in (b"one", b"one", b"other"):
        path = StorePath.of(kind="built", manifest=Digest.of(built), name="engine", version="1")
        made = RunInput(derivation=engine.digest, store_path=path, manifest=Digest.of(built), isolation="sandboxed")
        again = Configuration("baseline", Question(node, {engine.digest: made}, {}, None, HOST))
        if built != b"other":
            bench.measure([again])
    with pytest.raises(ChangedConfigurationError) as caught:
        bench.measure([again])
    assert (len(bench.recorded), caught.value.what) == (4, "object as an input")


def test_the_id_of_a_series_is_none_of_a_run() -> None:
    assert new_id().startswith("s-")
    assert new_id() != new_id()
