"""The records of LoadGen's accuracy log, in bytes and back."""

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("numpy")

from loadgen_harness.detections import parse_records, print_records

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
