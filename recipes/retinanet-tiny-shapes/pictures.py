"""The training pictures: read once, scaled to the network's input, and varied anew each time they are shown."""

import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from model import SIZE
from numpy.typing import NDArray

Floats = NDArray[np.float32]
_HALF: Final = 0.5


@dataclass(frozen=True)
class Sample:
    """A picture and its objects: pixels [3, 160, 160] RGB, boxes [N, 4] x0 y0 x1 y1 in its pixels, labels [N]."""

    pixels: NDArray[Any]
    boxes: Floats
    labels: NDArray[np.int64]


def load(data: Path) -> list[Sample]:
    """Read the training split under `data`; pixels are rounded to bytes, a quarter of the memory."""
    document = json.loads((data / "annotations" / "train.json").read_text())
    objects = defaultdict(list)
    for entry in document["annotations"]:
        objects[entry["image_id"]].append(entry)
    return [_read(data / "train" / "data" / image["file_name"], objects[image["id"]]) for image in document["images"]]


def _read(path: Path, objects: list[dict[str, Any]]) -> Sample:
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise SystemExit(f"cannot read the training picture {path}")
    height, width = picture.shape[:2]
    rgb = cv2.cvtColor(picture.astype(np.float32), cv2.COLOR_BGR2RGB)
    pixels = cv2.resize(rgb, (SIZE, SIZE), interpolation=cv2.INTER_LINEAR).round().astype(np.uint8).transpose(2, 0, 1)
    boxes = np.array([entry["bbox"] for entry in objects], np.float32).reshape(-1, 4)
    boxes[:, 2:] += boxes[:, :2]
    boxes *= np.array([SIZE / width, SIZE / height] * 2, np.float32)
    return Sample(np.ascontiguousarray(pixels), boxes, np.array([entry["category_id"] for entry in objects], np.int64))


def vary(sample: Sample, random: np.random.RandomState) -> Sample:
    """Turn, flip, light and move a picture at random; returns float pixels, about 0 .. 1.

    The channels keep their order and their balance: two classes may differ by nothing but colour.
    """
    pixels, boxes = sample.pixels.astype(np.float32) / 255, sample.boxes.copy()
    flip_x, flip_y, transpose = random.rand(3) < _HALF
    if flip_x:
        pixels, boxes[:, [0, 2]] = pixels[:, :, ::-1], SIZE - boxes[:, [2, 0]]
    if flip_y:
        pixels, boxes[:, [1, 3]] = pixels[:, ::-1], SIZE - boxes[:, [3, 1]]
    if transpose:
        pixels, boxes = pixels.transpose(0, 2, 1), boxes[:, [1, 0, 3, 2]]
    pixels = pixels * random.uniform(0.85, 1.15) + random.uniform(-0.06, 0.06)
    varied = Sample(np.ascontiguousarray(pixels, np.float32), boxes, sample.labels)
    return _move(varied, random) if random.rand() < _HALF else varied


def _move(sample: Sample, random: np.random.RandomState) -> Sample:
    """Zoom by up to a quarter and shift by up to an eighth; objects that lose more than half leave the list."""
    scale = random.uniform(0.75, 1.25)
    shift_x, shift_y = ((1 - scale) / 2 + random.uniform(-0.12, 0.12, 2)) * SIZE
    matrix = np.array([[scale, 0, shift_x], [0, scale, shift_y]])
    channels_last = np.ascontiguousarray(sample.pixels.transpose(1, 2, 0))
    moved = cv2.warpAffine(channels_last, matrix, (SIZE, SIZE), borderValue=(0.5, 0.5, 0.5))
    whole = sample.boxes * scale + np.array([shift_x, shift_y] * 2)
    inside = whole.clip(0, SIZE)
    kept = _area(inside) > _HALF * _area(whole)
    pixels = np.ascontiguousarray(moved.transpose(2, 0, 1), np.float32)
    return Sample(pixels, inside[kept].astype(np.float32), sample.labels[kept])


def _area(boxes: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    area: NDArray[np.floating[Any]] = (boxes[:, 2:] - boxes[:, :2]).prod(1)
    return area
