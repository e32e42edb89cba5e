"""The subset of Open Images that is looked at: the reference's draws, or an error."""

import json
import os
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("numpy", reason="the draws are numpy's")
pytestmark = pytest.mark.harness

POOL = 24781
FIRST = [23654, 15795, 860, 5390, 21575]
"""What the reference draws first."""
CLASSES = ["Airplane", "Zucchini"]
Document = dict[str, Any]


def identifier(number: int) -> str:
    return f"{number * 0x1234567:016x}"


@pytest.fixture(scope="module")
def official() -> Document:
    """A file of the official one's form; its pictures stand in another order than their ids."""
    images = [
        {"id": k + 1, "file_name": f"{identifier(k)}.jpg", "height": 8, "width": 9} for k in reversed(range(POOL))
    ]
    boxes = [
        {"id": k + 5, "image_id": k % POOL + 1, "category_id": k % 2, "bbox": [0, 0, 1.5, 2]} for k in range(POOL + 9)
    ]
    return {
        "categories": [{"id": k, "name": name} for k, name in enumerate(CLASSES)],
        "images": images,
        "annotations": boxes,
    }


def draw(recipes: Path, document: Document, folder: Path, draws: int) -> subprocess.CompletedProcess[str]:
    (folder / "official.json").write_text(json.dumps(document))
    shutil.rmtree(folder / "out", ignore_errors=True)
    (folder / "out").mkdir()
    classes = sha256("\n".join(CLASSES).encode()).hexdigest()
    program = [sys.executable, str(recipes / "openimages/draw.py"), str(folder / "official.json"), str(folder / "out")]
    command = [*program, "--pool", str(POOL), "--classes", classes]
    environ = {**os.environ, "DRAWS": str(draws)}
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)


def names(folder: Path) -> list[str]:
    return (folder / "out/names.txt").read_text().splitlines()


def annotations(folder: Path) -> Document:
    document: Document = json.loads((folder / "out/annotations/openimages-mlperf.json").read_text())
    return document


def test_five_draws_are_the_references_first(recipes: Path, official: Document, tmp_path: Path) -> None:
    assert draw(recipes, official, tmp_path, 5).returncode == 0
    assert names(tmp_path) == sorted(map(identifier, FIRST))


def test_500_draws_are_495_pictures_each_once_with_their_boxes(
    recipes: Path, official: Document, tmp_path: Path
) -> None:
    assert draw(recipes, official, tmp_path, 500).returncode == 0
    document = annotations(tmp_path)
    assert len(names(tmp_path)) == len(set(names(tmp_path))) == 495
    assert {identifier(number) for number in FIRST} < set(names(tmp_path))
    assert [image["file_name"] for image in document["images"]] == [f"{name}.jpg" for name in sorted(names(tmp_path))]
    kept = {image["id"] for image in document["images"]}
    assert document["annotations"] == [box for box in official["annotations"] if box["image_id"] in kept]
    assert document["categories"] == official["categories"]


def test_fewer_draws_are_among_more(recipes: Path, official: Document, tmp_path: Path) -> None:
    found = []
    for count in (10, 50):
        assert draw(recipes, official, tmp_path, count).returncode == 0
        found.append(set(names(tmp_path)))
        assert len(found[-1]) == count
    assert found[0] < found[1]


def test_all_pictures_come_with_the_official_file_as_it_is(recipes: Path, official: Document, tmp_path: Path) -> None:
    assert draw(recipes, official, tmp_path, 0).returncode == 0
    assert annotations(tmp_path) == official
    assert names(tmp_path) == [image["file_name"].removesuffix(".jpg") for image in official["images"]]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"images": []}, "0 pictures"),
        ({"categories": [{"id": 0, "name": "Airplane"}]}, "SHA-256"),
        ({"categories": [{"id": 1, "name": "Airplane"}, {"id": 2, "name": "Zucchini"}]}, "ids of the classes"),
    ],
)
def test_another_file_than_the_official_one_is_refused(
    recipes: Path, official: Document, tmp_path: Path, change: Document, why: str
) -> None:
    done = draw(recipes, {**official, **change}, tmp_path, 5)
    assert (done.returncode, why in done.stderr) == (1, True)


def test_a_picture_that_is_none_of_open_images_is_refused(recipes: Path, official: Document, tmp_path: Path) -> None:
    images = [{**official["images"][0], "file_name": "../evil.jpg"}, *official["images"][1:]]
    done = draw(recipes, {**official, "images": images}, tmp_path, 5)
    assert (done.returncode, "../evil.jpg" in done.stderr) == (1, True)
