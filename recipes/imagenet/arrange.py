"""Lay out pictures of ImageNet for a benchmark: arrange.py PICTURES VAL_TXT OUT --count 500.

PICTURES is any folder with the pictures somewhere below it, VAL_TXT the labels of the whole validation set, a line
each. Writes OUT/validation/data/<picture> and OUT/annotations/val_map.txt: the lines of those pictures, in the order of
VAL_TXT, which is the order of LoadGen's sample indices.
"""

import argparse
import shutil
from pathlib import Path


def main() -> None:
    """Lay out one data set; a picture too many or too few ends the program."""
    parser = argparse.ArgumentParser(description="Lay out pictures of ImageNet for a benchmark.")
    parser.add_argument("pictures", type=Path, metavar="PICTURES", help="folder with the pictures")
    parser.add_argument("labels", type=Path, metavar="VAL_TXT", help="the labels of the whole validation set")
    parser.add_argument("out", type=Path, metavar="OUT", help="folder to write into")
    parser.add_argument("--count", type=int, required=True, help="how many pictures there must be")
    arguments = parser.parse_args()
    pictures = {path.name: path for path in sorted(arguments.pictures.rglob("*.JPEG"))}
    lines = [line for line in arguments.labels.read_text().splitlines() if line.partition(" ")[0] in pictures]
    if unknown := pictures.keys() - {line.partition(" ")[0] for line in lines}:
        raise SystemExit(f"arrange: {min(unknown)} has no label in {arguments.labels.name}")
    if len(lines) != arguments.count:
        raise SystemExit(f"arrange: there are {len(lines)} pictures with a label, and there must be {arguments.count}")
    data, annotations = arguments.out / "validation/data", arguments.out / "annotations"
    data.mkdir(parents=True)
    annotations.mkdir()
    for name, path in pictures.items():
        shutil.copyfile(path, data / name)
    (annotations / "val_map.txt").write_text("".join(f"{line}\n" for line in lines))


if __name__ == "__main__":
    main()
