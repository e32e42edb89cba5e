"""Turn the pictures of a data set into the tensors a detector reads: preprocess.py DATASET OUT --size 160.

The steps and their order are those of MLPerf's reference: decode to BGR bytes, to float32, to RGB, scale to a square,
divide by 255, channels first. Mean and deviation are the graph's own business.

Writes OUT/tensors.f32 (little-endian float32, [count, 3, size, size], nothing else), OUT/index.txt (what is in it, and
the picture of each tensor, in the order of the annotations) and a copy of the annotations.
"""

import argparse
import json
import shutil
from pathlib import Path
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

_ANNOTATIONS: Final = Path("annotations", "openimages-mlperf.json")
_PICTURES: Final = Path("validation", "data")


def main() -> None:
    """Write the tensors of one data set."""
    parser = argparse.ArgumentParser(description="Turn pictures into tensors as MLPerf's reference does.")
    parser.add_argument("dataset", type=Path, metavar="DATASET", help="folder with validation/data and annotations")
    parser.add_argument("out", type=Path, metavar="OUT", help="folder to write into")
    parser.add_argument("--size", type=int, required=True, help="width and height of each tensor in pixels")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    preprocess(arguments.dataset, arguments.out, arguments.size)


def preprocess(dataset: Path, out: Path, size: int) -> None:
    """Write tensors, index and annotations under `out`; a picture that cannot be read ends the program."""
    names = _picture_names(dataset / _ANNOTATIONS)
    (out / _ANNOTATIONS).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(dataset / _ANNOTATIONS, out / _ANNOTATIONS)
    with (out / "tensors.f32").open("wb") as tensors:
        for name in names:
            tensors.write(tensor_of(dataset / _PICTURES / name, size).astype("<f4").tobytes())
    head = ["envmgr-tensors 1", "dtype float32", f"shape 3 {size} {size}", f"count {len(names)}"]
    (out / "index.txt").write_bytes("".join(f"{line}\n" for line in head + names).encode())


def _picture_names(annotations: Path) -> list[str]:
    """Return the file names in the order of the annotations, which is the order of LoadGen's sample indices."""
    if not annotations.is_file():
        raise SystemExit(f"preprocess: there are no annotations at {annotations}")
    names = [str(image["file_name"]) for image in json.loads(annotations.read_text())["images"]]
    for name in names:
        if "\n" in name:  # would shift every later line of the index
            raise SystemExit(f"preprocess: {annotations} names a picture with a line break: {name!r}")
    return names


def tensor_of(path: Path, size: int) -> NDArray[np.float32]:
    """Return the picture at `path` as [3, size, size], RGB, 0 .. 1."""
    if not path.is_file():
        raise SystemExit(f"preprocess: the annotations name {path.name}, but there is no such picture at {path}")
    picture = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR) if path.stat().st_size else None
    if picture is None:
        raise SystemExit(f"preprocess: the picture {path} cannot be decoded; is it damaged, or no picture at all?")
    rgb = cv2.cvtColor(picture.astype(np.float32), cv2.COLOR_BGR2RGB)
    scaled = cv2.resize(rgb, (size, size), interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(scaled.transpose(2, 0, 1) / np.float32(255))


if __name__ == "__main__":
    main()
