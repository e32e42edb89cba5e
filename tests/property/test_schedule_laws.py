"""The order of making: for every graph each node once, after its inputs, and never more at a time than asked for."""

import threading
from collections import Counter
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envmgr.model.derivation import BuiltOutput, Derivation
from envmgr.model.digest import Digest
from envmgr.model.errors import BuildError
from envmgr.model.node import Node
from envmgr.model.realisation import Realisation
from envmgr.model.store_path import StorePath
from envmgr.schedule import Schedule, SeveralFailedError

Done = Mapping[Digest, Realisation]


@st.composite
def graphs(draw: st.DrawFn) -> list[Node]:
    """The nodes of a graph, inputs first."""
    nodes: list[Node] = []
    for number in range(draw(st.integers(0, 8))):
        below = draw(st.sets(st.integers(0, number - 1))) if number else set()
        inputs = {f"n{item}": nodes[item] for item in below}
        named = {role: node.derivation for role, node in inputs.items()}
        derivation = Derivation(f"n{number}", "1", "x86_64-linux", "script", 1, BuiltOutput(), inputs=named)
        nodes.append(Node(derivation, inputs))
    return nodes


def made_of(node: Node) -> Realisation:
    path = StorePath.of(kind="built", manifest=node.digest, name=node.derivation.name, version="1")
    return Realisation(
        resolved=node.digest, derivation=node.digest, store_path=path, manifest=node.digest, isolation="sandboxed"
    )


class Maker:
    """Makes nodes, but for some that fail; counts what it sees."""

    def __init__(self, failing: set[int]) -> None:
        self.failing = {f"n{number}" for number in failing}
        self.made: Counter[str] = Counter()
        self.busy = self.most = 0
        self.stopped = threading.Event()
        self._lock = threading.Lock()

    def __call__(self, node: Node, done: Done) -> Realisation:
        with self._lock:
            assert all(item.digest in done for item in node.inputs.values())
            self.made[node.derivation.name] += 1
            self.busy += 1
            self.most = max(self.most, self.busy)
        with self._lock:
            self.busy -= 1
        if node.derivation.name in self.failing:
            raise BuildError(node.derivation.name)
        return made_of(node)


@given(graphs(), st.integers(1, 4))
@settings(max_examples=60, deadline=None)
def test_each_node_is_made_once_and_after_its_inputs(nodes: list[Node], jobs: int) -> None:
    make = Maker(set())
    done = Schedule(nodes, {}, jobs=jobs, keep_going=False).run(make, make.stopped.set)
    assert done == {node.digest: made_of(node) for node in nodes}
    assert make.made == Counter(node.derivation.name for node in nodes)
    assert make.most <= jobs
    assert not make.stopped.is_set()


@given(graphs(), st.integers(1, 4), st.sets(st.integers(0, 7), min_size=1))
@settings(max_examples=60, deadline=None)
def test_going_on_makes_all_that_rests_on_nothing_that_failed(nodes: list[Node], jobs: int, failing: set[int]) -> None:
    make = Maker(failing)
    lost: set[Digest] = set()
    for node in nodes:
        if node.derivation.name in make.failing or any(item.digest in lost for item in node.inputs.values()):
            lost.add(node.digest)
    tried = {node.derivation.name for node in nodes if all(item.digest not in lost for item in node.inputs.values())}
    failed = tried & make.failing
    schedule = Schedule(nodes, {}, jobs=jobs, keep_going=True)
    if failed:
        with pytest.raises(BuildError) as caught:
            schedule.run(make, make.stopped.set)
        assert isinstance(caught.value, SeveralFailedError) == (len(failed) > 1)
    else:
        schedule.run(make, make.stopped.set)
    assert make.made == Counter(tried)


@given(graphs(), st.integers(1, 4), st.sets(st.integers(0, 7), min_size=1))
@settings(max_examples=60, deadline=None)
def test_a_failure_stops_what_runs_and_starts_nothing_more(nodes: list[Node], jobs: int, failing: set[int]) -> None:
    make = Maker(failing)
    schedule = Schedule(nodes, {}, jobs=jobs, keep_going=False)
    if not make.failing & {node.derivation.name for node in nodes}:
        schedule.run(make, make.stopped.set)
        return
    with pytest.raises(BuildError):
        schedule.run(make, make.stopped.set)
    assert make.stopped.is_set()
    assert sum(make.made[name] for name in make.failing) <= jobs


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
def test_what_is_no_failure_of_a_node_is_raised_as_it_is(error: type[BaseException]) -> None:
    node = Node(Derivation("n0", "1", "x86_64-linux", "script", 1, BuiltOutput()))
    stopped = threading.Event()

    def make(_node: Node, _done: Done) -> Realisation:
        raise error

    with pytest.raises(error):
        Schedule([node], {}, jobs=2, keep_going=True).run(make, stopped.set)
    assert stopped.is_set()
