"""One picture of the set: a cluttered background and some objects that hide each other or leave the frame."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from draws import Draws, Pixels
from painting import Stamp, clouds, expose, paint, shade, stamp, streak

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
# (width, height): 2.5 and 3.5 times the 160 pixels of the detector's input, where bilinear sampling mixes four pixels
# everywhere. At odd multiples it would pick single pixels, as nearest does.
SIZES: Final = ((560, 400), (400, 560), (400, 400))
_RADII: Final = ((28, 50), (40, 80), (60, 128))  # pixels; small, medium and large objects are equally likely
_LEAST_INSIDE: Final = 0.6  # of the square around an object, the part that must lie in the picture
_LEAST_VISIBLE: Final = 0.65  # of an object's own pixels, the part that later objects must leave alone


@dataclass(frozen=True)
class Thing:
    """An object as it is seen: its class, the box around its visible pixels, and what is missing of it."""

    category: int
    box: tuple[int, int, int, int]  # x0, y0, x1, y1 in pixels; x1 and y1 are the first column and row outside
    occluded: bool  # something lies on a part of it
    truncated: bool  # it reaches the edge of the picture


def draw_scene(seed: str) -> tuple[Pixels, tuple[Thing, ...]]:
    """Return the picture that `seed` names and the objects in it, the ones below before the ones above."""
    draws = Draws(seed)
    width, height = SIZES[draws.below(len(SIZES))]
    picture = _background(draws, width, height)
    owner = np.full((height, width), -1, np.int32)  # the object on top at each pixel; -1 is none
    placed = _place_objects(draws, picture, owner)
    if draws.below(2):
        owner[streak(draws, picture)] = -1
    things = (_seen(category, own, owner, number) for number, (category, own) in enumerate(placed))
    return expose(draws, picture), tuple(thing for thing in things if thing)


def _background(draws: Draws, width: int, height: int) -> Pixels:
    picture = clouds(draws, width, height, draws.between(2, 4), 200)
    picture += clouds(draws, width, height, draws.between(12, 30), draws.between(10, 70)) - 10
    np.clip(picture, 0, 255, out=picture)
    for _ in range(draws.below(5)):
        streak(draws, picture)
    for _ in range(draws.between(4, 14)):  # debris: like the objects, but too small to be one
        _, outline, _ = CLASSES[draws.below(len(CLASSES))]
        speck = stamp(draws, outline, picture, (draws.below(width), draws.below(height)), draws.between(4, 11))
        picture[speck.window][speck.mask] = shade(draws, "any")
    return picture


def _place_objects(draws: Draws, picture: Pixels, owner: Pixels) -> list[tuple[int, Stamp]]:
    """Paint one to seven objects; each gets a dozen attempts to find a place, else it is left out."""
    height, width = owner.shape
    placed: list[tuple[int, Stamp]] = []
    for _ in range(draws.between(1, 7)):
        category = draws.below(len(CLASSES))
        _, outline, colour = CLASSES[category]
        for _attempt in range(12):
            radius = draws.between(*_RADII[draws.below(len(_RADII))])
            centre = draws.below(width), draws.below(height)
            if _part_inside(centre, radius, width, height) < _LEAST_INSIDE:
                continue
            own = stamp(draws, outline, picture, centre, radius)
            if _leaves_visible(own, owner, placed):
                paint(draws, colour, picture, own)
                owner[own.window][own.mask] = len(placed)
                placed.append((category, own))
                break
    return placed


def _part_inside(centre: tuple[int, int], radius: int, width: int, height: int) -> float:
    (x, y), r = centre, radius
    return (min(x + r, width) - max(x - r, 0)) * (min(y + r, height) - max(y - r, 0)) / (4 * r * r)


def _leaves_visible(own: Stamp, owner: Pixels, placed: list[tuple[int, Stamp]]) -> bool:
    """Say whether enough of each earlier object would still be seen under this one."""
    after = owner.copy()
    after[own.window][own.mask] = -1
    seen = np.bincount(after[after >= 0], minlength=len(placed))
    return all(seen[k] >= _LEAST_VISIBLE * other.mask.sum() for k, (_, other) in enumerate(placed))


def _seen(category: int, own: Stamp, owner: Pixels, number: int) -> Thing | None:
    """Return the object of this number as it is seen in the end; None when the last streak hides it all."""
    height, width = owner.shape
    ys, xs = np.nonzero(owner == number)
    if len(ys) == 0:
        return None
    rows, columns = (
        window.start + np.nonzero(own.mask.any(axis))[0] for axis, window in zip((1, 0), own.window, strict=True)
    )
    truncated = rows[0] == 0 or columns[0] == 0 or rows[-1] == height - 1 or columns[-1] == width - 1
    box = int(xs.min()), int(ys.min()), int(xs.max()) + 1, int(ys.max()) + 1
    return Thing(category, box, occluded=len(ys) < int(own.mask.sum()), truncated=bool(truncated))
