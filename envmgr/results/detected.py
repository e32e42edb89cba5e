"""What was detected on some pictures of an accuracy run, beside what is there: boxes, read from LoadGen's log."""

import json
import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

_ANSWER = re.compile(r'"qsl_idx"\s*:\s*(\d+)\s*,\s*"data"\s*:\s*"([0-9A-Fa-f]*)"')
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
    """The first pictures that the log has an answer for. A log that speaks of other data has none."""
    answers = dict(islice(_answers(log), count))
    document = json.loads(annotations.read_bytes())
    images, labels = document["images"], {item["id"]: item["name"] for item in document["categories"]}
    chosen = {images[sample]["id"]: data for sample, data in answers.items() if sample < len(images)}
    truth: dict[int, list[Box]] = {image: [] for image in chosen}
    for entry in document["annotations"]:
        if entry["image_id"] in truth:
            x, y, width, height = entry["bbox"]
            truth[entry["image_id"]].append(Box(x, y, width, height, labels.get(entry["category_id"], "?")))
    by_id = {images[sample]["id"]: images[sample] for sample in answers if sample < len(images)}
    return [
        Picture(
            image["file_name"],
            image["width"],
            image["height"],
            tuple(truth[key]),
            tuple(_found(chosen[key], image, labels)),
        )
        for key, image in by_id.items()
    ]


def _answers(log: Path) -> Iterator[tuple[int, bytes]]:
    with log.open(encoding="ascii", errors="replace") as lines:
        for line in lines:
            for sample, data in _ANSWER.findall(line):
                yield int(sample), bytes.fromhex(data)


def _found(data: bytes, image: "dict[str, int]", labels: "dict[int, str]") -> Sequence[Box]:
    """The boxes of one answer: seven float32 an object, sides as shares of the picture's."""
    boxes = []
    width, height = image["width"], image["height"]
    for _, top, left, bottom, right, score, label in _OBJECT.iter_unpack(data[: len(data) // 28 * 28]):
        if score >= LEAST_SCORE:
            name = labels.get(int(label), "?")
            boxes.append(
                Box(left * width, top * height, (right - left) * width, (bottom - top) * height, name, round(score, 3))
            )
    return sorted(boxes, key=lambda box: -box.score)
