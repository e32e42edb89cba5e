"""What is to be found: a dataset's images, boxes and categories, in COCO's format."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from loadgen_harness.bad_file import BadFileError, reading

Image = dict[str, Any]
"""An entry of the annotations' `images`: id, height, width, file_name."""

Entry = dict[str, Any]
"""An entry of `annotations` or `categories`."""


class TruthError(BadFileError):
    """The annotations are missing, none, or none that can be scored against."""

    fix = "let the tensors folder have the data set's own annotations: realize its recipe again, or mend them there"


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
    with reading(path, TruthError):
        text = path.read_bytes()
    try:
        return _truth(path, json.loads(text))
    except KeyError as error:
        raise TruthError(path, f"no annotations in COCO's format: {error} is missing") from error
    except (ValueError, TypeError) as error:
        raise TruthError(path, f"no annotations in COCO's format: {error}") from error


def _truth(path: Path, document: dict[str, Any]) -> Truth:
    """What the file says. Raises TruthError; KeyError, TypeError where it is of another form."""
    images, categories, entries = document["images"], document["categories"], document["annotations"]
    for kind, listed in (("image", images), ("category", categories), ("annotation", entries)):
        _check_ids(path, kind, listed)
    for image in images:
        if not (image["height"] > 0 and image["width"] > 0):
            raise TruthError(path, f"image {image['id']}: its height and width are no pixels")
    boxes: dict[int, list[Entry]] = {image["id"]: [] for image in images}
    for entry in entries:
        boxes[entry["image_id"]].append(entry)
    return Truth(images, categories, boxes)


def _check_ids(path: Path, kind: str, entries: Sequence[Entry]) -> None:
    """See that ids tell the entries apart. Raises TruthError.

    An annotation's id must not be 0 either: pycocotools, and with it MLPerf's script, counts what is matched with
    annotation 0 as missed.
    """
    ids = Counter(entry["id"] for entry in entries)
    for name, times in ids.items():
        if not isinstance(name, int):
            raise TruthError(path, f"{kind} {name!r}: an id is a whole number")
        if times > 1:
            raise TruthError(path, f"{kind} {name}: {times} have this id")
    if kind == "annotation" and 0 in ids:
        raise TruthError(path, "annotation 0: ids of annotations begin at 1; COCO's scoring takes 0 for none")
