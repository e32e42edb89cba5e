"""Turn pictures into the tensors that a model reads: preprocess.py DATASET OUT --steps retinanet --size 800.

Writes OUT/tensors.f32 (little-endian float32, [count, 3, size, size], nothing else), OUT/index.txt (what is in it, and
the picture of each tensor, in the order of the annotations) and a copy of the annotations. With TENSORS=on-load in the
environment it writes no tensors, but OUT/load.py, which makes them as LoadGen asks for them, and a symlink to PICTURES.

The --jobs processes take turns with the tensors, and write each at its place: so the memory that it takes does not
depend on the number of tensors, nor the bytes on the number of processes.
"""

import argparse
import json
import multiprocessing
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import cv2
from steps import STEPS, PictureError, tensor_of

_BOXES: Final = Path("annotations", "openimages-mlperf.json")
_LABELS: Final = Path("annotations", "val_map.txt")
_PICTURES: Final = Path("validation", "data")
_HERE: Final = Path(__file__).parent


def main() -> None:
    """Write the tensors of one data set, or what makes them."""
    parser = argparse.ArgumentParser(description="Turn pictures into tensors as MLPerf's reference does.")
    parser.add_argument("dataset", type=Path, metavar="DATASET", help="folder with validation/data and annotations")
    parser.add_argument("out", type=Path, metavar="OUT", help="folder to write into")
    parser.add_argument("--steps", choices=STEPS, required=True, help="the model whose reference says what is done")
    parser.add_argument("--size", type=int, required=True, help="width and height of each tensor in pixels")
    parser.add_argument("--jobs", type=int, default=1, help="processes that share the work")
    parser.add_argument("--pictures", default="", help="where the pictures lie, as seen from OUT; for on-load")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    names = picture_names(arguments.dataset)
    if os.environ["TENSORS"] == "on-load":
        _leave_loader(arguments.out, arguments.steps, arguments.pictures)
    else:
        pictures = [arguments.dataset / _PICTURES / name for name in names]
        store(pictures, arguments.out / "tensors.f32", arguments.steps, arguments.size, arguments.jobs)
    shutil.copytree(arguments.dataset / "annotations", arguments.out / "annotations")
    head = ["envmgr-tensors 1", "dtype float32", f"shape 3 {arguments.size} {arguments.size}", f"count {len(names)}"]
    (arguments.out / "index.txt").write_bytes("".join(f"{line}\n" for line in head + names).encode())


def picture_names(dataset: Path) -> list[str]:
    """Return the file names in the order of the annotations, which is the order of LoadGen's sample indices."""
    if (dataset / _BOXES).is_file():
        names = [str(image["file_name"]) for image in json.loads((dataset / _BOXES).read_text())["images"]]
    elif (dataset / _LABELS).is_file():
        names = [line.split()[0] for line in (dataset / _LABELS).read_text().splitlines()]
    else:
        raise SystemExit(f"preprocess: there are no annotations at {dataset / _BOXES} or {dataset / _LABELS}")
    for name in names:
        if "\n" in name:  # would shift every later line of the index
            raise SystemExit(f"preprocess: the annotations name a picture with a line break: {name!r}")
        if not (dataset / _PICTURES / name).is_file():
            raise SystemExit(f"preprocess: the annotations name {name}, but there is no such picture in {dataset}")
    return names


def store(pictures: list[Path], tensors: Path, steps: str, size: int, jobs: int) -> None:
    """Write the tensors one after the other into one file; a picture that cannot be read ends the program."""
    with tensors.open("wb") as file:
        _reserve(file.fileno(), len(pictures) * 3 * size * size * 4)
        processes = [
            multiprocessing.get_context("fork").Process(
                target=_store_some, args=(file.fileno(), pictures, steps, size, range(first, len(pictures), jobs))
            )
            for first in range(jobs)
        ]
        for process in processes:
            process.start()
        for process in processes:
            process.join()
    if any(process.exitcode for process in processes):
        raise SystemExit(1)  # the process has said why


def _reserve(descriptor: int, size: int) -> None:
    """Take the whole room at once: that there is too little is found out now, and not in an hour."""
    try:
        if size:
            os.posix_fallocate(descriptor, 0, size)
    except OSError as error:
        fix = "--set tensors=on-load needs none"
        raise SystemExit(f"preprocess: no room for {size} bytes of tensors ({error.strerror}); {fix}") from error


def _store_some(descriptor: int, pictures: list[Path], steps: str, size: int, positions: Iterable[int]) -> None:
    for position in positions:
        try:
            tensor = tensor_of(pictures[position], STEPS[steps], size).astype("<f4")
        except PictureError as error:
            raise SystemExit(f"preprocess: {error}") from error
        os.pwrite(descriptor, tensor.tobytes(), position * tensor.nbytes)


def _leave_loader(out: Path, steps: str, pictures: str) -> None:
    for program in ("load.py", "steps.py"):
        shutil.copyfile(_HERE / program, out / program)
    (out / "steps.txt").write_text(f"{steps}\n")
    (out / "pictures").symlink_to(pictures)


if __name__ == "__main__":
    main()
