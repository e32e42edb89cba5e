"""The answer to one sample in LoadGen's accuracy log: records of seven little-endian float32, in hexadecimal.

A record is: sample index, ymin, xmin, ymax, xmax (each as a share of the image's side, 0 to 1), score, label. The C++
harness writes the same bytes (`harness/cpp/src/detections.h`).
"""

from typing import Any

import numpy as np

FLOATS_IN_RECORD = 7
FLOAT32 = np.dtype("<f4")

Records = Any
"""A numpy array of float32, shape (N, 7): one row a record."""


def parse_records(text: str) -> Records:
    """Read the records out of the hexadecimal text of one answer; `print_records` is the way back.

    Fewer than seven numbers are an answer without any detection, as MLPerf's own accuracy script has it.
    Raises ValueError when the text is not hexadecimal or ends within a record.
    """
    data = bytes.fromhex(text)
    if len(data) < FLOATS_IN_RECORD * FLOAT32.itemsize:
        data = b""
    if len(data) % (FLOATS_IN_RECORD * FLOAT32.itemsize):
        raise ValueError(f"{len(data)} bytes are no whole number of records of {FLOATS_IN_RECORD} float32")
    return np.frombuffer(data, FLOAT32).reshape(-1, FLOATS_IN_RECORD)


def print_records(records: Records) -> str:
    """Write records as LoadGen logs them: their bytes in upper-case hexadecimal; `parse_records` is the way back."""
    data: bytes = np.asarray(records, FLOAT32).tobytes()
    return data.hex().upper()
