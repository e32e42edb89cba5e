"""Non-maximum suppression: of boxes that show the same object, the one with the best score stays."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Places = NDArray[np.int64]

BLOCK = 256
"""Boxes of one class that are looked at together: all pairs of many more would fill the caches."""


def suppress(boxes: Floats, scores: Floats, labels: NDArray[Any], most_overlap: float, most: int) -> Places:
    """The places of the boxes that stay, by descending score, at most so many.

    A box goes when a better one of its class that stays overlaps it by more than `most_overlap` (intersection over
    union). `boxes` is (N, 4): x1, y1, x2, y2.
    """
    best_first = np.argsort(-scores, kind="stable")
    kept = np.zeros(len(scores), np.bool_)
    for label in np.unique(labels):
        ones = best_first[labels[best_first] == label]
        kept[ones[_of_one_class(boxes[ones], most_overlap, most)]] = True
    return best_first[kept[best_first]][:most]


def _of_one_class(boxes: Floats, most_overlap: float, most: int) -> Places:
    """The places of those that stay of boxes that come by descending score."""
    kept = np.empty(0, np.int64)
    for start in range(0, len(boxes), BLOCK):
        block = boxes[start : start + BLOCK]
        alive: NDArray[np.bool_] = np.logical_not(_overlapping(block, boxes[kept], most_overlap).any(axis=1))
        rivals: NDArray[np.bool_] = np.triu(_overlapping(block, block, most_overlap), 1)
        for place in np.flatnonzero(rivals.any(axis=1)):
            if alive[place]:
                alive &= ~rivals[place]
        kept = np.concatenate([kept, start + np.flatnonzero(alive)])
        if len(kept) >= most:
            break
    return kept


def _overlapping(ones: Floats, others: Floats, most_overlap: float) -> NDArray[np.bool_]:
    """Which of `ones` (rows) and `others` (columns) overlap by more."""
    width = np.minimum(ones[:, None, 2], others[:, 2]) - np.maximum(ones[:, None, 0], others[:, 0])
    height = np.minimum(ones[:, None, 3], others[:, 3]) - np.maximum(ones[:, None, 1], others[:, 1])
    both = np.maximum(width, 0) * np.maximum(height, 0)
    # As products: a box without area overlaps nothing, and divides nothing by zero.
    over: NDArray[np.bool_] = both > most_overlap * (_areas(ones)[:, None] + _areas(others) - both)
    return over


def _areas(boxes: Floats) -> Floats:
    areas: Floats = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return areas
