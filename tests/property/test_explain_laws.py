"""Laws of what is said about differences and dependences, over trees and graphs that hypothesis makes up."""

import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from envmgr.explain.dependence import edges_between
from envmgr.explain.tree_diff import Tree, tree_diff
from envmgr.manifest import manifest_of
from envmgr.store.store import Store
from tests.property.test_gc_laws import Graph, graphs, publish, reached

CONTENTS = st.one_of(st.binary(max_size=4), st.text("ab\n", max_size=6).map(str.encode))
TREES = st.dictionaries(st.sampled_from(["a", "b", "c"]), st.tuples(CONTENTS, st.booleans()), max_size=3)


def made(folder: Path, files: dict[str, tuple[bytes, bool]]) -> Tree:
    folder.mkdir()
    for name, (content, executable) in files.items():
        (folder / name).write_bytes(content)
        (folder / name).chmod(0o755 if executable else 0o644)
    return Tree(folder, manifest_of(folder))


@given(TREES, TREES)
@settings(deadline=None, max_examples=60)
def test_the_entries_that_differ_are_those_and_no_others(
    before: dict[str, tuple[bytes, bool]], after: dict[str, tuple[bytes, bool]]
) -> None:
    with tempfile.TemporaryDirectory() as name:
        found = list(tree_diff(made(Path(name, "before"), before), made(Path(name, "after"), after)))
    assert [entry.path for entry in found] == [
        path for path in sorted({*before, *after}) if before.get(path) != after.get(path)
    ]
    for entry in found:
        if entry.path in before and entry.path in after:
            (old, _), (new, _) = before[entry.path], after[entry.path]
            place = len(old) if entry.first_byte is None else entry.first_byte
            assert old[:place] == new[:place]
            assert (old[place : place + 1] == new[place : place + 1]) is (old == new)
            assert entry.text is None or old != new
            assert str(entry).startswith(entry.path)


@given(graphs())
@settings(deadline=None, max_examples=15)
def test_the_references_between_two_objects_are_those_on_a_way_from_one_to_the_other(
    drawn: tuple[Graph, set[int]],
) -> None:
    graph, _ = drawn
    with tempfile.TemporaryDirectory() as name, Store.open(Path(name, "store")) as store:
        paths = publish(store, graph)
        below = [reached(graph, {number}) for number in range(len(graph))]
        for start in range(len(graph)):
            for end in range(len(graph)):
                found = {(edge.referrer, edge.reference) for edge in edges_between(store, [paths[start]], [paths[end]])}
                assert found == {
                    (paths[referrer], paths[reference])
                    for referrer in below[start]
                    for reference in graph[referrer]
                    if end in below[reference]
                }
