"""The tensors of the embedded data set: MLPerf's steps, in the order of the annotations, or an error."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

np = pytest.importorskip("numpy", reason="preprocessing needs numpy")
cv2 = pytest.importorskip("cv2", reason="preprocessing needs opencv")
pytestmark = pytest.mark.harness

SIZE = 160
Plane = Any  # numpy is absent where the types are checked


def preprocess(recipes: Path, dataset: Path, out: Path) -> subprocess.CompletedProcess[str]:
    program = recipes / "shapes-preprocessed/preprocess.py"
    command = [sys.executable, str(program), str(dataset), str(out), "--size", str(SIZE)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def few(shapes: Path, tmp_path: Path) -> Path:
    """Return a data set of three pictures, named in another order than their numbers."""
    document = json.loads((shapes / "annotations/openimages-mlperf.json").read_text())
    document["images"] = [document["images"][k] for k in (2, 0, 1)]
    dataset = tmp_path / "few"
    (dataset / "annotations").mkdir(parents=True)
    (dataset / "annotations/openimages-mlperf.json").write_text(json.dumps(document))
    (dataset / "validation/data").mkdir(parents=True)
    for image in document["images"]:
        shutil.copy(shapes / "validation/data" / image["file_name"], dataset / "validation/data")
    return dataset


def test_tensors_index_and_annotations_are_written_in_the_order_of_the_annotations(
    recipes: Path, few: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert preprocess(recipes, few, out).returncode == 0
    names = ["validation-000003.jpg", "validation-000001.jpg", "validation-000002.jpg"]
    head = ["envmgr-tensors 1", "dtype float32", "shape 3 160 160", "count 3"]
    assert (out / "index.txt").read_bytes() == "".join(f"{line}\n" for line in head + names).encode()
    assert (out / "tensors.f32").stat().st_size == 3 * 3 * SIZE * SIZE * 4
    copied = "annotations/openimages-mlperf.json"
    assert (out / copied).read_bytes() == (few / copied).read_bytes()


def test_a_tensor_is_the_scaled_rgb_picture_between_0_and_1(recipes: Path, few: Path, tmp_path: Path) -> None:
    assert preprocess(recipes, few, tmp_path / "out").returncode == 0
    tensor = np.fromfile(tmp_path / "out/tensors.f32", "<f4").reshape(3, 3, SIZE, SIZE)[1]
    picture = cv2.imread(str(few / "validation/data/validation-000001.jpg")).astype(np.float64)
    height, width = picture.shape[:2]
    for channel in range(3):
        for y, x in ((0, 0), (17, 101), (80, 80), (159, 159)):
            expected = bilinear(picture[:, :, 2 - channel], (y + 0.5) * height / SIZE, (x + 0.5) * width / SIZE) / 255
            assert tensor[channel, y, x] == pytest.approx(expected, abs=1e-5)


def bilinear(plane: Plane, y: float, x: float) -> float:
    """Sample a plane at a point; the middle of its first pixel is at 0.5, 0.5."""
    top, left = int(y - 0.5), int(x - 0.5)
    down, right = y - 0.5 - top, x - 0.5 - left
    rows = plane[top : top + 2, left : left + 2] @ np.array([1 - right, right])
    return float(rows @ np.array([1 - down, down]))


def test_a_missing_picture_is_named_and_nothing_takes_its_place(recipes: Path, few: Path, tmp_path: Path) -> None:
    (few / "validation/data/validation-000001.jpg").unlink()
    ended = preprocess(recipes, few, tmp_path / "out")
    assert ended.returncode == 1
    assert "validation-000001.jpg" in ended.stderr
    assert not (tmp_path / "out/index.txt").exists()


@pytest.mark.parametrize("content", [b"", b"no picture"])
def test_a_picture_that_cannot_be_decoded_is_named(recipes: Path, few: Path, tmp_path: Path, content: bytes) -> None:
    (few / "validation/data/validation-000002.jpg").write_bytes(content)
    ended = preprocess(recipes, few, tmp_path / "out")
    assert ended.returncode == 1
    assert "validation-000002.jpg" in ended.stderr
    assert not (tmp_path / "out/index.txt").exists()


def test_a_data_set_without_annotations_is_an_error(recipes: Path, tmp_path: Path) -> None:
    ended = preprocess(recipes, tmp_path, tmp_path / "out")
    assert ended.returncode == 1
    assert "annotations" in ended.stderr
