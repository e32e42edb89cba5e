"""What was detected on some pictures of an accuracy run, beside what is there: boxes, read from LoadGen's log."""

import math
import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from pydantic_core import from_json

from envmgr.results.loadgen_logs import UnreadableResultError

_ANSWER = re.compile(r'"qsl_idx"\s*:\s*(\d+)\s*,\s*"data"\s*:\s*"((?:[0-9A-Fa-f]{2})*)"')
_OBJECT = struct.Struct("<7f")
LEAST_SCORE = 0.5
"""What scores less is not shown."""
LEAST_OVERLAP = 0.5
"""Intersection over union from which on two boxes are of one object."""


@dataclass(frozen=True)
class Box:
    """A box in pixels of the picture."""

    x: float
    y: float
    width: float
    height: float
    label: str
    score: float = 1.0
    """1 for what is there."""

    def overlap(self, other: "Box") -> float:
        """Intersection over union."""
        across = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        down = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        common = max(0.0, across) * max(0.0, down)
        return common / (self.width * self.height + other.width * other.height - common) if common else 0.0


@dataclass(frozen=True)
class Picture:
    """One picture with what is there and what was found."""

    file: str
    width: int
    height: int
    truth: tuple[Box, ...]
    found: tuple[Box, ...]
    """The surest first; nothing that scores less than LEAST_SCORE."""

    @property
    def hits(self) -> int:
        """How many of what is there were found: the same label, and enough of the box; each counts once."""
        free, hits = list(self.truth), 0
        for box in self.found:
            near = [item for item in free if item.label == box.label and item.overlap(box) >= LEAST_OVERLAP]
            if near:
                free.remove(max(near, key=box.overlap))
                hits += 1
        return hits


def pictures(log: Path, annotations: Path, count: int) -> list[Picture]:
    """The first pictures that the log has an answer for. A log that speaks of other data has none.

    Raises:
        UnreadableResultError: the annotations are none in COCO's format.
    """
    answers = dict(islice(_answers(log), count))
    try:
        return list(_pictures(from_json(annotations.read_bytes()), answers))  # 40 MB, of Open Images
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise UnreadableResultError(annotations, f"{type(error).__name__}: {error}") from error


def _pictures(document: dict[str, Any], answers: Mapping[int, bytes]) -> Iterator[Picture]:
    labels = {item["id"]: str(item["name"]) for item in document["categories"]}
    chosen = [
        (document["images"][sample], data) for sample, data in answers.items() if sample < len(document["images"])
    ]
    truth: dict[int, list[Box]] = {image["id"]: [] for image, _ in chosen}
    for entry in document["annotations"]:
        if entry["image_id"] in truth:
            x, y, width, height = entry["bbox"]
            truth[entry["image_id"]].append(Box(x, y, width, height, labels.get(entry["category_id"], "?")))
    for image, data in chosen:
        found = tuple(_found(data, image, labels))
        yield Picture(str(image["file_name"]), image["width"], image["height"], tuple(truth[image["id"]]), found)


def _answers(log: Path) -> Iterator[tuple[int, bytes]]:
    with log.open(encoding="ascii", errors="replace") as lines:
        for line in lines:
            for sample, data in _ANSWER.findall(line):
                yield int(sample), bytes.fromhex(data)


def _found(data: bytes, image: Mapping[str, Any], labels: Mapping[int, str]) -> Sequence[Box]:
    """The boxes of one answer: seven float32 an object, sides as shares of the picture's."""
    boxes = []
    width, height = image["width"], image["height"]
    for _, top, left, bottom, right, score, label in _OBJECT.iter_unpack(data[: len(data) // 28 * 28]):
        if score >= LEAST_SCORE and all(map(math.isfinite, (top, left, bottom, right, score, label))):
            name = labels.get(int(label), "?")
            boxes.append(
                Box(left * width, top * height, (right - left) * width, (bottom - top) * height, name, round(score, 3))
            )
    return sorted(boxes, key=lambda box: -box.score)
