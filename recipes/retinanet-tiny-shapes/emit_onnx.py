"""Write a trained RetinaNet as an ONNX file with the contract of MLPerf's: images -> boxes, scores, labels.

By hand and not by torch's exporter: the bytes then depend on the weights and these files only. Normalisation, decoding
and suppression are part of the graph (detect.py).
"""

from pathlib import Path
from typing import Final, cast

from detect import Detector, detect, head, normalised, upsampled
from graph import Graph, Weights
from model import (
    ANCHORS_A_CELL,
    CLASSES,
    DEVIATION,
    MEAN,
    PYRAMID,
    SIZE,
    STRIDES,
    Block,
    ConvNorm,
    RetinaNet,
    anchors,
)
from torch import Tensor, nn

CANDIDATES: Final = 300  # (anchor, class) pairs kept of each level
DETECTIONS: Final = 100  # kept of each picture
LEAST_SCORE: Final = 0.05
MOST_OVERLAP: Final = 0.5  # intersection over union of two boxes of one class


def emit(network: RetinaNet, path: Path) -> None:
    """Write `network` to `path`; batch normalisation is folded away, the batch is 1."""
    graph = Graph()
    detector = Detector(SIZE, CLASSES, CANDIDATES, DETECTIONS, anchors(), ANCHORS_A_CELL, LEAST_SCORE, MOST_OVERLAP)
    levels = _pyramid(graph, network)
    logits, offsets = (
        head(graph, detector, levels, [_weights(graph, layer) for layer in (*part.shared(), part.out)], n)
        for part, n in ((network.classes, CLASSES), (network.boxes, 4))
    )
    detect(graph, detector, logits, offsets)
    path.write_bytes(graph.model("retinanet-tiny-shapes", SIZE).SerializeToString(deterministic=True))


def _weights(graph: Graph, layer: nn.Module) -> Weights:
    if isinstance(layer, ConvNorm):
        weight, bias = layer.folded()
        return graph.weights(weight.numpy(), bias.numpy(), layer.conv.stride[0])
    conv = cast("nn.Conv2d", layer)
    return graph.weights(conv.weight.detach().numpy(), cast("Tensor", conv.bias).detach().numpy(), conv.stride[0])


def _pyramid(graph: Graph, network: RetinaNet) -> list[str]:
    x = graph.relu(normalised(graph, MEAN, DEVIATION), _weights(graph, network.stem))
    x = graph.add("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    stages = []
    for stage in network.stages:
        for block in cast("nn.Sequential", stage):
            x = _block(graph, x, cast("Block", block))
        stages.append(x)
    levels = [
        graph.conv(stage, _weights(graph, lateral)) for stage, lateral in zip(stages[1:], network.lateral, strict=True)
    ]
    for k in (1, 0):
        finer = upsampled(graph, levels[k + 1], PYRAMID, SIZE // STRIDES[k])
        levels[k] = graph.add("Add", levels[k], finer)
    return [graph.conv(level, _weights(graph, smooth)) for level, smooth in zip(levels, network.smooth, strict=True)]


def _block(graph: Graph, x: str, block: Block) -> str:
    y = graph.relu(x, _weights(graph, block.first))
    y = graph.conv(y, _weights(graph, block.second))
    around = x if block.around is None else graph.conv(x, _weights(graph, block.around))
    return graph.add("Relu", graph.add("Add", y, around))
