"""Write a trained RetinaNet as an ONNX file with the contract of MLPerf's: images -> boxes, scores, labels.

By hand and not by torch's exporter: the bytes then depend on the weights and this file only. Normalisation, decoding
and suppression are part of the graph, so that a harness has nothing to know about anchors.
"""

import math
from pathlib import Path
from typing import Final, cast

import numpy as np
from graph import Graph
from model import (
    ANCHORS_A_CELL,
    CLASSES,
    DEVIATION,
    MEAN,
    PYRAMID,
    SIZE,
    STRIDES,
    Block,
    Head,
    RetinaNet,
    anchors,
)
from onnx import TensorProto
from torch import nn

CANDIDATES: Final = 300  # (anchor, class) pairs kept of each level
DETECTIONS: Final = 100  # kept of each picture
LEAST_SCORE: Final = 0.05
MOST_OVERLAP: Final = 0.5  # intersection over union of two boxes of one class
_MOST_GROWTH: Final = math.log(1000 / 16)  # of a box over its anchor, before the exponential


def emit(network: RetinaNet, path: Path) -> None:
    """Write `network` to `path`; batch normalisation is folded away, the batch is 1."""
    graph = Graph()
    levels = _pyramid(graph, network)
    _detect(graph, _head(graph, network.classes, levels, CLASSES), _head(graph, network.boxes, levels, 4))
    path.write_bytes(graph.model("retinanet-tiny-shapes", SIZE).SerializeToString(deterministic=True))


def _pyramid(graph: Graph, network: RetinaNet) -> list[str]:
    x = graph.add("Sub", "images", graph.floats(np.reshape(MEAN, (1, 3, 1, 1))))
    x = graph.add("Div", x, graph.floats(np.reshape(DEVIATION, (1, 3, 1, 1))))
    x = graph.add("Relu", graph.conv(x, graph.weights(network.stem)))
    x = graph.add("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    stages = []
    for stage in network.stages:
        for block in cast("nn.Sequential", stage):
            x = _block(graph, x, cast("Block", block))
        stages.append(x)
    levels = [
        graph.conv(stage, graph.weights(lateral)) for stage, lateral in zip(stages[1:], network.lateral, strict=True)
    ]
    for k in (1, 0):
        shape = graph.integers([1, PYRAMID, SIZE // STRIDES[k], SIZE // STRIDES[k]])
        how = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        levels[k] = graph.add("Add", levels[k], graph.add("Resize", levels[k + 1], "", "", shape, **how))
    return [graph.conv(level, graph.weights(smooth)) for level, smooth in zip(levels, network.smooth, strict=True)]


def _block(graph: Graph, x: str, block: Block) -> str:
    y = graph.add("Relu", graph.conv(x, graph.weights(block.first)))
    y = graph.conv(y, graph.weights(block.second))
    around = x if block.around is None else graph.conv(x, graph.weights(block.around))
    return graph.add("Relu", graph.add("Add", y, around))


def _head(graph: Graph, head: Head, levels: list[str], values: int) -> list[str]:
    """Return [anchors, values] of each level."""
    layers = [graph.weights(layer) for layer in head.shared()]
    out = graph.weights(head.out)
    answers = []
    for x, stride in zip(levels, STRIDES, strict=True):
        y = x
        for layer in layers:
            y = graph.add("Relu", graph.conv(y, layer))
        y = graph.conv(y, out)
        cells = SIZE // stride
        y = graph.add("Reshape", y, graph.integers([ANCHORS_A_CELL, values, cells, cells]))
        y = graph.add("Transpose", y, perm=[2, 3, 0, 1])
        answers.append(graph.add("Reshape", y, graph.integers([-1, values])))
    return answers


def _detect(graph: Graph, logits: list[str], offsets: list[str]) -> None:
    """Keep the best candidates of each level, decode their boxes, suppress doubles within each class."""
    scores, labels, boxes = [], [], []
    for level, level_logits, level_offsets in zip(anchors(), logits, offsets, strict=True):
        count = graph.integers([min(CANDIDATES, len(level) * CLASSES)])
        flat = graph.add("Reshape", level_logits, graph.integers([-1]))
        names = [f"{flat}_best", f"{flat}_place"]
        best, place = graph.add_all("TopK", (flat, count), names, axis=0, largest=1, sorted=1)
        scores.append(graph.add("Sigmoid", best))
        labels.append(graph.add("Mod", place, graph.integers(CLASSES)))
        anchor = graph.add("Div", place, graph.integers(CLASSES))
        anchor_boxes = graph.add("Gather", graph.floats(level), anchor, axis=0)
        boxes.append(_decode(graph, anchor_boxes, graph.add("Gather", level_offsets, anchor, axis=0)))
    _suppress(graph, *(graph.add("Concat", *each, axis=0) for each in (boxes, scores, labels)))


def _decode(graph: Graph, anchor: str, offset: str) -> str:
    """Move and stretch each anchor by its offset (in units of its own size) and cut it to the picture."""
    low, high, half = graph.slice(anchor, 0, 2), graph.slice(anchor, 2, 4), graph.floats(0.5)
    extent = graph.add("Sub", high, low)
    centre = graph.add("Add", low, graph.add("Mul", extent, half))
    centre = graph.add("Add", centre, graph.add("Mul", graph.slice(offset, 0, 2), extent))
    growth = graph.add("Exp", graph.add("Min", graph.slice(offset, 2, 4), graph.floats(_MOST_GROWTH)))
    reach = graph.add("Mul", graph.add("Mul", growth, extent), half)
    box = graph.add("Concat", graph.add("Sub", centre, reach), graph.add("Add", centre, reach), axis=1)
    return graph.add("Clip", box, graph.floats(0), graph.floats(SIZE))


def _suppress(graph: Graph, boxes: str, scores: str, labels: str) -> None:
    # One call for all classes: each class is moved to a place of its own, where no other class overlaps it.
    shift = graph.add("Mul", graph.add("Cast", labels, to=TensorProto.FLOAT), graph.floats(SIZE + 1))
    apart = graph.add("Add", boxes, graph.add("Unsqueeze", shift, graph.integers([1])))
    apart = graph.add("Unsqueeze", apart, graph.integers([0]))
    by_class = graph.add("Unsqueeze", scores, graph.integers([0, 1]))
    limits = graph.integers([DETECTIONS]), graph.floats([MOST_OVERLAP]), graph.floats([LEAST_SCORE])
    chosen = graph.add("NonMaxSuppression", apart, by_class, *limits)
    kept = graph.add("Gather", chosen, graph.integers(2), axis=1)
    for name, values in (("boxes", boxes), ("scores", scores), ("labels", labels)):
        graph.add("Gather", values, kept, output=name, axis=0)
