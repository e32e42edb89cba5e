"""A backend that looks at nothing: what is measured with it is LoadGen and the harness itself."""

from collections.abc import Sequence

import numpy as np

from loadgen_harness.answer import Answer
from loadgen_harness.sample_library import Image

WHOLE_IMAGE = np.array([0, 0, 0, 1, 1, 1, 0], np.float32)
"""The record of one object of class 0 with score 1; its first number is the sample's index."""


class NullBackend:
    """Answers class 0 for each image: one object, the whole of it, or the label alone. Needs no model."""

    most_at_once = 1

    def __init__(self, task: str) -> None:
        self._record = WHOLE_IMAGE if task == "detection" else np.zeros(1, np.float32)
        self._indexed = task == "detection"

    def run(self, images: Sequence[Image], answers: Sequence[Answer]) -> None:
        """Answer at once."""
        for answer in answers:
            numbers = answer.room(len(self._record))
            numbers[:] = self._record
            if self._indexed:
                numbers[0] = answer.index
