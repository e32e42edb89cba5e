"""Laws of garbage collection, over graphs of objects that hypothesis makes up."""

import os
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from envmgr.model.derivation import BuiltOutput, Derivation
from envmgr.model.store_path import StorePath
from envmgr.store.garbage import Bounds
from envmgr.store.gc import collect, garbage
from envmgr.store.rebuild import rebuild_db
from envmgr.store.roots import Root
from envmgr.store.store import Store
from envmgr.store.verify import verify

Graph = list[set[int]]
"""For each object the earlier objects that it refers to."""


@st.composite
def graphs(draw: st.DrawFn) -> tuple[Graph, set[int]]:
    """A graph, and the objects that roots name."""
    size = draw(st.integers(1, 6))
    graph = [draw(st.sets(st.integers(0, number - 1))) if number else set() for number in range(size)]
    return graph, draw(st.sets(st.integers(0, size - 1)))


def publish(store: Store, graph: Graph) -> list[StorePath]:
    paths: list[StorePath] = []
    for number, references in enumerate(graph):
        settings = {"number": number}
        derivation = Derivation(f"n{number % 3}", "1", "x86_64-linux", "script", 1, BuiltOutput(), settings)
        with store.stage("n") as staging:
            (staging.out / "file").write_text(
                " ".join([str(number), *(str(paths[reference]) for reference in references)])
            )
            made = store.publish(
                staging,
                derivation=derivation,
                resolved=derivation.digest,
                candidates=paths,
                isolation="sandboxed",
                bare_host={},
            ).wait()
        paths.append(made.store_path)
    return paths


def reached(graph: Graph, roots: set[int]) -> set[int]:
    found: set[int] = set()
    waiting = list(roots)
    while waiting:
        if (number := waiting.pop()) not in found:
            found.add(number)
            waiting += graph[number]
    return found


@given(graphs())
@settings(max_examples=15, deadline=None)
def test_it_drops_all_that_no_root_reaches_and_nothing_else(made: tuple[Graph, set[int]]) -> None:
    graph, roots = made
    with tempfile.TemporaryDirectory() as name:
        root = Path(name, "store")
        with Store.open(root) as store:
            paths = publish(store, graph)
            store.add_root(Root("profile", "mine", tuple(paths[number] for number in sorted(roots)), "a law"))
        with Store.open(root) as store:
            collect(store)
            kept = {paths[number] for number in reached(graph, roots)}
            assert set(store.database.objects()) == kept
            assert {entry.name for entry in store.layout.objects.iterdir()} == {str(path) for path in kept}
            assert set(store.closure(kept)) == kept
            assert verify(store) == []


@st.composite
def some_bounds(draw: st.DrawFn) -> Bounds:
    """What may be said of how much is to go; an object's size is below 300 bytes, its age at most 5."""
    bytes_ = st.none() | st.integers(0, 900)
    return Bounds(
        keep_last=draw(st.integers(0, 2)),
        unused_since=draw(st.none() | st.integers(0, 6)),
        max_free=draw(bytes_),
        max_size=draw(bytes_),
    )


@given(graphs(), st.lists(st.integers(0, 5), min_size=6, max_size=6), some_bounds())
@settings(max_examples=30, deadline=None)
def test_whatever_is_said_no_more_goes_than_no_root_reaches_and_all_that_is_allowed(
    made: tuple[Graph, set[int]], ages: list[int], bounds: Bounds
) -> None:
    graph, roots = made
    with tempfile.TemporaryDirectory() as name:
        root = Path(name, "store")
        with Store.open(root) as store:
            paths = publish(store, graph)
            store.add_root(Root("profile", "mine", tuple(paths[number] for number in sorted(roots)), "a law"))
        with Store.open(root) as store:
            for path, age in zip(paths, ages, strict=False):
                os.utime(store.layout.record(path), (age, age))
            uses = {
                path: max(ages[user] for user in range(len(paths)) if number in reached(graph, {user}))
                for number, path in enumerate(paths)
            }
            planned = garbage(store, bounds)
            gone = {dead.store_path for dead in collect(store, bounds).dead}
            left = set(store.database.objects())
            size = store.statistics().bytes
            assert {dead.store_path for dead in planned.dead} == gone == set(paths) - left
            assert set(store.closure(left)) == left
            assert verify(store) == []
            if bounds.unused_since is not None:
                assert all(uses[path] < bounds.unused_since for path in gone)
            collect(store, Bounds(keep_last=bounds.keep_last, unused_since=bounds.unused_since))
            allowed = left - set(store.database.objects())
            assert {paths[number] for number in reached(graph, roots)} <= left - allowed
            enough = bounds.max_free is not None and planned.bytes >= bounds.max_free
            assert not allowed or enough or (bounds.max_size is not None and size <= bounds.max_size)


@given(graphs())
@settings(max_examples=10, deadline=None)
def test_a_rebuilt_index_knows_the_same_references(made: tuple[Graph, set[int]]) -> None:
    graph, _ = made
    with tempfile.TemporaryDirectory() as name:
        root = Path(name, "store")
        with Store.open(root) as store:
            paths = publish(store, graph)
            before = [store.object(path) for path in paths]
        rebuild_db(root)
        with Store.open(root) as store:
            assert [store.object(path) for path in paths] == before
