"""The program load.py of a tensors folder, which makes tensors when they are asked for.

It runs once for the whole test. Each line on its stdin names samples by position; it answers with their float32
numbers, in that order and nothing else, and ends at the end of its stdin. LoadGen's clock stands still meanwhile.
"""

import subprocess
from collections.abc import Sequence
from io import FileIO
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray

PROGRAM = "load.py"


class LoadError(Exception):
    """The program ended before it had made a sample."""


class Loader:
    """The running program."""

    def __init__(self, folder: Path, python: str, shape: tuple[int, int, int], names: Sequence[str]) -> None:
        """Start it; it inherits stderr, where it says what is wrong with a picture."""
        self._shape, self._names = shape, names
        self._program = folder / PROGRAM
        try:
            self._process = subprocess.Popen(
                [python, str(self._program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
            )
        except OSError as error:
            raise LoadError(f"{self._program}: --python {python} cannot be run: {error.strerror}") from error
        # Without buffers, so that numbers go from the pipe straight to their place.
        self._stdin, self._stdout = cast("FileIO", self._process.stdin), cast("FileIO", self._process.stdout)

    def load(self, positions: Sequence[int]) -> NDArray[np.float32]:
        """The tensors of these samples, shape (samples, 1, channels, height, width); raises LoadError."""
        tensors = np.empty((len(positions), 1, *self._shape), "<f4")
        try:
            self._stdin.write(" ".join(map(str, positions)).encode() + b"\n")
        except BrokenPipeError:
            self._fail(positions[0])
        room, filled = tensors.data.cast("B"), 0
        while filled < len(room):
            got = self._stdout.readinto(room[filled:])
            if not got:
                self._fail(positions[filled * len(positions) // len(room)])
            filled += got
        return tensors

    def close(self) -> None:
        """End the program."""
        self._process.communicate()

    def _fail(self, position: int) -> None:
        code = self._process.wait()
        raise LoadError(f"sample {position} ({self._names[position]}): {self._program} ended with exit code {code}")
