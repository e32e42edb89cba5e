"""Non-maximum suppression, against the definition."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("numpy")

import numpy as np
from loadgen_harness import suppression
from loadgen_harness.suppression import suppress

pytestmark = pytest.mark.harness

Object = tuple[tuple[int, int, int, int], int, int]
"""A box, its score and its label."""

corner = st.integers(0, 12)
boxes = st.tuples(corner, corner, st.integers(0, 8), st.integers(0, 8)).map(
    lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3])
)
found = st.lists(st.tuples(boxes, st.integers(0, 1000), st.integers(0, 2)), max_size=40)


def overlap(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> float:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    both = max(width, 0) * max(height, 0)
    union = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)) - both
    return both / union if union else 0


def plainly(objects: list[Object], most: int) -> list[int]:
    kept: list[int] = []
    for place in sorted(range(len(objects)), key=lambda place: -objects[place][1]):
        box, _, label = objects[place]
        if not any(objects[other][2] == label and overlap(box, objects[other][0]) > 0.5 for other in kept):
            kept.append(place)
    return kept[:most]


def suppressed(objects: list[Object], most: int) -> list[int]:
    columns = [np.array([each[part] for each in objects], np.float32) for part in range(3)]
    kept = suppress(columns[0].reshape(-1, 4), columns[1], columns[2].astype(np.int64), 0.5, most)
    return [int(place) for place in kept]


@given(found, st.integers(1, 30))
@settings(deadline=None)
def test_what_stays_is_what_the_definition_says(objects: list[Object], most: int) -> None:
    assert suppressed(objects, most) == plainly(objects, most)


def test_so_it_is_across_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suppression, "BLOCK", 3)
    objects: list[Object] = [((x, 0, x + 4, 4), 100 - x % 7, x % 2) for x in range(40)]
    assert suppressed(objects, 100) == plainly(objects, 100)
    assert suppressed(objects, 5) == plainly(objects, 5)


def test_of_nothing_nothing_stays() -> None:
    assert suppressed([], 10) == []
