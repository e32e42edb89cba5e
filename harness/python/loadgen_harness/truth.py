"""What is to be found: a dataset's images, boxes and categories, in COCO's format."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Image = dict[str, Any]
"""An entry of the annotations' `images`: id, height, width, file_name."""

Entry = dict[str, Any]
"""An entry of `annotations` or `categories`."""


class TruthError(Exception):
    """The annotations are none, or none that can be scored against."""


@dataclass(frozen=True)
class Truth:
    """The annotations of a dataset; the order of its images is that of LoadGen's samples."""

    images: Sequence[Image]
    categories: Sequence[Entry]
    boxes: Mapping[int, Sequence[Entry]]
    """The entries of `annotations` by image id; an image without any may be absent."""

    def on(self, image: Image) -> Sequence[Entry]:
        """Return what is to be found on one image."""
        return self.boxes.get(image["id"], ())


def read_truth(path: Path) -> Truth:
    """Read a file of annotations. Raises TruthError."""
    try:
        document = json.loads(path.read_bytes())
        images, categories, entries = document["images"], document["categories"], document["annotations"]
        _check_ids("image", images)
        _check_ids("category", categories)
        _check_ids("annotation", entries)
        boxes: dict[int, list[Entry]] = {image["id"]: [] for image in images}
        for entry in entries:
            boxes[entry["image_id"]].append(entry)
    except (ValueError, KeyError, TypeError) as error:
        raise TruthError(f"no annotations in COCO's format: {type(error).__name__}: {error}") from error
    return Truth(images, categories, boxes)


def _check_ids(kind: str, entries: Sequence[Entry]) -> None:
    """See that ids tell the entries apart.

    An annotation's id must not be 0 either: pycocotools, and with it MLPerf's script, counts what is matched with
    annotation 0 as missed.
    """
    ids = Counter(entry["id"] for entry in entries)
    for name, times in ids.items():
        if not isinstance(name, int):
            raise TruthError(f"{kind} {name!r}: an id is a whole number")
        if times > 1:
            raise TruthError(f"{kind} {name}: {times} have this id")
    if kind == "annotation" and 0 in ids:
        raise TruthError("annotation 0: ids of annotations begin at 1; COCO's scoring takes 0 for none")
