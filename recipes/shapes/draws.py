"""Random draws that are the same on every machine: each draw is the answer of SHAKE-128 to a seed and a counter.

Not numpy's generators: numpy promises the bytes of its bit generators only, not what is made of them.
"""

import hashlib

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.int32]


class Draws:
    """A stream of draws named by its seed; the k-th draw depends on the seed, k and the draw's size only."""

    def __init__(self, seed: str) -> None:
        """Start the stream of `seed`."""
        self._seed = seed
        self._drawn = 0

    def octets(self, count: int) -> bytes:
        """Draw `count` bytes."""
        self._drawn += 1
        return hashlib.shake_128(f"{self._seed}/{self._drawn}".encode()).digest(count)

    def below(self, limit: int) -> int:
        """Draw an integer of 0 .. limit-1 (limit at most 2**16, so that the bias stays under 2**-16)."""
        return int.from_bytes(self.octets(4), "little") * limit >> 32

    def between(self, low: int, high: int) -> int:
        """Draw an integer of low .. high, both included."""
        return low + self.below(high - low + 1)

    def fraction(self) -> float:
        """Draw a multiple of 2**-24 in 0 <= f < 1, exact in a double."""
        return int.from_bytes(self.octets(3), "little") / (1 << 24)

    def plane(self, *shape: int) -> Pixels:
        """Draw an array of integers 0 .. 255."""
        size = 1
        for extent in shape:
            size *= extent
        return np.frombuffer(self.octets(size), np.uint8).reshape(shape).astype(np.int32)
