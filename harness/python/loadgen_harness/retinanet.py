"""RetinaNet in PyTorch, without torchvision: weights by their names in MLPerf's training checkpoint, applied.

Everything that a shape of the weights tells is read from it: depth, widths, groups, levels, classes. What none tells
is a Form. Batch normalisation is folded into the convolutions before it.
"""

import argparse
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from loadgen_harness.suppression import suppress

Weights = Mapping[str, Tensor]
"""Convolutions by name: `NAME.weight`, `NAME.bias`."""

EPSILON = 1e-5
MOST_GROWTH = math.log(1000 / 16)
"""Of a box over its anchor, before the exponential."""
BODY = "backbone.body"


@dataclass(frozen=True)
class Form:
    """What the weights do not tell; by default MLPerf's RetinaNet."""

    anchor_sides: tuple[tuple[float, ...], ...] = (
        (32, 40, 50), (64, 80, 101), (128, 161, 203), (256, 322, 406), (512, 645, 812),
    )  # fmt: skip
    """Pixels, level by level."""
    anchor_ratios: tuple[float, ...] = (0.5, 1.0, 2.0)
    """Height to width."""
    whole_anchors: bool = True
    """Whether anchors are rounded to pixels and lie around a cell's corner; else they lie around its middle."""
    candidates: int = 1000
    """Pairs of anchor and class that are kept of each level."""
    detections: int = 300
    """Objects of an image, at most."""
    least_score: float = 0.05
    most_overlap: float = 0.5
    """Intersection over union of two boxes of one class."""
    mean: tuple[float, ...] = (0.485, 0.456, 0.406)
    """Of red, green and blue."""
    deviation: tuple[float, ...] = (0.229, 0.224, 0.225)


def read_checkpoint(file: Path) -> tuple[Weights, Form]:
    """The weights of a checkpoint, folded, and its form: `form` where it has one, else MLPerf's.

    Raises KeyError where there is no `model`, and what torch raises where the file is no checkpoint.
    """
    with torch.serialization.safe_globals([argparse.Namespace]):  # the arguments of the training lie in it, too
        checkpoint = torch.load(file, map_location="cpu", weights_only=True)
    return fold(checkpoint["model"]), Form(**checkpoint.get("form", {}))


def fold(state: Weights) -> dict[str, Tensor]:
    """The same network without batch normalisation: each is done by the convolution before it."""
    folded = {name: tensor for name, tensor in state.items() if not _is_norm(name, state)}
    for norm in sorted({name.rpartition(".")[0] for name in state if name.endswith(".running_var")}):
        scale = state[f"{norm}.weight"].double() / torch.sqrt(state[f"{norm}.running_var"].double() + EPSILON)
        bias = state[f"{norm}.bias"].double() - state[f"{norm}.running_mean"].double() * scale
        above, _, last = norm.rpartition(".")
        conv = f"{above}.0" if last == "1" else f"{above}.{last.replace('bn', 'conv')}"
        folded[f"{conv}.weight"] = (state[f"{conv}.weight"].double() * scale[:, None, None, None]).float()
        folded[f"{conv}.bias"] = bias.float()
    return folded


def _is_norm(name: str, state: Weights) -> bool:
    return f"{name.rpartition('.')[0]}.running_var" in state


