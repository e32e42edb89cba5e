"""COCO's twelve statistics of the detections on many images.

Two evaluators come to the same digits: hotcoco is for use, pycocotools is the reference, and takes fifty times
as long and twenty times the memory for the whole of Open Images. Either way pycocotools sums up and prints.
"""

import contextlib
import sys
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np

from loadgen_harness.truth import Image, Truth

STATISTICS = (
    "AP",
    "AP50",
    "AP75",
    "AP_small",
    "AP_medium",
    "AP_large",
    "AR_1",
    "AR_10",
    "AR_100",
    "AR_small",
    "AR_medium",
    "AR_large",
)
"""Names for the twelve numbers of COCO's summary, in its order; each is a share, 0 to 1, or -1 when nothing counts."""

Detections = Any
"""A numpy array of float64, shape (N, 7), a row a detection: image id, x, y, width, height, score, category id."""

Curves = Any
"""Precision and recall by overlap, category, area and number of detections: pycocotools' `COCOeval.eval`."""


class Evaluation(Protocol):
    """Detections held against the truth. Only images that were added count."""

    def add(self, image: Image, detections: Detections) -> None:
        """Take all detections on one image, which may be none. An image is added once."""

    def curves(self) -> Curves:
        """Return what came of it all."""


class FastEvaluation:
    """By hotcoco, which settles each image as it comes and keeps of it only what counts."""

    def __init__(self, truth: Truth) -> None:
        from hotcoco import StreamingEval

        self._truth = truth
        self._labels = {category["id"] for category in truth.categories}
        self._stream = StreamingEval(list(truth.categories), "bbox")

    def add(self, image: Image, detections: Detections) -> None:
        """Take an image; what is none of the truth's categories is left out, as pycocotools does it."""
        if not self._labels.issuperset(detections[:, 6].tolist()):
            detections = detections[np.isin(detections[:, 6], list(self._labels))]
        self._stream.update([image], list(self._truth.on(image)), detections)

    def curves(self) -> Curves:
        """Return the curves of the images so far."""
        evaluation = self._stream.finalize()
        evaluation.accumulate()
        return evaluation.eval


class ReferenceEvaluation:
    """By pycocotools, as MLPerf's accuracy script does it."""

    def __init__(self, truth: Truth) -> None:
        self._truth = truth
        self._seen: list[int] = []
        self._detections: list[Detections] = []

    def add(self, image: Image, detections: Detections) -> None:
        """Take an image."""
        self._seen.append(image["id"])
        self._detections.append(detections)

    def curves(self) -> Curves:
        """Evaluate all images at once."""
        from pycocotools.coco import COCO
        from pycocotools.cocoeval import COCOeval

        with contextlib.redirect_stdout(sys.stderr):  # pycocotools talks while it works
            truth, found = COCO(), COCO()
            boxes = [entry for entries in self._truth.boxes.values() for entry in entries]
            truth.dataset = {"images": self._truth.images, "categories": self._truth.categories, "annotations": boxes}
            truth.createIndex()
            if any(map(len, self._detections)):  # pycocotools cannot load none
                found = truth.loadRes(np.concatenate(self._detections))
            evaluation = COCOeval(truth, found, iouType="bbox")
            evaluation.params.imgIds = sorted(self._seen)
            evaluation.evaluate()
            evaluation.accumulate()
        return evaluation.eval


EVALUATORS: Mapping[str, Callable[[Truth], Evaluation]] = {
    "hotcoco": FastEvaluation,
    "pycocotools": ReferenceEvaluation,
}


def by_category(curves: Curves, truth: Truth) -> list[dict[str, Any]]:
    """Return each category that has boxes in the truth of the images seen: its name, AP and AP50, as shares.

    They are what pycocotools averages over all categories. Boxes of crowds alone count as none.
    """
    precision = np.asarray(curves["precision"])[:, :, :, 0, -1]
    kept = sorted(truth.categories, key=lambda category: category["id"])
    means = [(category, precision[:, :, place]) for place, category in enumerate(kept)]
    return [
        {"name": str(category["name"]), "AP": float(seen.mean()), "AP50": float(seen[0].mean())}
        for category, seen in means
        if seen.max() > -1
    ]


def summarize(curves: Curves) -> dict[str, float]:
    """Print COCO's twelve lines and return the numbers by name."""
    from pycocotools.cocoeval import COCOeval

    evaluation = COCOeval(iouType="bbox")
    evaluation.eval = curves
    evaluation.summarize()
    return dict(zip(STATISTICS, map(float, evaluation.stats), strict=True))
