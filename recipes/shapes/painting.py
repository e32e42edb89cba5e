"""What is put on a picture: clouds, streaks, objects filled with textures, and the noise of a poor camera.

A picture is [height, width, 3] RGB of 0 .. 255 in int32, so that sums do not overflow; it is changed in place.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from draws import Draws, Pixels
from geometry import OUTLINES, Mask, Plane

_TEXTURES: Final = ("plain", "stripes", "checks", "gradient", "dots")
_LEAST_CONTRAST: Final = 60  # between an object and what it is painted on, in the channel where they differ most
_NOISE: Final = (15, 42)  # amplitude, in 256ths of a triangle of +-255


@dataclass(frozen=True)
class Stamp:
    """An outline laid on a picture: the window it falls in, which pixels there are its own, its own x coordinate."""

    window: tuple[slice, slice]
    mask: Mask
    u: Plane


def clouds(draws: Draws, width: int, height: int, cells: int, amplitude: int) -> Pixels:
    """Blow a small grid of random colours up to a whole picture, linearly between its points."""
    grid = draws.plane(cells, cells, 3) * amplitude // 255
    y, x = (np.arange(extent) * (cells - 1) * 256 // extent for extent in (height, width))
    rows = grid[y >> 8] * (256 - (y & 255))[:, None, None] + grid[(y >> 8) + 1] * (y & 255)[:, None, None]
    left, right = rows[:, x >> 8], rows[:, (x >> 8) + 1]
    picture: Pixels = ((left * (256 - (x & 255))[:, None] + right * (x & 255)[:, None]) >> 16).astype(np.int32)
    return picture


def streak(draws: Draws, picture: Pixels) -> Mask:
    """Paint a straight line of 6 to 20 pixels across the picture and return where it lies."""
    height, width = picture.shape[:2]
    a, b = draws.between(-100, 100), draws.between(-100, 100)
    y, x = np.ogrid[:height, :width]
    offset = a * draws.below(width) + b * draws.below(height)
    mask: Mask = abs(a * x + b * y - offset) <= draws.between(3, 7) * (abs(a) + abs(b))
    picture[mask] = shade(draws, "any")
    return mask


def stamp(draws: Draws, outline: str, picture: Pixels, centre: tuple[int, int], radius: int) -> Stamp:
    """Lay an outline on the picture, turned by up to a quarter turn either way and a little squeezed."""
    height, width = picture.shape[:2]
    (cx, cy), reach = centre, radius * 29 // 20 + 2
    x0, x1, y0, y1 = max(cx - reach, 0), min(cx + reach, width), max(cy - reach, 0), min(cy + reach, height)
    half = draws.fraction() * 2 - 1  # tangent of half the angle: sine and cosine follow without libm
    cosine, sine = (1 - half * half) / (1 + half * half), 2 * half / (1 + half * half)
    squeeze = 0.85 + draws.fraction() * 0.32
    y, x = np.arange(y0, y1)[:, None] + 0.5 - cy, np.arange(x0, x1)[None, :] + 0.5 - cx
    u, v = (x * cosine + y * sine) / (radius * squeeze), (y * cosine - x * sine) / (radius / squeeze)
    return Stamp((slice(y0, y1), slice(x0, x1)), OUTLINES[outline](u, v), u)


def paint(draws: Draws, colour: str, picture: Pixels, stamp: Stamp) -> None:
    """Fill the outline with a texture that stands out from what is under it.

    Every fourth object is a screen: it fills every second pixel, as on a chessboard, so that whoever scales the picture
    by picking pixels, instead of mixing them, sees it twice as strong or not at all.
    """
    under = picture[stamp.window]
    screen, phase = draws.below(4) == 0, draws.below(2)
    y, x = np.ogrid[stamp.window]
    filled = stamp.mask & ((y + x) % 2 == phase) if screen else stamp.mask
    contrast = _LEAST_CONTRAST * 2 if screen else _LEAST_CONTRAST
    count = int(stamp.mask.sum())
    around = under[stamp.mask].sum(0) // count
    for _attempt in range(8):
        texture = _texture(draws, colour, stamp)
        if abs(texture[stamp.mask].sum(0) // count - around).max() >= contrast:
            break
    under[filled] = texture[filled]


def _texture(draws: Draws, colour: str, stamp: Stamp) -> Pixels:
    """Mix two shades of one colour over the window of the stamp: [height, width, 3]."""
    kind, period = _TEXTURES[draws.below(len(_TEXTURES))], draws.between(12, 36)
    y, x = np.ogrid[stamp.window]
    share = np.zeros(stamp.mask.shape, np.int32)  # of the second shade, in 256ths
    if kind == "stripes":
        share += (y + draws.between(-2, 2) * x) // period % 2 * 256
    elif kind == "checks":
        share += (y // period + x // period) % 2 * 256
    elif kind == "gradient":
        share += np.clip((stamp.u + 1) * 128, 0, 256).astype(np.int32)
    elif kind == "dots":
        dy, dx = y % period - period // 2, x % period - period // 2
        share += ((dy * dy + dx * dx) * 9 < period * period) * 256
    first, second = shade(draws, colour), shade(draws, colour)
    return (first * (256 - share[..., None]) + second * share[..., None]) >> 8


def shade(draws: Draws, colour: str) -> Pixels:
    """Draw a shade of red, of blue, or of `any` colour: [3]."""
    if colour == "any":
        return draws.plane(3)
    strong, weak, weaker = draws.between(150, 255), draws.between(0, 90), draws.between(0, 90)
    return np.array([strong, weak, weaker] if colour == "red" else [weaker, weak, strong], np.int32)


def expose(draws: Draws, picture: Pixels) -> Pixels:
    """Return the picture with grey noise pixel by pixel, and with another contrast and brightness."""
    height, width = picture.shape[:2]
    noise = (draws.plane(height, width) + draws.plane(height, width) - 255) * draws.between(*_NOISE) // 256
    exposed: Pixels = (picture + noise[..., None] - 128) * draws.between(176, 272) // 256 + 128 + draws.between(-20, 20)
    np.clip(exposed, 0, 255, out=exposed)
    return exposed
