"""The tensors of the embedded data set: MLPerf's steps, in the order of the annotations, or an error."""

import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

np = pytest.importorskip("numpy", reason="preprocessing needs numpy")
cv2 = pytest.importorskip("cv2", reason="preprocessing needs opencv")
Image = pytest.importorskip("PIL.Image", reason="a picture that lies on its side is made with Pillow")
pytestmark = pytest.mark.harness

SIZE = 160
CROP = 224
ODD = [f"{name}.jpg" for name in ("wide", "turned", "tiny", "high", "grey")]
Plane = Any  # numpy is absent where the types are checked


def preprocess(
    recipes: Path,
    dataset: Path,
    out: Path,
    *options: str,
    preexec: Callable[[], None] | None = None,
    **environ: str,
) -> subprocess.CompletedProcess[str]:
    out.mkdir()
    command = [sys.executable, str(recipes / "preprocessing/preprocess.py"), str(dataset), str(out)]
    command += ["--steps", "retinanet", "--size", str(SIZE), *options]
    environ = {**os.environ, "TENSORS": "stored", **environ}
    return subprocess.run(command, env=environ, preexec_fn=preexec, capture_output=True, text=True, check=False)


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


def reference_retinanet(file: Path) -> Plane:
    """MLPerf's steps for RetinaNet, one after the other."""
    picture = np.array(cv2.imread(str(file)), dtype=np.float32)
    picture = cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)
    picture = cv2.resize(picture, (SIZE, SIZE), interpolation=cv2.INTER_LINEAR)
    picture /= 255.0
    return picture.transpose([2, 0, 1])


def reference_resnet50(file: Path) -> Plane:
    """MLPerf's steps for ResNet50, one after the other."""
    picture = cv2.cvtColor(cv2.imread(str(file)), cv2.COLOR_BGR2RGB)
    height, width, _ = picture.shape
    short = int(100.0 * CROP / 87.5)
    assert short == 256
    wide, high = (short, int(short * height / width)) if height > width else (int(short * width / height), short)
    picture = cv2.resize(picture, (wide, high), interpolation=cv2.INTER_AREA)
    left, right = int((wide - CROP) / 2), int((wide + CROP) / 2)
    top, bottom = int((high - CROP) / 2), int((high + CROP) / 2)
    picture = np.asarray(picture[top:bottom, left:right], dtype="float32")
    picture -= np.array([123.68, 116.78, 103.94], dtype=np.float32)
    return picture.transpose([2, 0, 1])


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """A data set of pictures that differ in form: wide, high, tiny, grey, and one that lies on its side."""
    pictures = tmp_path / "odd/validation/data"
    pictures.mkdir(parents=True)
    random = np.random.RandomState(1)
    for name, shape in {"wide": (240, 700, 3), "high": (501, 233, 3), "tiny": (3, 5, 3), "grey": (300, 300)}.items():
        cv2.imwrite(str(pictures / f"{name}.jpg"), random.randint(0, 256, shape).astype(np.uint8))
    turned = Image.Exif()
    turned[0x0112] = 6
    Image.fromarray(random.randint(0, 256, (90, 200, 3)).astype(np.uint8)).save(pictures / "turned.jpg", exif=turned)
    annotations = tmp_path / "odd/annotations"
    annotations.mkdir()
    (annotations / "val_map.txt").write_text("".join(f"{name} 7\n" for name in ODD))
    return tmp_path / "odd"


@pytest.mark.parametrize(("steps", "size"), [("retinanet", SIZE), ("resnet50", CROP)])
@pytest.mark.parametrize("jobs", [1, 3])
def test_each_tensor_is_to_the_bit_what_the_references_steps_give(  # noqa: PLR0917
    recipes: Path, odd: Path, tmp_path: Path, steps: str, size: int, jobs: int
) -> None:
    done = preprocess(recipes, odd, tmp_path / "out", "--steps", steps, "--size", str(size), "--jobs", str(jobs))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out/index.txt").read_text().splitlines()[4:] == ODD
    tensors = np.fromfile(tmp_path / "out/tensors.f32", "<f4").reshape(len(ODD), 3, size, size)
    reference = {"retinanet": reference_retinanet, "resnet50": reference_resnet50}[steps]
    for name, tensor in zip(ODD, tensors, strict=True):
        expected = np.ascontiguousarray(reference(odd / "validation/data" / name), dtype="<f4")
        assert tensor.tobytes() == expected.tobytes(), name


