import pytest

from benchmarks.graph import layered


@pytest.mark.parametrize("size", [1, 2, 10, 101, 1000])
def test_from_the_top_every_node_is_reached_and_inputs_come_first(size: int) -> None:
    graph = layered(size)
    reached = {size - 1}
    for node in reversed(range(size)):
        if node in reached:
            reached.update(graph[node])
            assert all(item < node for item in graph[node])
    assert reached == set(range(size))
