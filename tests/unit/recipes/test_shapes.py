"""The generator of the embedded data set: its bytes and the truth of its annotations."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

np = pytest.importorskip("numpy", reason="the generator needs numpy")
pil_image = pytest.importorskip("PIL.Image", reason="the generator needs Pillow")
pytestmark = pytest.mark.harness

GOLDEN = "f44e0169b0230184e0e508e920323e8b9d45125a21c76aee61474bc2df54c9c2"  # of the first three pictures
COLOURED = ("red circle", "blue circle", "red square", "blue square")  # filled: the middle of the box is their own


def generate(recipes: Path, out: Path, split: str, count: int) -> Path:
    subprocess.run([sys.executable, str(recipes / "shapes/generate.py"), str(out), split, str(count)], check=True)
    return out


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def annotations(shapes: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((shapes / "annotations/openimages-mlperf.json").read_text())
    return document


def by_picture(document: dict[str, Any]) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    for image in document["images"]:
        yield image, [entry for entry in document["annotations"] if entry["image_id"] == image["id"]]


def middle(entry: dict[str, Any]) -> tuple[float, float]:
    x, y, width, height = entry["bbox"]
    return x + width / 2, y + height / 2


def test_the_same_split_is_generated_byte_for_byte_again(recipes: Path, tmp_path: Path) -> None:
    first = generate(recipes, tmp_path / "first", "validation", 4)
    assert files(first) == files(generate(recipes, tmp_path / "second", "validation", 4))


def test_the_first_three_pictures_have_their_golden_digest(shapes: Path) -> None:
    digest = hashlib.sha256()
    for number in (1, 2, 3):
        digest.update((shapes / f"validation/data/validation-{number:06d}.jpg").read_bytes())
    assert digest.hexdigest() == GOLDEN


def test_a_longer_split_begins_with_the_shorter_one(recipes: Path, shapes: Path, tmp_path: Path) -> None:
    short = files(generate(recipes, tmp_path, "validation", 2) / "validation")
    assert short.items() <= files(shapes / "validation").items()


def test_training_pictures_are_other_pictures(recipes: Path, shapes: Path, tmp_path: Path) -> None:
    train = files(generate(recipes, tmp_path, "train", 3))
    assert sorted(train) == ["annotations/train.json", *(f"train/data/train-{k:06d}.jpg" for k in (1, 2, 3))]
    assert not set(train.values()) & set(files(shapes).values())


def test_the_generator_refuses_a_split_it_does_not_know(recipes: Path, tmp_path: Path) -> None:
    command = [sys.executable, str(recipes / "shapes/generate.py"), str(tmp_path), "test", "1"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "'test'" in ended.stderr


def test_the_layout_is_that_of_open_images_as_mlperf_uses_it(shapes: Path) -> None:
    document = annotations(shapes)
    assert [category["id"] for category in document["categories"]] == list(range(8))
    assert [image["id"] for image in document["images"]] == list(range(1, 201))
    assert [entry["id"] for entry in document["annotations"]] == list(range(1, len(document["annotations"]) + 1))
    for image in document["images"]:
        with pil_image.open(shapes / "validation/data" / image["file_name"]) as picture:
            assert picture.size == (image["width"], image["height"])
    for entry in document["annotations"]:
        assert {"IsOccluded", "IsInside", "IsDepiction", "IsTruncated", "IsGroupOf"} <= set(entry)
        assert entry["area"] == entry["bbox"][2] * entry["bbox"][3]


def test_every_class_and_flag_occurs(shapes: Path) -> None:
    entries = annotations(shapes)["annotations"]
    assert {entry["category_id"] for entry in entries} == set(range(8))
    for flag in ("IsOccluded", "IsTruncated"):
        assert {entry[flag] for entry in entries} == {0, 1}


def test_boxes_lie_in_their_picture_and_those_at_its_edge_are_truncated(shapes: Path) -> None:
    for image, entries in by_picture(annotations(shapes)):
        for entry in entries:
            x, y, width, height = entry["bbox"]
            assert x >= 0
            assert y >= 0
            assert width > 0
            assert height > 0
            assert x + width <= image["width"]
            assert y + height <= image["height"]
            if 0 in {x, y} or x + width == image["width"] or y + height == image["height"]:
                assert entry["IsTruncated"] == 1


def test_an_object_with_a_later_one_in_its_middle_is_occluded(shapes: Path) -> None:
    document = annotations(shapes)
    filled = {category["id"] for category in document["categories"] if category["name"] in COLOURED}
    seen = 0
    for _, entries in by_picture(document):
        for under, over in combinations([entry for entry in entries if entry["category_id"] in filled], 2):
            (x, y), (centre_x, centre_y), (_, _, width, height) = middle(over), middle(under), under["bbox"]
            # The middle of a filled shape's box is its own, whichever way it is turned.
            if not over["IsOccluded"] and abs(x - centre_x) < width / 5 and abs(y - centre_y) < height / 5:
                assert under["IsOccluded"] == 1
                seen += 1
    assert seen > 0


def test_red_things_are_red_and_blue_things_are_blue(shapes: Path) -> None:
    document = annotations(shapes)
    names = {category["id"]: category["name"] for category in document["categories"]}
    for image, entries in by_picture(document):
        with pil_image.open(shapes / "validation/data" / image["file_name"]) as opened:
            pixels = np.asarray(opened.convert("RGB")).astype(int)
        for entry in entries:
            name = names[entry["category_id"]]
            if name in COLOURED and not entry["IsOccluded"]:
                x, y = (int(value) for value in middle(entry))
                patch = pixels[y - 4 : y + 4, x - 4 : x + 4]
                # A screen fills only every second pixel, as on a chessboard: one of the two halves is its own.
                halves = [patch[::2, ::2] + patch[1::2, 1::2], patch[1::2, ::2] + patch[::2, 1::2]]
                redness = [(half[:, :, 0] - half[:, :, 2]).mean() for half in halves]
                assert max(redness) > 0 if name.startswith("red") else min(redness) < 0
