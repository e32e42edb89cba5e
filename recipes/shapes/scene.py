"""One picture of the set: a cluttered background, some objects that hide each other or leave the frame, noise."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from draws import Draws, Pixels
from geometry import OUTLINES, Mask, Plane

# (name, outline, colour). Three pairs differ by their colour only, so that swapped channels cannot go unnoticed.
CLASSES: Final = (
    ("red circle", "circle", "red"),
    ("blue circle", "circle", "blue"),
    ("red square", "square", "red"),
    ("blue square", "square", "blue"),
    ("red star", "star", "red"),
    ("blue star", "star", "blue"),
    ("ring", "ring", "any"),
    ("cross", "cross", "any"),
)
# (width, height). No side is an odd multiple of 160: there bilinear sampling would pick single pixels, as nearest does.
SIZES: Final = ((640, 448), (448, 640), (576, 400), (400, 560), (512, 512))
_RADII: Final = ((24, 46), (34, 78), (60, 128))  # pixels; small, medium and large objects are equally likely
_LEAST_INSIDE: Final = 0.6  # of the square around an object, the part that must lie in the picture
_LEAST_VISIBLE: Final = 0.65  # of an object's own pixels, the part that later objects must leave alone
_LEAST_CONTRAST: Final = 45  # between an object and what it is painted on, in the channel where they differ most


@dataclass(frozen=True)
class Thing:
    """An object as it is seen: its class, the box around its visible pixels, and what is missing of it."""

    category: int
    box: tuple[int, int, int, int]  # x0, y0, x1, y1 in pixels; x1 and y1 are the first column and row outside
    occluded: bool
    truncated: bool


@dataclass(frozen=True)
class _Stamp:
    """An outline laid on the picture: the window it falls in, its pixels there, its own coordinates."""

    window: tuple[slice, slice]
    mask: Mask
    u: Plane


def draw_scene(seed: str) -> tuple[Pixels, tuple[Thing, ...]]:
    """Return the picture that `seed` names, [height, width, 3] RGB of 0 .. 255, and the objects in it."""
    draws = Draws(seed)
    width, height = SIZES[draws.below(len(SIZES))]
    picture = _background(draws, width, height)
    owner = np.full((height, width), -1, np.int32)  # the object on top at each pixel; -1 is background
    stamps = _objects(draws, picture, owner)
    if draws.below(2):
        owner[_streak(draws, picture)] = -1
    things = tuple(thing for k, (category, stamp) in enumerate(stamps) for thing in _seen(k, category, stamp, owner))
    return _exposed(draws, picture), things


def _background(draws: Draws, width: int, height: int) -> Pixels:
    picture = _clouds(draws, width, height, draws.between(2, 4), 200)
    picture += _clouds(draws, width, height, draws.between(12, 30), draws.between(10, 70)) - 10
    np.clip(picture, 0, 255, out=picture)
    for _ in range(draws.below(5)):
        _streak(draws, picture)
    for _ in range(draws.between(4, 14)):  # debris: like the objects, but too small to be one
        outline = CLASSES[draws.below(len(CLASSES))][1]
        stamp = _stamp(draws, outline, picture, (draws.below(width), draws.below(height)), draws.between(4, 11))
        picture[stamp.window][stamp.mask] = _shade(draws, "any")
    return picture


def _clouds(draws: Draws, width: int, height: int, cells: int, amplitude: int) -> Pixels:
    """Blow a small grid of random colours up to the whole picture, linearly between its points."""
    grid = draws.plane(cells, cells, 3) * amplitude // 255
    y, x = (np.arange(extent) * (cells - 1) * 256 // extent for extent in (height, width))
    rows = grid[y >> 8] * (256 - (y & 255))[:, None, None] + grid[(y >> 8) + 1] * (y & 255)[:, None, None]
    left, right = rows[:, x >> 8], rows[:, (x >> 8) + 1]
    return ((left * (256 - (x & 255))[:, None] + right * (x & 255)[:, None]) >> 16).astype(np.int32)


def _streak(draws: Draws, picture: Pixels) -> Mask:
    """Paint a straight line of 6 to 20 pixels across the picture and return where it lies."""
    height, width = picture.shape[:2]
    a, b = draws.between(-100, 100), draws.between(-100, 100)
    y, x = np.ogrid[:height, :width]
    offset = a * draws.below(width) + b * draws.below(height)
    mask: Mask = abs(a * x + b * y - offset) <= draws.between(3, 7) * (abs(a) + abs(b))
    picture[mask] = _shade(draws, "any")
    return mask


def _objects(draws: Draws, picture: Pixels, owner: Pixels) -> list[tuple[int, _Stamp]]:
    height, width = owner.shape
    placed: list[tuple[int, _Stamp]] = []
    for _ in range(draws.between(1, 7)):
        category = draws.below(len(CLASSES))
        _, outline, colour = CLASSES[category]
        for _attempt in range(12):
            radius = draws.between(*_RADII[draws.below(len(_RADII))])
            centre = draws.below(width), draws.below(height)
            if _part_inside(centre, radius, width, height) < _LEAST_INSIDE:
                continue
            stamp = _stamp(draws, outline, picture, centre, radius)
            if _leaves_visible(stamp, owner, placed):
                _paint(draws, colour, picture, stamp)
                owner[stamp.window][stamp.mask] = len(placed)
                placed.append((category, stamp))
                break
    return placed


def _part_inside(centre: tuple[int, int], radius: int, width: int, height: int) -> float:
    (x, y), r = centre, radius
    return (min(x + r, width) - max(x - r, 0)) * (min(y + r, height) - max(y - r, 0)) / (4 * r * r)


def _leaves_visible(stamp: _Stamp, owner: Pixels, placed: list[tuple[int, _Stamp]]) -> bool:
    """Say whether enough of each earlier object would still be seen under this one."""
    after = owner.copy()
    after[stamp.window][stamp.mask] = len(placed)
    return all((after == k).sum() >= _LEAST_VISIBLE * other.mask.sum() for k, (_, other) in enumerate(placed))


def _stamp(draws: Draws, outline: str, picture: Pixels, centre: tuple[int, int], radius: int) -> _Stamp:
    """Lay an outline on the picture, turned by a random quarter turn at most either way and a little squeezed."""
    height, width = picture.shape[:2]
    (cx, cy), reach = centre, radius * 29 // 20 + 2
    x0, x1, y0, y1 = max(cx - reach, 0), min(cx + reach, width), max(cy - reach, 0), min(cy + reach, height)
    half = draws.fraction() * 2 - 1  # tangent of half the angle: sine and cosine follow without libm
    cosine, sine = (1 - half * half) / (1 + half * half), 2 * half / (1 + half * half)
    squeeze = 0.85 + draws.fraction() * 0.32
    y, x = np.arange(y0, y1)[:, None] + 0.5 - cy, np.arange(x0, x1)[None, :] + 0.5 - cx
    u, v = (x * cosine + y * sine) / (radius * squeeze), (y * cosine - x * sine) / (radius / squeeze)
    return _Stamp((slice(y0, y1), slice(x0, x1)), OUTLINES[outline](u, v), u)


def _paint(draws: Draws, colour: str, picture: Pixels, stamp: _Stamp) -> None:
    """Fill the outline with a texture that stands out from what is under it."""
    under = picture[stamp.window]
    count = int(stamp.mask.sum())
    around = under[stamp.mask].sum(0) // count
    for _attempt in range(8):
        texture = _texture(draws, colour, stamp)[stamp.mask]
        if abs(texture.sum(0) // count - around).max() >= _LEAST_CONTRAST:
            break
    under[stamp.mask] = texture


def _texture(draws: Draws, colour: str, stamp: _Stamp) -> Pixels:
    """Mix two shades of one colour: plain, stripes, checks, a gradient or dots. Returns [height, width, 3]."""
    kind, period = draws.below(5), draws.between(12, 36)
    rows, columns = stamp.window
    y, x = np.ogrid[rows, columns]
    share = np.zeros(stamp.mask.shape, np.int32)  # of the second shade, in 256ths
    if kind == 1:
        share += (y + draws.between(-2, 2) * x) // period % 2 * 256
    elif kind == 2:
        share += (y // period + x // period) % 2 * 256
    elif kind == 3:
        share += np.clip((stamp.u + 1) * 128, 0, 256).astype(np.int32)
    elif kind == 4:
        dy, dx = y % period - period // 2, x % period - period // 2
        share += ((dy * dy + dx * dx) * 9 < period * period) * 256
    first, second = _shade(draws, colour), _shade(draws, colour)
    return (first * (256 - share[..., None]) + second * share[..., None]) >> 8


def _shade(draws: Draws, colour: str) -> Pixels:
    if colour == "any":
        return draws.plane(3)
    strong, weak, weaker = draws.between(150, 255), draws.between(0, 90), draws.between(0, 90)
    return np.array([strong, weak, weaker] if colour == "red" else [weaker, weak, strong], np.int32)


def _seen(k: int, category: int, stamp: _Stamp, owner: Pixels) -> list[Thing]:
    """Return the k-th object as it is seen in the end; nothing when the last streak hides it all."""
    height, width = owner.shape
    ys, xs = np.nonzero(owner == k)
    if len(ys) == 0:
        return []
    rows, columns = stamp.window
    own_y, own_x = np.nonzero(stamp.mask)
    edges = rows.start + own_y.min(), columns.start + own_x.min(), rows.start + own_y.max(), columns.start + own_x.max()
    truncated = edges[0] == 0 or edges[1] == 0 or edges[2] == height - 1 or edges[3] == width - 1
    box = int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1
    return [Thing(category, box, len(ys) < len(own_y), bool(truncated))]


def _exposed(draws: Draws, picture: Pixels) -> Pixels:
    """Add grey noise pixel by pixel, then change contrast and brightness, as a poor camera would."""
    height, width = picture.shape[:2]
    noise = (draws.plane(height, width) + draws.plane(height, width) - 255) * draws.between(*_NOISE) // 256
    exposed = (picture + noise[..., None] - 128) * draws.between(176, 272) // 256 + 128 + draws.between(-20, 20)
    return np.clip(exposed, 0, 255).astype(np.int32)


_NOISE: Final = (20, 60)  # in 256ths of a triangle of +-255
