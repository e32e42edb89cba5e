"""The records of LoadGen's accuracy log, in bytes and back."""

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("numpy")

import numpy as np
from loadgen_harness.answer import Answer
from loadgen_harness.detections import Detections, parse_records, print_records

pytestmark = pytest.mark.harness

RECORD = (3.0, 0.25, 0.5, 0.75, 1.0, 0.5, 263.0)
floats = st.floats(width=32, allow_nan=False)


def test_a_record_is_seven_little_endian_float32_in_upper_case_hexadecimal() -> None:
    assert print_records([RECORD]) == struct.pack("<7f", *RECORD).hex().upper()


def test_records_are_read_one_a_row() -> None:
    records = parse_records(struct.pack("<14f", *RECORD, *RECORD).hex())
    assert records.tolist() == [list(RECORD), list(RECORD)]


@given(st.lists(st.tuples(*[floats] * 7)))
def test_printing_then_parsing_gives_the_same_records(records: list[tuple[float, ...]]) -> None:
    again = parse_records(print_records(records)).tolist()
    assert len(again) == len(records)
    assert all(
        math.copysign(1, a) == math.copysign(1, b) and a == b
        for row, other in zip(again, records, strict=True)
        for a, b in zip(row, other, strict=True)
    )


@pytest.mark.parametrize("floats_given", range(7))
def test_fewer_than_seven_numbers_are_no_detection(floats_given: int) -> None:
    assert parse_records("00000000" * floats_given).shape == (0, 7)


def test_an_answer_that_ends_within_a_record_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        parse_records("00" * 32)


def test_text_that_is_not_hexadecimal_is_refused() -> None:
    with pytest.raises(ValueError, match="hexadecimal"):
        parse_records("xy")


def written(scores: list[float], labels: list[int] | None = None, boxes: int | None = None) -> Answer:
    """The answer to sample 5 of 100 x 200 pixels, in which objects were found."""
    answer = Answer()
    answer.start(5)
    box = np.array([[20, 10, 100, 50]] * (len(scores) if boxes is None else boxes), np.float32).reshape(-1, 4)
    found = np.array(labels if labels is not None else [7] * len(scores), np.int64)
    Detections((3, 100, 200)).write(box, np.array(scores, np.float32), found, answer)
    return answer


def test_an_object_becomes_shares_of_the_image_with_y_first() -> None:
    share = [np.float32(side) for side in (0.1, 0.1, 0.5, 0.5)]
    assert written([0.75]).numbers().tolist() == [5, *share, 0.75, 7]


def test_objects_end_where_the_score_falls_below_a_twentieth_or_is_no_number() -> None:
    for scores in ([0.9, 0.05, 0.049, 0.8], [0.9, 0.05, math.nan, 0.8]):
        assert len(written(scores).numbers()) == 2 * 7
    assert written([]).size == 0


def test_more_objects_than_there_was_room_for_are_all_there() -> None:
    answer = written([0.5] * 1000)
    assert (answer.size, set(answer.numbers()[6::7])) == (4 * 7000, {7})


def test_boxes_scores_and_labels_of_different_number_are_refused() -> None:
    for wrong in ({"labels": [1]}, {"boxes": 3}):
        with pytest.raises(ValueError, match="different number"):
            written([0.5, 0.5], **wrong)
