"""What turns a RetinaNet's raw answers into boxes, as part of its graph: decoding, and suppression within each class.

With the contract of MLPerf's: outputs `boxes`, `scores` and `labels`. A harness has nothing to know of anchors then.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from graph import Graph, Weights
from numpy.typing import NDArray
from onnx import TensorProto

_MOST_GROWTH: Final = math.log(1000 / 16)  # of a box over its anchor, before the exponential


@dataclass(frozen=True)
class Detector:
    """What there is to detect, and how much of it is kept."""

    size: int
    """Pixels; width and height of the input."""
    classes: int
    candidates: int
    """(anchor, class) pairs kept of each level."""
    detections: int
    """Kept of each picture."""
    anchors: Sequence[NDArray[np.float32]]
    """Of each level: [cells * anchors of a cell, 4], x0 y0 x1 y1 in pixels; cells row by row."""
    anchors_of_cell: int = 9
    least_score: float = 0.05
    most_overlap: float = 0.5
    """Intersection over union of two boxes of one class."""

    def cells(self, level: int) -> int:
        """Return the cells of a side."""
        return math.isqrt(len(self.anchors[level]) // self.anchors_of_cell)


def normalised(graph: Graph, mean: Sequence[float], deviation: Sequence[float]) -> str:
    """Return the input, each channel moved and stretched."""
    x = graph.add("Sub", "images", graph.floats(np.reshape(mean, (1, 3, 1, 1))))
    return graph.add("Div", x, graph.floats(np.reshape(deviation, (1, 3, 1, 1))))


def upsampled(graph: Graph, x: str, channels: int, cells: int) -> str:
    """Return a level of the pyramid at the size of the next finer one."""
    shape = graph.integers([1, channels, cells, cells])
    how = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    return graph.add("Resize", x, "", "", shape, **how)


def head(graph: Graph, detector: Detector, levels: Sequence[str], layers: Sequence[Weights], values: int) -> list[str]:
    """Apply a head to each level; return [anchors, values] of each."""
    answers = []
    for level, x in enumerate(levels):
        y = x
        for layer in layers[:-1]:
            y = graph.relu(y, layer)
        y = graph.conv(y, layers[-1])
        cells = detector.cells(level)
        y = graph.add("Reshape", y, graph.integers([detector.anchors_of_cell, values, cells, cells]))
        y = graph.add("Transpose", y, perm=[2, 3, 0, 1])
        answers.append(graph.add("Reshape", y, graph.integers([-1, values])))
    return answers


def detect(graph: Graph, detector: Detector, logits: Sequence[str], offsets: Sequence[str]) -> None:
    """Keep the best candidates of each level, decode their boxes, suppress doubles within each class."""
    scores, labels, boxes = [], [], []
    for level, level_logits, level_offsets in zip(detector.anchors, logits, offsets, strict=True):
        count = graph.integers([min(detector.candidates, len(level) * detector.classes)])
        flat = graph.add("Reshape", level_logits, graph.integers([-1]))
        names = [f"{flat}_best", f"{flat}_place"]
        best, place = graph.add_all("TopK", (flat, count), names, axis=0, largest=1, sorted=1)
        scores.append(graph.add("Sigmoid", best))
        labels.append(graph.add("Mod", place, graph.integers(detector.classes)))
        anchor = graph.add("Div", place, graph.integers(detector.classes))
        anchor_boxes = graph.add("Gather", graph.floats(level), anchor, axis=0)
        offset = graph.add("Gather", level_offsets, anchor, axis=0)
        boxes.append(_decode(graph, detector.size, anchor_boxes, offset))
    _suppress(graph, detector, *(graph.add("Concat", *each, axis=0) for each in (boxes, scores, labels)))


def _decode(graph: Graph, size: int, anchor: str, offset: str) -> str:
    """Move and stretch each anchor by its offset (in units of its own size) and cut it to the picture."""
    low, high, half = graph.slice(anchor, 0, 2), graph.slice(anchor, 2, 4), graph.floats(0.5)
    extent = graph.add("Sub", high, low)
    centre = graph.add("Add", low, graph.add("Mul", extent, half))
    centre = graph.add("Add", centre, graph.add("Mul", graph.slice(offset, 0, 2), extent))
    growth = graph.add("Exp", graph.add("Min", graph.slice(offset, 2, 4), graph.floats(_MOST_GROWTH)))
    reach = graph.add("Mul", graph.add("Mul", growth, extent), half)
    box = graph.add("Concat", graph.add("Sub", centre, reach), graph.add("Add", centre, reach), axis=1)
    return graph.add("Clip", box, graph.floats(0), graph.floats(size))


def _suppress(graph: Graph, detector: Detector, boxes: str, scores: str, labels: str) -> None:
    # One call for all classes: each class is moved to a place of its own, where no other class overlaps it.
    shift = graph.add("Mul", graph.add("Cast", labels, to=TensorProto.FLOAT), graph.floats(detector.size + 1))
    apart = graph.add("Add", boxes, graph.add("Unsqueeze", shift, graph.integers([1])))
    apart = graph.add("Unsqueeze", apart, graph.integers([0]))
    by_class = graph.add("Unsqueeze", scores, graph.integers([0, 1]))
    most, overlap = graph.integers([detector.detections]), graph.floats([detector.most_overlap])
    limits = most, overlap, graph.floats([detector.least_score])
    chosen = graph.add("NonMaxSuppression", apart, by_class, *limits)
    kept = graph.add("Gather", chosen, graph.integers(2), axis=1)
    for name, values in (("boxes", boxes), ("scores", scores), ("labels", labels)):
        graph.add("Gather", values, kept, output=name, axis=0)
