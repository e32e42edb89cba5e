"""Generate the `shapes` detection set in the layout of Open Images as MLPerf uses it: generate.py OUT SPLIT COUNT.

SPLIT is `validation` or `train`; the seeds of the two are disjoint. Writes OUT/SPLIT/data/*.jpg and
OUT/annotations/openimages-mlperf.json (train: train.json), byte for byte the same on every machine: pixels come from
SHAKE-128, integers and IEEE + - * / only, and the JPEG encoder is the pinned Pillow.
"""

import argparse
import io
import json
from pathlib import Path
from typing import Final

import numpy as np
from draws import Draws
from PIL import Image
from scene import CLASSES, Thing, draw_scene

_EDITION: Final = "envmgr-shapes/1"  # changes whenever a picture changes
_ANNOTATIONS: Final = {"validation": "openimages-mlperf.json", "train": "train.json"}
_QUALITY: Final = (30, 56)


def main() -> None:
    """Write one split."""
    parser = argparse.ArgumentParser(description="Generate the shapes detection set.")
    parser.add_argument("out", type=Path, metavar="OUT", help="folder to write into")
    parser.add_argument("split", choices=sorted(_ANNOTATIONS), metavar="SPLIT", help="validation or train")
    parser.add_argument("count", type=int, metavar="COUNT", help="number of pictures")
    arguments = parser.parse_args()
    generate(arguments.out, arguments.split, arguments.count)


def generate(out: Path, split: str, count: int) -> None:
    """Write the first `count` pictures of `split` and their annotations under `out`."""
    data, annotations = out / split / "data", out / "annotations"
    data.mkdir(parents=True, exist_ok=True)
    annotations.mkdir(exist_ok=True)
    images: list[dict[str, object]] = []
    objects: list[dict[str, object]] = []
    for number in range(1, count + 1):
        seed = f"{_EDITION}/{split}/{number}"
        picture, things = draw_scene(seed)
        height, width = picture.shape[:2]
        name = f"{split}-{number:06d}.jpg"
        (data / name).write_bytes(_jpeg(picture.astype(np.uint8), Draws(f"{seed}/jpeg").between(*_QUALITY)))
        images.append({"id": number, "file_name": name, "width": width, "height": height})
        objects += [_annotation(len(objects) + k, number, thing) for k, thing in enumerate(things, 1)]
    document = {
        "info": {"description": "envmgr shapes: synthetic pictures, not photographs"},
        "licenses": [],
        "categories": [{"id": k, "name": name} for k, (name, _, _) in enumerate(CLASSES)],
        "images": images,
        "annotations": objects,
    }
    text = json.dumps(document, separators=(",", ":")) + "\n"
    (annotations / _ANNOTATIONS[split]).write_bytes(text.encode())


def _jpeg(picture: np.typing.NDArray[np.uint8], quality: int) -> bytes:
    buffer = io.BytesIO()
    # Each option that Pillow could decide for itself is said, so that a later default cannot change the bytes.
    # Colour keeps its full resolution (subsampling 0): else the encoder would mix the pixels that screens keep apart.
    Image.fromarray(picture).save(buffer, "JPEG", quality=quality, subsampling=0, optimize=False, progressive=False)
    return buffer.getvalue()


def _annotation(number: int, image: int, thing: Thing) -> dict[str, object]:
    """Return one entry of `annotations`; the keys are Open Images', the box is COCO's x, y, width, height."""
    x0, y0, x1, y1 = thing.box
    return {
        "id": number,
        "image_id": image,
        "category_id": thing.category,
        "bbox": [x0, y0, x1 - x0, y1 - y0],
        "area": (x1 - x0) * (y1 - y0),
        "iscrowd": 0,
        "IsOccluded": int(thing.occluded),
        "IsInside": 0,
        "IsDepiction": 0,
        "IsTruncated": int(thing.truncated),
        "IsGroupOf": 0,
    }


if __name__ == "__main__":
    main()
