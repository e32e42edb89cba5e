"""Draw MLPerf's subset of Open Images: draw.py ANNOTATIONS OUT --pool 24781 --classes SHA256.

The reference draws with numpy's legacy generator, seed 42, *with replacement*, from the pictures that have a box of
one of the 264 classes, in the order of their ids. So 500 draws are 495 pictures, and 10 draws are the first of 500.
DRAWS in the environment says how many; 0: all.

Writes OUT/names.txt (the ids) and OUT/annotations/openimages-mlperf.json: the official boxes of the pictures drawn,
each picture once, in the order of their ids. Of all pictures it is the official file as it is.
"""

import argparse
import json
import os
import re
import shutil
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import numpy as np

_ANNOTATIONS: Final = Path("annotations", "openimages-mlperf.json")
_SEED: Final = 42
_FILE_NAME: Final = re.compile(r"([0-9a-f]{16})\.jpg")


def main() -> None:
    """Write one subset."""
    parser = argparse.ArgumentParser(description="Draw MLPerf's subset of Open Images.")
    parser.add_argument("annotations", type=Path, metavar="ANNOTATIONS", help="the official file of all pictures")
    parser.add_argument("out", type=Path, metavar="OUT", help="folder to write into")
    parser.add_argument("--pool", type=int, required=True, help="how many pictures the official file must have")
    parser.add_argument("--classes", required=True, help="SHA-256 of the names of its classes, a line each")
    arguments = parser.parse_args()
    draws = int(os.environ["DRAWS"])
    official = json.loads(arguments.annotations.read_text())
    _check(official, arguments.pool, arguments.classes)
    place = arguments.out / _ANNOTATIONS
    place.parent.mkdir(parents=True)
    if draws:
        official = subset(official, draws)
        place.write_text(json.dumps(official))
    else:
        shutil.copyfile(arguments.annotations, place)
    (arguments.out / "names.txt").write_text("".join(f"{_id(image)}\n" for image in official["images"]))


def subset(official: dict[str, Any], draws: int) -> dict[str, Any]:
    """Return the annotations of what is drawn; ids of pictures and boxes stay the official ones."""
    pool = sorted(official["images"], key=_id)
    drawn = np.random.RandomState(_SEED).choice(len(pool), size=draws)
    images = [pool[position] for position in sorted(set(drawn.tolist()))]
    kept = {image["id"] for image in images}
    boxes = [box for box in official["annotations"] if box["image_id"] in kept]
    return {**official, "images": images, "annotations": boxes}


def _check(official: dict[str, Any], pool: int, classes: str) -> None:
    """End the program where the official file is not the one that the draws are known of."""
    ids = {_id(image) for image in official["images"]}
    if len(official["images"]) != pool or len(ids) != pool:
        raise SystemExit(
            f"draw: {len(official['images'])} pictures, {len(ids)} of them different; {pool} are drawn from"
        )
    categories = official["categories"]
    if [category["id"] for category in categories] != list(range(len(categories))):
        raise SystemExit("draw: the ids of the classes are not their positions")
    found = sha256("\n".join(category["name"] for category in categories).encode()).hexdigest()
    if found != classes:
        raise SystemExit(f"draw: the names of the {len(categories)} classes have the SHA-256 {found}, not {classes}")


def _id(image: dict[str, Any]) -> str:
    match = _FILE_NAME.fullmatch(image["file_name"])
    if match is None:
        raise SystemExit(f"draw: {image['file_name']!r} is no picture of Open Images")
    return match[1]


if __name__ == "__main__":
    main()
