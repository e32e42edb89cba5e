"""COCO's average precision once more, plainly: for holding the scorer against."""

from collections.abc import Sequence
from typing import NamedTuple

Box = tuple[float, float, float, float]
"""x1, y1, x2, y2, in any unit that is one unit for an image."""

RECALLS = [i * 0.01 for i in range(101)]
OVERLAPS = [0.5 + 0.05 * i for i in range(10)]


class Truth(NamedTuple):
    """What is in an image."""

    sample: int
    box: Box
    label: int


class Detection(NamedTuple):
    """What was found in an image."""

    sample: int
    box: Box
    score: float
    label: int


def mean_average_precision(truths: Sequence[Truth], found: Sequence[Detection]) -> float:
    """COCO's AP: the mean over ten overlaps; from 0 to 1. Of equal scores the one that stands first counts first."""
    return sum(average_precision(truths, found, threshold) for threshold in OVERLAPS) / len(OVERLAPS)


def average_precision(truths: Sequence[Truth], found: Sequence[Detection], threshold: float) -> float:
    """AP at one overlap, averaged over the labels: 101 recalls, each with the best precision at it or beyond."""
    averages = []
    for label in sorted({truth.label for truth in truths}):
        left = [(truth.sample, truth.box) for truth in truths if truth.label == label]
        total, hits, points = len(left), 0, []
        ranked = sorted((entry for entry in found if entry.label == label), key=lambda entry: -entry.score)
        for rank, (sample, box, _, _) in enumerate(ranked, start=1):
            fits = [(overlap(box, truth), i) for i, (s, truth) in enumerate(left) if s == sample]
            best = max(fits, default=(0.0, -1))
            if best[0] >= threshold:
                hits += 1
                del left[best[1]]
            points.append((hits / total, hits / rank))
        averages.append(sum(max((p for r, p in points if r >= recall), default=0.0) for recall in RECALLS) / 101)
    return sum(averages) / len(averages)


def overlap(one: Box, other: Box) -> float:
    """Intersection over union."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    shared = max(0.0, width) * max(0.0, height)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return shared / (sum(areas) - shared)
