from collections.abc import Callable

from benchmarks.paired import rounds


def test_every_side_is_measured_once_a_round_and_who_begins_changes() -> None:
    order: list[str] = []

    def side(name: str) -> Callable[[], int]:
        def measure() -> int:
            order.append(name)
            return len(order)

        return measure

    measured = rounds(3, {name: side(name) for name in "abc"})
    assert "".join(order) == "abcbcacab"
    assert measured == [{"a": 1, "b": 2, "c": 3}, {"b": 4, "c": 5, "a": 6}, {"c": 7, "a": 8, "b": 9}]
