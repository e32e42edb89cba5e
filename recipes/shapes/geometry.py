"""The outlines: which points of the plane lie inside a circle, a square, a star, a ring or a cross of radius one.

Only + - * / and comparisons on doubles, which IEEE 754 fixes to the last bit; no sine, no root.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float64]
Mask = NDArray[np.bool_]

_HOLE: Final = 0.36  # of a ring: its inner radius squared
_SQUARE: Final = 0.78  # half a side
_ARM: Final = (0.32, 0.95)  # of a cross: half its width, half its length
# A five-pointed star: ten corners on circles of radius 1 and 0.382, the first one straight up.
_STAR: Final = (
    (0.0, -1.0), (0.2245, -0.3090), (0.9511, -0.3090), (0.3633, 0.1180), (0.5878, 0.8090),
    (0.0, 0.3820), (-0.5878, 0.8090), (-0.3633, 0.1180), (-0.9511, -0.3090), (-0.2245, -0.3090),
)  # fmt: skip


def _circle(u: Plane, v: Plane) -> Mask:
    return u * u + v * v <= 1


def _ring(u: Plane, v: Plane) -> Mask:
    square = u * u + v * v
    return (square <= 1) & (square >= _HOLE)


def _square(u: Plane, v: Plane) -> Mask:
    return (abs(u) <= _SQUARE) & (abs(v) <= _SQUARE)


def _cross(u: Plane, v: Plane) -> Mask:
    width, length = _ARM
    return ((abs(u) <= width) & (abs(v) <= length)) | ((abs(v) <= width) & (abs(u) <= length))


def _star(u: Plane, v: Plane) -> Mask:
    """Even-odd rule: a point is inside when a ray from it crosses the outline an odd number of times."""
    inside = np.zeros(np.broadcast(u, v).shape, np.bool_)
    for (x0, y0), (x1, y1) in zip(_STAR, _STAR[-1:] + _STAR[:-1], strict=True):
        if y0 != y1:
            inside ^= ((y0 > v) != (y1 > v)) & (u < (x1 - x0) * (v - y0) / (y1 - y0) + x0)
    return inside


OUTLINES: Final[dict[str, Callable[[Plane, Plane], Mask]]] = {
    "circle": _circle,
    "square": _square,
    "star": _star,
    "ring": _ring,
    "cross": _cross,
}
