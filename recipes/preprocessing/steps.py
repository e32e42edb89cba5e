"""From a picture to the tensor that a model reads, in the order of MLPerf's reference: one function a model.

Each takes the picture as OpenCV decodes it (BGR, bytes) and a size, and returns float32 [3, size, size]. The order of
the steps matters to the last bit: `retinanet` scales floats, `resnet50` scales bytes.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Tensor = NDArray[np.float32]
Steps = Callable[[NDArray[np.uint8], int], Tensor]

_KEPT: Final = 87.5
"""Per cent of the shorter side that the crop of `resnet50` keeps."""
_MEANS: Final = np.array([123.68, 116.78, 103.94], np.float32)
"""Of red, green and blue over ImageNet, which the graph does not subtract."""


class PictureError(Exception):
    """A picture is missing or broken; the message names it."""


def retinanet(picture: NDArray[np.uint8], size: int) -> Tensor:
    """To float32, to RGB, scaled to a square, 0 .. 1. Mean and deviation are the graph's own business."""
    rgb = cv2.cvtColor(picture.astype(np.float32), cv2.COLOR_BGR2RGB)
    scaled = cv2.resize(rgb, (size, size), interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(scaled.transpose(2, 0, 1) / np.float32(255))


def resnet50(picture: NDArray[np.uint8], size: int) -> Tensor:
    """To RGB, the shorter side scaled so that the crop from the middle is 87.5 % of it, to float32, minus the means."""
    rgb = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
    height, width = rgb.shape[:2]
    short = int(100.0 * size / _KEPT)
    scale = (short, int(short * height / width)) if height > width else (int(short * width / height), short)
    scaled = cv2.resize(rgb, scale, interpolation=cv2.INTER_AREA)
    top, left = int((scaled.shape[0] - size) / 2), int((scaled.shape[1] - size) / 2)
    cropped = scaled[top : top + size, left : left + size].astype(np.float32)
    return np.ascontiguousarray((cropped - _MEANS).transpose(2, 0, 1))


STEPS: Final[Mapping[str, Steps]] = {"resnet50": resnet50, "retinanet": retinanet}
"""By the model that they are for."""


def tensor_of(path: Path, steps: Steps, size: int) -> Tensor:
    """Read the picture at `path` and take the steps.

    Raises:
        PictureError: there is none, or it cannot be decoded.
    """
    if not path.is_file():
        raise PictureError(f"there is no picture {path.name} at {path}")
    picture = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR) if path.stat().st_size else None
    if picture is None:
        raise PictureError(f"the picture {path.name} at {path} cannot be decoded; is it damaged, or no picture at all?")
    return steps(picture, size)