class RetinaNet:
    """A network that is ready; called by one thread at a time."""

    def __init__(self, weights: Weights, form: Form) -> None:
        self._weights = {name: _as_cpus_like(tensor) for name, tensor in weights.items()}
        self._form = form
        self._mean, self._deviation = (torch.tensor(each).view(1, 3, 1, 1) for each in (form.mean, form.deviation))
        self._anchors: list[Tensor] = []

    def __call__(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Map [1, 3, S, S] of 0 .. 1 to boxes [N, 4] in pixels, scores [N], descending, and labels [N]."""
        with torch.inference_mode():
            levels = self._pyramid(_as_cpus_like((image - self._mean) / self._deviation))
            logits = self._head("classification_head", "cls_logits", levels)
            offsets = self._head("regression_head", "bbox_reg", levels)
            if not self._anchors:
                self._anchors = anchors(self._form, image.shape[-1], [level.shape[-1] for level in levels])
            best = [self._candidates(*each) for each in zip(self._anchors, logits, offsets, strict=True)]
            boxes, scores, labels = (torch.cat(parts) for parts in zip(*best, strict=True))
            boxes = boxes.clamp(0, image.shape[-1])
        found = boxes.numpy(), scores.numpy(), labels.numpy()
        kept = torch.from_numpy(suppress(*found, self._form.most_overlap, self._form.detections))
        return boxes[kept], scores[kept], labels[kept]

    def _conv(self, name: str, x: Tensor, stride: int = 1) -> Tensor:
        """Convolve, padded so that only the stride changes the size."""
        weight = self._weights[f"{name}.weight"]
        groups, padding = x.shape[1] // weight.shape[1], weight.shape[-1] // 2
        return functional.conv2d(x, weight, self._weights[f"{name}.bias"], stride, padding, groups=groups)

    def _pyramid(self, x: Tensor) -> list[Tensor]:
        x = functional.max_pool2d(self._conv(f"{BODY}.conv1", x, 2).relu_(), 3, 2, 1)
        taken = []
        for layer in range(1, 5):
            block = 0
            while f"{BODY}.layer{layer}.{block}.conv1.weight" in self._weights:
                x = self._block(f"{BODY}.layer{layer}.{block}", x, 2 if layer > 1 and block == 0 else 1)
                block += 1
            taken.append(x)
        fpn = "backbone.fpn"
        inner = [self._conv(f"{fpn}.inner_blocks.{level}", x) for level, x in enumerate(taken[1:])]
        for level in (1, 0):
            inner[level] += functional.interpolate(inner[level + 1], size=inner[level].shape[2:], mode="nearest")
        levels = [self._conv(f"{fpn}.layer_blocks.{level}", x) for level, x in enumerate(inner)]
        if f"{fpn}.extra_blocks.p6.weight" in self._weights:
            levels.append(self._conv(f"{fpn}.extra_blocks.p6", levels[-1], 2))
            levels.append(self._conv(f"{fpn}.extra_blocks.p7", levels[-1].relu(), 2))
        return levels

    def _block(self, name: str, x: Tensor, stride: int) -> Tensor:
        """Two convolutions, or three of which the middle one may stride, and the way around them."""
        three = f"{name}.conv3.weight" in self._weights
        y = self._conv(f"{name}.conv1", x, 1 if three else stride).relu_()
        y = self._conv(f"{name}.conv2", y, stride if three else 1)
        if three:
            y = self._conv(f"{name}.conv3", y.relu_())
        around = self._conv(f"{name}.downsample.0", x, stride) if f"{name}.downsample.0.weight" in self._weights else x
        return (y + around).relu_()

    def _head(self, name: str, last: str, levels: Sequence[Tensor]) -> list[Tensor]:
        """Each level as [cells * anchors a cell, values]."""
        a_cell = len(self._form.anchor_ratios) * len(self._form.anchor_sides[0])
        answers = []
        for level in levels:
            x, layer = level, 0
            while f"head.{name}.conv.{layer}.weight" in self._weights:
                x = self._conv(f"head.{name}.conv.{layer}", x).relu_()
                layer += 2
            y = self._conv(f"head.{name}.{last}", x)
            split = y.reshape(a_cell, -1, *y.shape[2:])
            answers.append(split.permute(2, 3, 0, 1).reshape(-1, split.shape[1]))
        return answers

    def _candidates(self, anchor: Tensor, logits: Tensor, offsets: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The best pairs of anchor and class of one level: boxes, scores, labels."""
        flat, classes = logits.flatten(), logits.shape[1]
        best, places = flat.topk(min(self._form.candidates, len(flat)))
        scores = best.sigmoid()
        enough = scores > self._form.least_score
        scores, places = scores[enough], places[enough]
        rows = places // classes
        return decode(anchor[rows], offsets[rows]), scores, places % classes


def _as_cpus_like(tensor: Tensor) -> Tensor:
    """The channels of a cell side by side: a convolution takes two thirds of the time then."""
    return tensor.contiguous(memory_format=torch.channels_last) if tensor.dim() == len("NCHW") else tensor


def anchors(form: Form, size: int, cells: Sequence[int]) -> list[Tensor]:
    """The anchors of each level: [cells * cells * anchors a cell, 4], x1 y1 x2 y2 in pixels; ratio before side."""
    levels = []
    for sides, side_cells in zip(form.anchor_sides, cells, strict=True):
        roots = np.sqrt(form.anchor_ratios)
        extents = [(side / root, side * root) for root in roots for side in sides]
        cell = np.array([(-w / 2, -h / 2, w / 2, h / 2) for w, h in extents])
        stride = size // side_cells
        centres = np.arange(side_cells) * stride + (0 if form.whole_anchors else stride / 2)
        y, x = np.meshgrid(centres, centres, indexing="ij")
        around = np.stack([x, y, x, y], -1).reshape(-1, 1, 4)
        placed = around + (cell.round() if form.whole_anchors else cell)
        levels.append(torch.from_numpy(placed.reshape(-1, 4).astype(np.float32)))
    return levels


def decode(anchor: Tensor, offset: Tensor) -> Tensor:
    """Move and stretch each anchor by its offset, which is in units of its own size."""
    low, high = anchor[:, :2], anchor[:, 2:]
    extent = high - low
    centre = low + extent * 0.5 + offset[:, :2] * extent
    reach = offset[:, 2:].clamp(max=MOST_GROWTH).exp() * extent * 0.5
    return torch.cat([centre - reach, centre + reach], 1)
