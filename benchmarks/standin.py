"""What the harnesses cost over a model of RetinaNet's full size: samples a second under LoadGen and in a bare loop."""

import hashlib
import sys
from array import array
from functools import partial
from pathlib import Path
from statistics import median
from typing import Literal

from benchmarks.checkout import Checkout
from benchmarks.harness import Harness, Pace
from benchmarks.paired import rounds
from benchmarks.row import Row

ROUNDS = 3
SAMPLES = 2
"""A sample takes some five seconds of one core."""
SESSION = ("--workers", "1", "--threads", "1", "--warmup", "1")
SIDE = 800
LEAST_SHARE = 0.98
"""Of the bare loop's pace."""

Clock = Literal["wall", "cpu"]
CLOCKS: tuple[Clock, ...] = ("wall", "cpu")


def measure(checkout: Checkout) -> list[Row]:
    """C++ over Python, and each over the bare loop in C++: by the wall, and by the CPU, which load moves less."""
    cpp, python, model = checkout.realize("retinanet-cpp-cpu", "retinanet-python-cpu", "retinanet-standin")
    with checkout.scratch("standin") as tensors:
        write_tensors(tensors)
        environ = {**checkout.environ, "PYTHON": sys.executable}
        cpp_harness, python_harness = (
            Harness(program / "bin/harness", model / "model.onnx", tensors, environ, SESSION)
            for program in (cpp, python)
        )
        measured = rounds(
            ROUNDS,
            {
                "bare": partial(cpp_harness.bare, "onnxruntime", SAMPLES),
                "cpp": partial(cpp_harness.under_loadgen, "onnxruntime", "Offline", SAMPLES),
                "python": partial(python_harness.under_loadgen, "onnxruntime", "Offline", SAMPLES),
            },
        )
    return [
        _row("standin", measured, ("cpp", "python"), "wall", 1),
        *(
            _row(f"standin/{side}/{clock}", measured, (side, "bare"), clock, LEAST_SHARE)
            for side in ("cpp", "python")
            for clock in CLOCKS
        ),
    ]


def _row(name: str, measured: list[dict[str, Pace]], sides: tuple[str, str], clock: Clock, target: float) -> Row:
    ours, peer = ([1 / getattr(turn[side], clock) for turn in measured] for side in sides)
    ratio = median(own / other for own, other in zip(ours, peer, strict=True))
    return Row(name, ratio, "x", target, ">=", median(ours), median(peer))


def write_tensors(folder: Path) -> None:
    """A tensors folder of noise: the cost of a sample does not depend on what is in it."""
    names = "".join(f"{sample}.jpg\n" for sample in range(SAMPLES))
    (folder / "index.txt").write_text(
        f"envmgr-tensors 1\ndtype float32\nshape 3 {SIDE} {SIDE}\ncount {SAMPLES}\n{names}"
    )
    with (folder / "tensors.f32").open("wb") as file:
        for sample in range(SAMPLES):
            noise = hashlib.shake_128(bytes([sample])).digest(3 * SIDE * SIDE)
            array("f", (level / 255 for level in noise)).tofile(file)
