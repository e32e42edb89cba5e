"""What the network should have answered: objects assigned to anchors, and the loss against it."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from model import anchors
from torch import Tensor
from torch.nn import functional

_OBJECT: Final = 0.5  # overlap of an anchor with an object from which on it has to find it
_BACKGROUND: Final = 0.4  # overlap below which it has to find nothing; between the two its answer does not count
_LAST_CHANCE: Final = 0.2  # overlap from which on the best anchor of an object has to find it in any case
_ANCHORS = torch.from_numpy(np.concatenate(anchors()))
_EXTENTS = _ANCHORS[:, 2:] - _ANCHORS[:, :2]
_CENTRES = (_ANCHORS[:, 2:] + _ANCHORS[:, :2]) / 2


@dataclass(frozen=True)
class Targets:
    """For each anchor: the class (-1 is background), the box offset, and 0 where the loss shall not look, else 1."""

    classes: Tensor
    offsets: Tensor
    weights: Tensor


def assign(boxes: Tensor, labels: Tensor) -> Targets:
    """Give each anchor the object that it overlaps most, and each object at least its best anchors.

    boxes: [N, 4] x0 y0 x1 y1 in pixels of the network's input; labels: [N].
    """
    count = len(_ANCHORS)
    classes, offsets, weights = torch.full((count,), -1), torch.zeros(count, 4), torch.ones(count)
    if len(boxes) == 0:
        return Targets(classes, offsets, weights)
    overlap = _overlap(boxes)
    most, nearest = overlap.max(1)
    best = overlap.max(0).values
    forced = (overlap >= best - 1e-4) & (best > _LAST_CHANCE)
    chosen = (most >= _OBJECT) | forced.any(1)
    weights[(most >= _BACKGROUND) & ~chosen] = 0
    nearest = torch.where(forced.any(1), forced.float().argmax(1), nearest)
    classes[chosen] = labels[nearest[chosen]]
    own = boxes[nearest]
    offsets[:, :2] = ((own[:, 2:] + own[:, :2]) / 2 - _CENTRES) / _EXTENTS
    offsets[:, 2:] = torch.log((own[:, 2:] - own[:, :2]) / _EXTENTS)
    return Targets(classes, offsets, weights)


def _overlap(boxes: Tensor) -> Tensor:
    """Return intersection over union of each anchor with each box."""
    low = torch.maximum(_ANCHORS[:, None, :2], boxes[None, :, :2])
    high = torch.minimum(_ANCHORS[:, None, 2:], boxes[None, :, 2:])
    common = (high - low).clamp(min=0).prod(2)
    return common / (_EXTENTS.prod(1)[:, None] + (boxes[:, 2:] - boxes[:, :2]).prod(1) - common)


def stack(targets: list[Targets]) -> Targets:
    """Join the targets of the pictures of a batch along a new first axis."""
    return Targets(
        torch.stack([t.classes for t in targets]),
        torch.stack([t.offsets for t in targets]),
        torch.stack([t.weights for t in targets]),
    )


def losses(logits: Tensor, offsets: Tensor, targets: Targets) -> tuple[Tensor, Tensor]:
    """Return the focal loss of the classes and the smooth L1 loss of the boxes, each per object anchor of the batch."""
    found = targets.classes >= 0
    count = max(int(found.sum()), 1)
    wanted = torch.zeros_like(logits)
    wanted[found, targets.classes[found]] = 1
    chance = logits.sigmoid()
    wrong = chance + wanted - 2 * chance * wanted  # 1 minus the chance given to the truth
    cross_entropy = functional.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
    focal = (0.75 - 0.5 * wanted) * wrong**2 * cross_entropy * targets.weights[..., None]
    box = functional.smooth_l1_loss(offsets[found], targets.offsets[found], beta=0.05, reduction="sum")
    return focal.sum() / count, box / count
