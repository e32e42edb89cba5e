"""Both evaluators come to the same curves and statistics, to the last bit, whatever is on the images."""

import contextlib
import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("numpy")
pytest.importorskip("pycocotools")
pytest.importorskip("hotcoco")

import numpy as np
from loadgen_harness.evaluation import EVALUATORS, STATISTICS, Detections, summarize
from loadgen_harness.truth import Truth

pytestmark = pytest.mark.harness

Row = list[float]

SCORES = st.sampled_from([0.25, 0.5, 0.75]) | st.floats(0.0625, 1, width=32)
"""Ties are as likely as none."""
SIDES = st.sampled_from([0, 10, 20, 32, 96, 100]) | st.floats(0, 150, width=32)
"""Around the bounds of COCO's areas, and none at all."""
BOXES = st.tuples(SIDES, SIDES, SIDES, SIDES).map(list)
NUDGES = st.lists(st.sampled_from([0, 0, 1, -2, 6]), min_size=4, max_size=4)
CATEGORIES = (0, 3, 4, 9)
UNKNOWN_CATEGORY = 77


@st.composite
def scenes(draw: st.DrawFn) -> tuple[Truth, list[tuple[dict[str, Any], Detections]]]:
    """A truth, and images with what was found on them, in the order in which they come."""
    names = draw(st.lists(st.integers(0, 50), min_size=1, max_size=8, unique=True))
    number = iter(range(1, 1000))
    boxes = {name: [annotation(draw, name, next(number)) for _ in range(draw(st.integers(0, 5)))] for name in names}
    seen = draw(st.lists(st.sampled_from(names), min_size=1, unique=True))
    truth = Truth([{"id": name} for name in names], [{"id": c, "name": str(c)} for c in CATEGORIES], boxes)
    return truth, [({"id": name}, found(draw, name, boxes[name])) for name in seen]


def annotation(draw: st.DrawFn, image: int, number: int) -> dict[str, Any]:
    box = draw(BOXES)
    return {
        "id": number,
        "image_id": image,
        "category_id": draw(st.sampled_from(CATEGORIES[:3])),
        "bbox": box,
        "area": draw(st.sampled_from([box[2] * box[3], 32.0**2, 96.0**2])),
        "iscrowd": int(draw(st.integers(0, 4)) == 0),
    }


def found(draw: st.DrawFn, image: int, boxes: list[dict[str, Any]]) -> Detections:
    """Detections near what is there, each perhaps many times, and some elsewhere."""
    rows: list[Row] = []
    for box in boxes:
        for nudge in draw(st.lists(NUDGES, max_size=4)):
            near = [side + shift for side, shift in zip(box["bbox"], nudge, strict=True)]
            rows.append([image, *near, draw(SCORES), box["category_id"]])
    labels = st.sampled_from([*CATEGORIES, UNKNOWN_CATEGORY])
    rows += [[image, *side, draw(SCORES), draw(labels)] for side in draw(st.lists(BOXES, max_size=3))]
    times = draw(st.sampled_from([1, 1, 1, 12, 110]))
    return np.array(draw(st.permutations(rows)) * times, np.float64).reshape(-1, 7)


@settings(max_examples=150, deadline=None)
@given(scenes())
def test_the_evaluators_agree_to_the_last_bit(scene: tuple[Truth, list[tuple[dict[str, Any], Detections]]]) -> None:
    truth, images = scene
    curves = {}
    for name, evaluator in EVALUATORS.items():
        evaluation = evaluator(truth)
        for image, detections in images:
            evaluation.add(image, detections)
        curves[name] = evaluation.curves()
    fast, reference = curves["hotcoco"], curves["pycocotools"]
    for part in ("precision", "recall"):
        assert np.array_equal(fast[part], reference[part])
    with contextlib.redirect_stdout(io.StringIO()):
        assert summarize(fast) == summarize(reference)


def test_what_nothing_was_to_be_found_of_has_no_share() -> None:
    truth = Truth([{"id": 1}], [{"id": 0, "name": "a"}], {})
    for evaluator in EVALUATORS.values():
        evaluation = evaluator(truth)
        evaluation.add({"id": 1}, np.array([[1, 0, 0, 5, 5, 0.5, 0]]))
        with contextlib.redirect_stdout(io.StringIO()):
            assert summarize(evaluation.curves()) == dict.fromkeys(STATISTICS, -1.0)
