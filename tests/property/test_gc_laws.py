"""Laws of garbage collection, over graphs of objects that hypothesis makes up."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from envmgr.model.derivation import BuiltOutput, Derivation
from envmgr.model.store_path import StorePath
from envmgr.store.gc import collect
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
        derivation = Derivation(f"n{number}", "1", "x86_64-linux", "script", 1, BuiltOutput())
        with store.stage("n") as staging:
            (staging.out / "file").write_text(" ".join(str(paths[reference]) for reference in sorted(references)))
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