def load(folder: Path, asked: bytes) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, str(folder / "load.py")], input=asked, capture_output=True, check=False)


@pytest.fixture
def on_load(recipes: Path, odd: Path, tmp_path: Path) -> Path:
    """A folder that makes the tensors of `odd` when they are asked for."""
    pictures = ("--pictures", "../odd/validation/data")
    assert preprocess(recipes, odd, tmp_path / "out", *pictures, TENSORS="on-load").returncode == 0
    return tmp_path / "out"


def test_what_is_made_on_load_is_what_would_be_stored(recipes: Path, odd: Path, on_load: Path, tmp_path: Path) -> None:
    assert preprocess(recipes, odd, tmp_path / "stored").returncode == 0
    for shared in ("index.txt", "annotations/val_map.txt"):
        assert (on_load / shared).read_bytes() == (tmp_path / "stored" / shared).read_bytes()
    assert not (on_load / "tensors.f32").exists()
    stored = (tmp_path / "stored/tensors.f32").read_bytes()
    length = len(stored) // len(ODD)
    parts = [stored[k * length : (k + 1) * length] for k in range(len(ODD))]
    done = load(on_load, b"0 1 2 3 4\n4 4 0\n\n2")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == b"".join([*parts, parts[4], parts[4], parts[0], parts[2]])


def test_on_load_a_picture_that_is_broken_ends_it_after_those_before(on_load: Path, odd: Path) -> None:
    (odd / "validation/data/tiny.jpg").write_bytes(b"no picture")
    done = load(on_load, b"0 2\n")
    assert (done.returncode, len(done.stdout)) == (1, 3 * SIZE * SIZE * 4)
    assert b"tiny.jpg" in done.stderr


def test_on_load_a_picture_that_is_missing_is_told_before_anything_is_asked(on_load: Path, odd: Path) -> None:
    (odd / "validation/data/grey.jpg").unlink()
    done = load(on_load, b"")
    assert (done.returncode, done.stdout, b"grey.jpg" in done.stderr) == (1, b"", True)


def test_memory_does_not_grow_with_the_number_of_pictures(recipes: Path, odd: Path, tmp_path: Path) -> None:
    """The tensors take 150 MB in all; who makes them may not take a third of that beside what it starts with."""
    (tmp_path / "out").mkdir()
    (odd / "annotations/val_map.txt").write_text("wide.jpg 1\n" * 80)
    program = recipes / "preprocessing/preprocess.py"
    measure = (
        "import resource, runpy, sys; sys.path.insert(0, sys.argv[1].rpartition('/')[0]); import steps;"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss;"
        "sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__');"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss - before)"
    )
    command = [sys.executable, "-c", measure, str(program), str(odd), str(tmp_path / "out")]
    options = ["--steps", "retinanet", "--size", "400"]
    environ = {**os.environ, "TENSORS": "stored"}
    done = subprocess.run([*command, *options], env=environ, capture_output=True, text=True, check=True)
    assert (tmp_path / "out/tensors.f32").stat().st_size > 150e6
    assert int(done.stdout) * 1024 < 50e6


def test_too_little_room_is_found_out_at_once(recipes: Path, odd: Path, tmp_path: Path) -> None:
    limits = (resource.RLIMIT_FSIZE, (10_000, 10_000))
    done = preprocess(recipes, odd, tmp_path / "out", preexec=lambda: resource.setrlimit(*limits))
    assert (done.returncode, "no room for 1536000 bytes" in done.stderr) == (1, True)
    assert "tensors=on-load" in done.stderr


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
