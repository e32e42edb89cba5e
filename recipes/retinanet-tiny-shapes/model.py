"""RetinaNet in its tiny form: a small residual network, a feature pyramid of three levels, two shared heads.

The same family as MLPerf's detector at a hundredth of its weights; without torchvision, so that torch is enough.
"""

import math
from typing import Final, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

SIZE: Final = 160  # pixels; width and height of the input
CLASSES: Final = 8
MEAN: Final = (0.485, 0.456, 0.406)  # of the red, green and blue channel; the graph normalises, as MLPerf's does
DEVIATION: Final = (0.229, 0.224, 0.225)
STAGES: Final = ((16, 1), (32, 1), (64, 2), (96, 1))  # (channels, blocks); each but the first halves the picture
PYRAMID: Final = 32  # channels of each pyramid level
HEAD_LAYERS: Final = 2
STRIDES: Final = (8, 16, 32)  # pixels a cell, level by level
ANCHOR_SIDES: Final = (12, 24, 48)  # pixels, level by level
ANCHOR_SCALES: Final = (1.0, 2 ** (1 / 3), 2 ** (2 / 3))
ANCHOR_RATIOS: Final = (0.5, 1.0, 2.0)  # height to width
ANCHORS_A_CELL: Final = len(ANCHOR_SCALES) * len(ANCHOR_RATIOS)


