"""`python -m benchmarks.full_set FOLDER [DETECTIONS]`: annotations and a log of the size of the whole of Open Images.

Nothing in it was seen by a model, but it is distributed like it: most boxes belong to few categories, many images have
few boxes and few have many, half of the detections lie near a box, scores are mostly low, and many are equal.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from loadgen_harness.detections import print_records

IMAGES = 24_781
CATEGORIES = 264
BOXES = 159_841
DETECTIONS = 248_550
"""About ten an image."""
SEED = 42

Columns = dict[str, Any]
"""Arrays of one length: image, category, box (x, y, width, height, in shares of the image), and a score or a crowd."""


def write(folder: Path, detections: int) -> None:
    """Write `truth.json` and `log.json`."""
    draw = np.random.RandomState(SEED)  # whose draws numpy has promised not to change
    sides = np.where(draw.rand(IMAGES, 1) < 0.5, [[768, 1024]], [[1024, 683]])  # noqa: PLR2004  height, width
    truth = draw_truth(draw)
    found = draw_found(draw, truth, detections)
    (folder / "truth.json").write_text(json.dumps(annotations(truth, sides)))
    write_log(folder / "log.json", found)


def draw_truth(draw: Any) -> Columns:  # noqa: ANN401  numpy's
    """Where the boxes are."""
    popular = draw.gamma(0.7, size=IMAGES)
    common = 1 / np.arange(1, CATEGORIES + 1)
    sizes = np.exp(draw.normal(-1.6, 0.9, (BOXES, 2))).clip(0.01, 1)
    return {
        "image": draw.choice(IMAGES, BOXES, p=popular / popular.sum()),
        "category": draw.permutation(CATEGORIES)[draw.choice(CATEGORIES, BOXES, p=common / common.sum())],
        "box": np.concatenate([draw.rand(BOXES, 2) * (1 - sizes), sizes], axis=1),
        "crowd": draw.rand(BOXES) < 0.05,  # noqa: PLR2004
    }


def draw_found(draw: Any, truth: Columns, count: int) -> Columns:  # noqa: ANN401  numpy's
    """What was detected, sorted by image and score."""
    near = draw.randint(0, BOXES, count)
    image = np.where(draw.rand(count) < 0.5, truth["image"][near], draw.randint(0, IMAGES, count))  # noqa: PLR2004
    category = np.where(draw.rand(count) < 0.85, truth["category"][near], draw.randint(0, CATEGORIES, count))  # noqa: PLR2004
    score = np.round(0.05 + 0.95 * draw.beta(1, 4, count), 4)
    box = truth["box"][near] * np.exp(draw.normal(0, 0.1, (count, 4)))
    order = np.lexsort((-score, image))
    return {"image": image[order], "category": category[order], "box": box[order], "score": score[order]}


def annotations(truth: Columns, sides: Any) -> dict[str, Any]:  # noqa: ANN401  numpy's
    """The truth in COCO's format."""
    pixels = truth["box"] * sides[truth["image"]][:, [1, 0, 1, 0]]
    rows = zip(*(truth[name].tolist() for name in ("image", "category", "crowd")), pixels.tolist(), strict=True)
    return {
        "images": [
            {"id": position + 1, "file_name": f"{position:016x}.jpg", "height": height, "width": width}
            for position, (height, width) in enumerate(sides.tolist())
        ],
        "categories": [{"id": category, "name": f"category {category}"} for category in range(CATEGORIES)],
        "annotations": [
            {
                "id": number,
                "image_id": image + 1,
                "category_id": category,
                "bbox": box,
                "area": box[2] * box[3],
                "iscrowd": int(crowd),
            }
            for number, (image, category, crowd, box) in enumerate(rows, 1)
        ],
    }


def write_log(path: Path, found: Columns) -> None:
    """Write what was found as LoadGen logs it."""
    x, y, width, height = found["box"].T
    columns = [found["image"], y, x, y + height, x + width, found["score"], found["category"]]
    records = np.stack(columns, axis=1)
    ends = np.searchsorted(found["image"], np.arange(IMAGES + 1))
    with path.open("w") as log:
        for sample in range(IMAGES):
            data = print_records(records[ends[sample] : ends[sample + 1]])
            log.write(f'{"," if sample else "["}\n{{ "seq_id" : {sample}, "qsl_idx" : {sample}, "data" : "{data}" }}')
        log.write("\n]\n")


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]) if sys.argv[2:] else DETECTIONS)
