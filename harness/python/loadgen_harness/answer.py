"""The answer to one sample: float32 numbers, in the bytes that go into LoadGen's log."""

import numpy as np
from numpy.typing import NDArray

USUAL_MOST = 300 * 7
"""RetinaNet reports at most 300 objects an image, each in seven numbers."""


class Answer:
    """One object serves a worker for the whole test: its memory stays where it is until a longer answer comes."""

    __slots__ = ("_room", "address", "index", "size")

    def __init__(self) -> None:
        self._make(USUAL_MOST)
        self.index = 0
        """The sample that is answered."""
        self.size = 0
        """Bytes of the answer."""

    def start(self, index: int) -> None:
        """Begin the answer to a sample."""
        self.index = index
        self.size = 0

    def room(self, numbers: int) -> NDArray[np.float32]:
        """Memory for so many numbers, which are the whole answer; the caller fills it."""
        if numbers > len(self._room):
            self._make(numbers)
        self.size = 4 * numbers
        return self._room[:numbers]

    def numbers(self) -> NDArray[np.float32]:
        """The answer as it lies in memory."""
        return self._room[: self.size // 4]

    def _make(self, numbers: int) -> None:
        self._room = np.empty(numbers, "<f4")
        self.address: int = self._room.ctypes.data
        """Where the answer lies."""