def anchors() -> list[NDArray[np.float32]]:
    """Return the anchors of each level: [cells * 9, 4], x0 y0 x1 y1 in pixels; cells row by row, ratio before scale."""
    levels = []
    for stride, side in zip(STRIDES, ANCHOR_SIDES, strict=True):
        sides = [(side * scale, ratio**0.5) for ratio in ANCHOR_RATIOS for scale in ANCHOR_SCALES]
        extents = [(length / root, length * root) for length, root in sides]
        cell = np.array([(-w / 2, -h / 2, w / 2, h / 2) for w, h in extents])
        centres = np.arange(SIZE // stride) * stride + stride / 2
        y, x = np.meshgrid(centres, centres, indexing="ij")
        levels.append((np.stack([x, y, x, y], -1).reshape(-1, 1, 4) + cell).reshape(-1, 4).astype(np.float32))
    return levels


class ConvNorm(nn.Module):
    """A convolution and its batch normalisation, without the activation."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 3, stride: int = 1) -> None:
        """Make one of `kernel` x `kernel`, padded so that only the stride changes the size."""
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, inputs, H, W] to [B, outputs, H / stride, W / stride]."""
        return self.norm(self.conv(x))  # type: ignore[no-any-return]

    def folded(self) -> tuple[Tensor, Tensor]:
        """Return weight and bias of the one convolution that does the same at inference."""
        norm, mean, variance = self.norm, cast("Tensor", self.norm.running_mean), cast("Tensor", self.norm.running_var)
        scale = norm.weight.double() / torch.sqrt(variance.double() + norm.eps)
        weight = self.conv.weight.double() * scale[:, None, None, None]
        bias = norm.bias.double() - mean.double() * scale
        return weight.float().detach(), bias.float().detach()


class Block(nn.Module):
    """Two convolutions and a way around them."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        """Make a block; the way around is a 1x1 convolution where the shape changes."""
        super().__init__()
        self.first = ConvNorm(inputs, outputs, 3, stride)
        self.second = ConvNorm(outputs, outputs)
        self.around = ConvNorm(inputs, outputs, 1, stride) if stride != 1 or inputs != outputs else None

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, inputs, H, W] to [B, outputs, H / stride, W / stride]."""
        y = self.second(functional.relu(self.first(x)))
        return functional.relu(y + (x if self.around is None else self.around(x)))


class Head(nn.Module):
    """Convolutions shared by all levels.

    The batch statistics are taken over all levels together, so that training and inference see the same distribution.
    """

    def __init__(self, outputs: int) -> None:
        """Make a head of `outputs` channels."""
        super().__init__()
        self.layers = nn.ModuleList(ConvNorm(PYRAMID, PYRAMID) for _ in range(HEAD_LAYERS))
        self.out = nn.Conv2d(PYRAMID, outputs, 3, 1, 1)

    def shared(self) -> list[ConvNorm]:
        """Return the layers before the last one."""
        return cast("list[ConvNorm]", list(self.layers))

    def forward(self, levels: list[Tensor]) -> list[Tensor]:
        """Map each [B, 32, H, W] to [B, outputs, H, W]."""
        for layer in self.shared():
            convolved = [layer.conv(level) for level in levels]
            cells = torch.cat([level.flatten(2) for level in convolved], 2)
            normed = layer.norm(cells.unsqueeze(-1)).squeeze(-1).split([y[0, 0].numel() for y in convolved], 2)
            levels = [functional.relu(n.reshape(y.shape)) for n, y in zip(normed, convolved, strict=True)]
        return [self.out(level) for level in levels]


class RetinaNet(nn.Module):
    """The detector up to its raw answers; emit_onnx adds what turns them into boxes."""

    mean: Tensor
    deviation: Tensor

    def __init__(self) -> None:
        """Make the network with fresh weights from torch's global generator."""
        super().__init__()
        channels = STAGES[0][0]
        self.stem = ConvNorm(3, channels, 3, 2)
        self.stages = nn.ModuleList()
        for k, (outputs, blocks) in enumerate(STAGES):
            first = Block(channels, outputs, 1 if k == 0 else 2)
            self.stages.append(nn.Sequential(first, *(Block(outputs, outputs, 1) for _ in range(blocks - 1))))
            channels = outputs
        self.lateral = nn.ModuleList(nn.Conv2d(outputs, PYRAMID, 1) for outputs, _ in STAGES[1:])
        self.smooth = nn.ModuleList(nn.Conv2d(PYRAMID, PYRAMID, 3, 1, 1) for _ in STAGES[1:])
        self.classes = Head(ANCHORS_A_CELL * CLASSES)
        self.boxes = Head(ANCHORS_A_CELL * 4)
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1), persistent=False)
        self.register_buffer("deviation", torch.tensor(DEVIATION).view(1, 3, 1, 1), persistent=False)
        self._initialise()

    def _initialise(self) -> None:
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        for out in (self.classes.out, self.boxes.out):
            nn.init.normal_(out.weight, std=0.01)
            nn.init.zeros_(out.bias)  # type: ignore[arg-type]
        # Each anchor starts at one in a hundred for each class: else the many empty ones drown the first steps.
        nn.init.constant_(self.classes.out.bias, -math.log(99))  # type: ignore[arg-type]

    def pyramid(self, images: Tensor) -> list[Tensor]:
        """Map [B, 3, 160, 160] of 0 .. 1 to the three levels [B, 32, 20, 20], [B, 32, 10, 10], [B, 32, 5, 5]."""
        x = functional.relu(self.stem((images - self.mean) / self.deviation))
        x = functional.max_pool2d(x, 3, 2, 1)
        stages = []
        for stage in self.stages:
            x = stage(x)
            stages.append(x)
        levels = [lateral(stage) for lateral, stage in zip(self.lateral, stages[1:], strict=True)]
        for k in (1, 0):
            levels[k] = levels[k] + functional.interpolate(levels[k + 1], size=levels[k].shape[2:], mode="nearest")
        return [smooth(level) for smooth, level in zip(self.smooth, levels, strict=True)]

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Map [B, 3, 160, 160] of 0 .. 1 to class logits [B, A, 8] and box offsets [B, A, 4], A as in anchors()."""
        levels = self.pyramid(images)
        return _by_anchor(self.classes(levels), CLASSES), _by_anchor(self.boxes(levels), 4)


def _by_anchor(levels: list[Tensor], values: int) -> Tensor:
    """Map each [B, 9 * values, H, W] to [B, H * W * 9, values] and join the levels."""
    split = [y.reshape(len(y), ANCHORS_A_CELL, values, *y.shape[2:]) for y in levels]
    return torch.cat([y.permute(0, 3, 4, 1, 2).reshape(len(y), -1, values) for y in split], 1)
