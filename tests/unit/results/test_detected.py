"""Boxes on pictures: what is there, what was found."""

import math
from pathlib import Path

import pytest

from envmgr.results.detected import Box, Picture, pictures
from envmgr.results.loadgen_logs import UnreadableResultError
from tests.loadgen import write_annotations, write_answers

THERE = {0: [(0, [10.0, 10.0, 20.0, 20.0])], 1: [], 2: [(1, [50.0, 50.0, 40.0, 40.0]), (1, [0.0, 0.0, 10.0, 10.0])]}


def looked(folder: Path, answers: dict[int, list[tuple[float, ...]]], count: int = 6) -> list[Picture]:
    write_answers(folder / "accuracy", answers)
    write_annotations(folder / "truth.json", ["cat", "dog"], THERE)
    return pictures(folder / "accuracy/mlperf_log_accuracy.json", folder / "truth.json", count)


def test_pictures_come_in_the_order_of_the_answers_with_boxes_in_pixels(tmp_path: Path) -> None:
    found = looked(tmp_path, {2: [(0.5, 0.5, 0.9, 0.9, 0.75, 1)], 0: []})
    assert [picture.file for picture in found] == ["2.jpg", "0.jpg"]
    (box,) = found[0].found
    assert (round(box.x), round(box.y), round(box.width), round(box.height)) == (50, 50, 40, 40)
    assert (box.label, box.score) == ("dog", 0.75)
    assert found[1].truth == (Box(10, 10, 20, 20, "cat"),)


def test_what_scores_little_is_not_shown_and_the_surest_comes_first(tmp_path: Path) -> None:
    whole = (0.0, 0.0, 1.0, 1.0)
    (picture,) = looked(tmp_path, {1: [(*whole, 0.49, 0), (*whole, 0.5, 0), (*whole, 0.875, 1)]})
    assert [box.score for box in picture.found] == [0.875, 0.5]


def test_a_box_without_a_place_is_not_drawn(tmp_path: Path) -> None:
    nowhere, endless = (math.nan, 0.0, 1.0, 1.0, 0.9, 0), (0.0, 0.0, math.inf, 1.0, 0.9, 0)
    (picture,) = looked(tmp_path, {1: [nowhere, endless, (0.0, 0.0, 1.0, 1.0, 0.9, math.nan)]})
    assert picture.found == ()


def test_as_many_pictures_as_are_asked_for(tmp_path: Path) -> None:
    assert len(looked(tmp_path, {0: [], 1: [], 2: []}, count=2)) == 2


def test_each_object_is_found_once_by_its_own_label_and_enough_overlap() -> None:
    def hits(*found: Box) -> int:
        return Picture("a.jpg", 100, 100, (Box(0, 0, 10, 10, "cat"), Box(50, 0, 10, 10, "cat")), found).hits

    assert hits(Box(0, 0, 10, 10, "cat"), Box(1, 0, 10, 10, "cat")) == 1
    assert hits(Box(0, 0, 10, 10, "dog")) == 0
    assert hits(Box(0, 4, 10, 10, "cat")) == 0
    assert hits(Box(0, 3, 10, 10, "cat"), Box(50, 0, 10, 10, "cat")) == 2


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"images": [{}], "categories": [], "annotations": []}'])
def test_annotations_that_are_none_are_named(tmp_path: Path, text: str) -> None:
    write_answers(tmp_path / "accuracy", {0: []})
    (tmp_path / "truth.json").write_text(text)
    with pytest.raises(UnreadableResultError) as caught:
        pictures(tmp_path / "accuracy/mlperf_log_accuracy.json", tmp_path / "truth.json", 6)
    assert caught.value.file == tmp_path / "truth.json"


def test_a_log_that_ends_in_the_middle_has_the_answers_up_to_there(tmp_path: Path) -> None:
    assert len(looked(tmp_path, {0: [(0.1, 0.1, 0.9, 0.9, 0.9, 0)], 1: [(0.1, 0.1, 0.9, 0.9, 0.9, 0)]})) == 2
    log = tmp_path / "accuracy/mlperf_log_accuracy.json"
    log.write_text(log.read_text()[:-20])
    assert [picture.file for picture in pictures(log, tmp_path / "truth.json", 6)] == ["0.jpg"]


def test_samples_and_labels_that_the_annotations_do_not_have_are_no_fault(tmp_path: Path) -> None:
    (picture,) = looked(tmp_path, {7: [], 0: [(0.0, 0.0, 1.0, 1.0, 0.9, 77)]})
    assert picture.found[0].label == "?"
