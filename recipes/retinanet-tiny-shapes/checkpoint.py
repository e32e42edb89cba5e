"""Write the weights of an ONNX file of retinanet-tiny-shapes as a PyTorch checkpoint: checkpoint.py MODEL.onnx OUT.pth.

The checkpoint has the names of MLPerf's: `model` is the state dict, and `form` says what differs from MLPerf's network.
The convolutions of the graph are named by the order in which emit_onnx wrote them; batch normalisation is folded away.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import onnx
import torch
from emit_onnx import CANDIDATES, DETECTIONS, LEAST_SCORE, MOST_OVERLAP
from model import ANCHOR_RATIOS, ANCHOR_SCALES, ANCHOR_SIDES, DEVIATION, HEAD_LAYERS, MEAN, STAGES, STRIDES
from onnx import numpy_helper


def main(model: Path, out: Path) -> None:
    """Convert one file."""
    torch.save({"model": state_of(onnx.load(model).graph), "form": form()}, out)


def state_of(graph: onnx.GraphProto) -> dict[str, torch.Tensor]:
    """Return the state dict: the weight and bias of each convolution, by name."""
    constants = {tensor.name: tensor for tensor in graph.initializer}
    pairs = list(dict.fromkeys(tuple(node.input[1:]) for node in graph.node if node.op_type == "Conv"))
    state = {}
    for name, pair in zip(convolutions(), pairs, strict=True):
        for part, constant in zip(("weight", "bias"), pair, strict=True):
            state[f"{name}.{part}"] = torch.from_numpy(numpy_helper.to_array(constants[constant]).copy())
    return state


def convolutions() -> Iterator[str]:
    """Yield the names in the graph's order; the heads are shared by all levels, and stand there once."""
    yield "backbone.body.conv1"
    channels = STAGES[0][0]
    for layer, (outputs, blocks) in enumerate(STAGES, start=1):
        for block in range(blocks):
            name = f"backbone.body.layer{layer}.{block}"
            yield from (f"{name}.conv1", f"{name}.conv2")
            if block == 0 and (layer > 1 or outputs != channels):
                yield f"{name}.downsample.0"
        channels = outputs
    for kind in ("inner_blocks", "layer_blocks"):
        yield from (f"backbone.fpn.{kind}.{level}" for level in range(len(STRIDES)))
    for head, last in (("classification_head", "cls_logits"), ("regression_head", "bbox_reg")):
        yield from (f"head.{head}.conv.{2 * layer}" for layer in range(HEAD_LAYERS))
        yield f"head.{head}.{last}"


def form() -> dict[str, object]:
    """Return what the weights do not tell, in the words of the harness (loadgen_harness/retinanet.py)."""
    return {
        "anchor_sides": [[side * scale for scale in ANCHOR_SCALES] for side in ANCHOR_SIDES],
        "anchor_ratios": list(ANCHOR_RATIOS),
        "whole_anchors": False,
        "candidates": CANDIDATES,
        "detections": DETECTIONS,
        "least_score": LEAST_SCORE,
        "most_overlap": MOST_OVERLAP,
        "mean": list(MEAN),
        "deviation": list(DEVIATION),
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
