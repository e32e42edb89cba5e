"""Write a RetinaNet of MLPerf's full size with random weights: generate.py OUT.onnx. It detects nothing, at full cost.

ResNeXt50-32x4d with a feature pyramid, 264 classes, 800x800 pixels and 120,087 anchors; inputs and outputs are those
of the published file. Every level finds its fill of candidates and 300 objects come out: the most that suppression can
cost. The weights are bytes of SHAKE-128, scaled so that activations neither vanish nor grow: the same on any machine.
"""

import hashlib
import math
import sys
from pathlib import Path
from typing import Final

import numpy as np
from detect import Detector, detect, head, normalised, upsampled
from graph import Graph, Weights
from numpy.typing import NDArray

SIZE: Final = 800  # pixels
CLASSES: Final = 264
MEAN: Final = (0.485, 0.456, 0.406)
DEVIATION: Final = (0.229, 0.224, 0.225)
STAGES: Final = ((256, 3), (512, 4), (1024, 6), (2048, 3))  # (channels, blocks); each but the first halves the picture
GROUPS: Final = 32
PYRAMID: Final = 256  # channels of each pyramid level
CELLS: Final = (100, 50, 25, 13, 7)  # of a side, level by level
SIDES: Final = ((32, 40, 50), (64, 80, 101), (128, 161, 203), (256, 322, 406), (512, 645, 812))  # of anchors, in pixels
RATIOS: Final = (0.5, 1.0, 2.0)  # height to width
HEAD_LAYERS: Final = 4
CANDIDATES: Final = 1000
DETECTIONS: Final = 300
AFTER_RELU: Final = 2.0  # what keeps the activations' size where half of them are cut off
RESIDUE: Final = 0.125  # of a block: sixteen of them are added up


def anchors() -> list[NDArray[np.float32]]:
    """Return the anchors of each level as MLPerf's network has them: rounded, around a cell's corner."""
    levels = []
    for cells, sides in zip(CELLS, SIDES, strict=True):
        extents = [(side / math.sqrt(ratio), side * math.sqrt(ratio)) for ratio in RATIOS for side in sides]
        cell = np.round(np.array([(-w / 2, -h / 2, w / 2, h / 2) for w, h in extents]))
        corners = np.arange(cells) * (SIZE // cells)
        y, x = np.meshgrid(corners, corners, indexing="ij")
        levels.append((np.stack([x, y, x, y], -1).reshape(-1, 1, 4) + cell).reshape(-1, 4).astype(np.float32))
    return levels


class Draws:
    """Convolutions with random weights, one after another."""

    def __init__(self, graph: Graph) -> None:
        """Add to `graph`."""
        self._graph = graph
        self._drawn = 0

    def conv(
        self, inputs: int, outputs: int, kernel: int, *, stride: int = 1, groups: int = 1, gain: float = AFTER_RELU
    ) -> Weights:
        """Add one whose outputs have the mean square of its inputs, times `gain`; no bias."""
        shape = outputs, inputs // groups, kernel, kernel
        bound = math.sqrt(3 * gain / math.prod(shape[1:]))  # a uniform draw's mean square is a third of its bound's
        text = hashlib.shake_128(self._drawn.to_bytes(4, "little")).digest(2 * math.prod(shape))
        self._drawn += 1
        weight = (np.frombuffer(text, "<u2").astype(np.float64) - 32767.5) / 32767.5 * bound
        return self._graph.weights(weight.reshape(shape), np.zeros(outputs), stride, groups)


def body(graph: Graph, draws: Draws) -> list[str]:
    """Add the residual network; return what its last three stages give."""
    x = graph.relu(normalised(graph, MEAN, DEVIATION), draws.conv(3, 64, 7, stride=2))
    x = graph.add("MaxPool", x, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    stages, inputs = [], 64
    for stage, (outputs, blocks) in enumerate(STAGES):
        for number in range(blocks):
            x = block(graph, draws, x, (inputs, outputs), 2 if stage and number == 0 else 1)
            inputs = outputs
        stages.append(x)
    return stages[1:]


def block(graph: Graph, draws: Draws, x: str, channels: tuple[int, int], stride: int) -> str:
    """Add a bottleneck; the way around is a convolution where the shape changes."""
    inputs, outputs = channels
    y = graph.relu(x, draws.conv(inputs, outputs // 2, 1))
    y = graph.relu(y, draws.conv(outputs // 2, outputs // 2, 3, stride=stride, groups=GROUPS))
    y = graph.conv(y, draws.conv(outputs // 2, outputs, 1, gain=RESIDUE))
    around = x if inputs == outputs else graph.conv(x, draws.conv(inputs, outputs, 1, stride=stride))
    return graph.add("Relu", graph.add("Add", y, around))


def pyramid(graph: Graph, draws: Draws, stages: list[str]) -> list[str]:
    """Add the five levels, finest first."""
    levels = [
        graph.conv(stage, draws.conv(outputs, PYRAMID, 1))
        for stage, (outputs, _) in zip(stages, STAGES[1:], strict=True)
    ]
    for k in (1, 0):
        levels[k] = graph.add("Add", levels[k], upsampled(graph, levels[k + 1], PYRAMID, CELLS[k]))
    levels = [graph.conv(level, draws.conv(PYRAMID, PYRAMID, 3, gain=1)) for level in levels]
    sixth = graph.conv(levels[-1], draws.conv(PYRAMID, PYRAMID, 3, stride=2, gain=1))
    seventh = graph.conv(graph.add("Relu", sixth), draws.conv(PYRAMID, PYRAMID, 3, stride=2))
    return [*levels, sixth, seventh]


def main(out: Path) -> None:
    """Write the file."""
    graph = Graph()
    draws = Draws(graph)
    detector = Detector(SIZE, CLASSES, CANDIDATES, DETECTIONS, anchors())
    levels = pyramid(graph, draws, body(graph, draws))
    answers = []
    for values, gain in ((CLASSES, 0.004), (4, 0.25)):
        layers = [draws.conv(PYRAMID, PYRAMID, 3) for _ in range(HEAD_LAYERS)]
        layers.append(draws.conv(PYRAMID, detector.anchors_of_cell * values, 3, gain=gain))
        answers.append(head(graph, detector, levels, layers, values))
    detect(graph, detector, *answers)
    out.write_bytes(graph.model("retinanet-standin", SIZE).SerializeToString(deterministic=True))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
