"""Objects found in an image, as LoadGen's accuracy log has them: records of seven little-endian float32.

A record is: sample index, ymin, xmin, ymax, xmax (each as a share of the image's side, 0 to 1), score, label. The C++
harness writes the same bytes (`harness/cpp/src/detections.h`); the log has them in hexadecimal.
"""

from typing import Any

import numpy as np

from loadgen_harness.answer import Answer

FLOATS_IN_RECORD = 7
FLOAT32 = np.dtype("<f4")
LEAST_SCORE = float(np.float32(0.05))
"""Detections below this score are not reported: MLPerf's reference harness for RetinaNet leaves them out."""

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


class Detections:
    """Writes found objects into answers."""

    def __init__(self, shape: tuple[int, int, int]) -> None:
        """`shape` is the image as the graph sees it: its boxes are in pixels of this."""
        _, height, width = shape
        self._sides = np.array([height, width], FLOAT32)

    def write(self, boxes: Any, scores: Any, labels: Any, answer: Answer) -> None:  # noqa: ANN401  numpy arrays
        """Write objects by descending score, up to the first that scores too low.

        `boxes` is float32 (N, 4): x1, y1, x2, y2 in pixels. Raises ValueError when there are not as many of each.
        """
        if boxes.shape != (len(scores), 4) or len(labels) != len(scores):
            raise ValueError("the model's boxes, scores and labels are of different number")
        count = _high_enough(scores)
        records = answer.room(count * FLOATS_IN_RECORD).reshape(count, FLOATS_IN_RECORD)
        records[:, 0] = answer.index
        corners = boxes[:count].reshape(count, 2, 2)[:, :, ::-1]  # from x, y to y, x
        np.divide(corners, self._sides, out=records[:, 1:5].reshape(count, 2, 2))
        records[:, 5] = scores[:count]
        records[:, 6] = labels[:count]


def _high_enough(scores: Any) -> int:  # noqa: ANN401  a numpy array
    """How many scores stand before the first that is too low, or no number.

    In plain Python: after a model of some milliseconds numpy's own way is out of the processor's caches, and takes
    four times as long.
    """
    for count, score in enumerate(scores.tolist()):
        if not score >= LEAST_SCORE:
            return count
    return len(scores)
