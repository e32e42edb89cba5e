"""Tensors folders, as recipes make them, in a test's own folder."""

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

SHAPE = (1, 2, 3)

LOAD = f"""\
import sys
import numpy

for line in sys.stdin:
    for word in line.split():
        if word == "{{broken}}":
            sys.exit("the picture is broken")
        sys.stdout.buffer.write(numpy.full({SHAPE}, float(word), "<f4").tobytes())
    sys.stdout.buffer.flush()
"""
"""A load.py that makes the tensors of stored(); sample `broken` cannot be made."""


def index(names: Sequence[str], shape: Sequence[int] = SHAPE) -> str:
    """The text of an index.txt."""
    sizes = " ".join(map(str, shape))
    lines = ["envmgr-tensors 1", "dtype float32", f"shape {sizes}", f"count {len(names)}", *names]
    return "".join(f"{line}\n" for line in lines)


def stored(folder: Path, count: int) -> Path:
    """A folder of samples; all numbers of a sample are its position."""
    _start(folder, count)
    np.repeat(np.arange(count, dtype="<f4"), np.prod(SHAPE)).tofile(folder / "tensors.f32")
    return folder


def on_load(folder: Path, count: int, broken: int | None = None) -> Path:
    """The same samples, made when they are asked for."""
    _start(folder, count)
    (folder / "load.py").write_text(LOAD.replace("{broken}", str(broken)))
    return folder


def _start(folder: Path, count: int) -> None:
    folder.mkdir()
    (folder / "index.txt").write_text(index([f"{number}.jpg" for number in range(count)]))


PYTHON = sys.executable
"""An interpreter that has numpy."""
