"""The embedded detector: its contract, its mAP, and that the data set notices mistakes around it."""

import json
import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

np = pytest.importorskip("numpy", reason="scoring needs numpy")
cv2 = pytest.importorskip("cv2", reason="scoring needs opencv")
onnxruntime = pytest.importorskip("onnxruntime", reason="scoring needs onnxruntime")
pytest.importorskip("pycocotools", reason="scoring needs pycocotools")
pytestmark = pytest.mark.harness

Array = Any  # numpy is absent where the types are checked
ANNOTATIONS = "annotations/openimages-mlperf.json"
LEAST_MAP = 0.55
LEAST_SCORE = 0.05
LEAST_LOSS = 0.03  # of mAP, by each planted mistake


@pytest.fixture(scope="module")
def model(recipes: Path) -> Path:
    return recipes / "retinanet-tiny-shapes/retinanet-tiny-shapes.onnx"


@pytest.fixture(scope="module")
def oracle(recipes: Path) -> dict[str, Any]:
    return runpy.run_path(str(recipes / "retinanet-tiny-shapes/evaluate.py"))


@pytest.fixture(scope="module")
def some(shapes: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the first fifty pictures: enough to notice each mistake."""
    document = json.loads((shapes / ANNOTATIONS).read_text())
    document["images"] = document["images"][:50]
    taken = {image["id"] for image in document["images"]}
    document["annotations"] = [entry for entry in document["annotations"] if entry["image_id"] in taken]
    folder = tmp_path_factory.mktemp("some")
    (folder / ANNOTATIONS).parent.mkdir()
    (folder / ANNOTATIONS).write_text(json.dumps(document))
    (folder / "validation").symlink_to(shapes / "validation")
    return folder


@pytest.fixture(scope="module")
def right(oracle: dict[str, Any], model: Path, some: Path) -> float:
    """Return the mAP of these without a mistake."""
    return float(oracle["evaluate"](model, some))


def swap_channels(prepare: Callable[..., Array]) -> Callable[..., Array]:
    return lambda picture, size: np.ascontiguousarray(prepare(picture, size)[::-1])


def take_nearest_pixel(prepare: Callable[..., Array]) -> Callable[..., Array]:
    def mistaken(picture: Array, size: int) -> Array:
        return prepare(cv2.resize(picture, (size, size), interpolation=cv2.INTER_NEAREST), size)

    return mistaken


def range_minus_one_to_one(prepare: Callable[..., Array]) -> Callable[..., Array]:
    return lambda picture, size: prepare(picture, size) * 2 - 1


def range_0_to_255(prepare: Callable[..., Array]) -> Callable[..., Array]:
    return lambda picture, size: prepare(picture, size) * 255


def swap_width_and_height(restore: Callable[..., Array]) -> Callable[..., Array]:
    return lambda boxes, size, width, height: restore(boxes, size, height, width)


def test_the_graph_has_the_inputs_and_outputs_of_mlperfs(model: Path) -> None:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    inputs = [(value.name, value.type, value.shape) for value in session.get_inputs()]
    outputs = {value.name: (value.type, value.shape) for value in session.get_outputs()}
    assert inputs == [("images", "tensor(float)", [1, 3, 160, 160])]
    assert outputs == {
        "boxes": ("tensor(float)", ["detections", 4]),
        "scores": ("tensor(float)", ["detections"]),
        "labels": ("tensor(int64)", ["detections"]),
    }


def test_detections_come_best_first_inside_the_picture_with_labels_from_zero(model: Path) -> None:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    picture = np.zeros((1, 3, 160, 160), np.float32)
    picture[:, :, 40:100, 30:110] = np.array([0.9, 0.1, 0.1], np.float32).reshape(1, 3, 1, 1)
    boxes, scores, labels = session.run(["boxes", "scores", "labels"], {"images": picture})
    assert len(boxes) == len(scores) == len(labels) > 0
    assert (np.diff(scores) <= 0).all()
    assert scores.min() >= LEAST_SCORE
    assert ((boxes >= 0) & (boxes <= 160)).all()
    assert ((labels >= 0) & (labels < 8)).all()


def test_the_committed_weights_are_good(oracle: dict[str, Any], model: Path, shapes: Path) -> None:
    assert oracle["evaluate"](model, shapes) >= LEAST_MAP


@pytest.mark.parametrize(
    "mistake", [swap_channels, take_nearest_pixel, range_minus_one_to_one, range_0_to_255], ids=lambda m: m.__name__
)
def test_a_mistake_before_the_network_costs_at_least_three_points(
    oracle: dict[str, Any], model: Path, some: Path, right: float, mistake: Callable[..., Any]
) -> None:
    assert oracle["evaluate"](model, some, prepare=mistake(oracle["prepare"])) <= right - LEAST_LOSS


def test_swapping_width_and_height_after_the_network_costs_at_least_three_points(
    oracle: dict[str, Any], model: Path, some: Path, right: float
) -> None:
    mistaken = swap_width_and_height(oracle["restore"])
    assert oracle["evaluate"](model, some, restore=mistaken) <= right - LEAST_LOSS


def test_the_oracle_prepares_pictures_as_the_preprocessing_recipe_does(
    oracle: dict[str, Any], recipes: Path, shapes: Path
) -> None:
    preprocessing = runpy.run_path(str(recipes / "preprocessing/steps.py"))
    picture = shapes / "validation/data/validation-000001.jpg"
    expected = preprocessing["tensor_of"](picture, preprocessing["retinanet"], 160)
    assert (oracle["prepare"](cv2.imread(str(picture)), 160) == expected).all()


def test_training_is_reproducible_and_fails_below_the_required_map(recipes: Path, tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="training needs torch")
    pytest.importorskip("onnx", reason="training needs onnx")
    for split, count in (("train", "20"), ("validation", "2")):
        subprocess.run([sys.executable, str(recipes / "shapes/generate.py"), str(tmp_path), split, count], check=True)
    program = str(recipes / "retinanet-tiny-shapes/train.py")
    trained = []
    for name in ("first.onnx", "second.onnx"):
        command = [sys.executable, program, "--data", str(tmp_path), "--out", str(tmp_path / name), "--steps", "2"]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        assert ended.returncode == 1
        assert "mAP=0.0" in ended.stdout
        assert "below the required 0.55" in ended.stderr
        trained.append((tmp_path / name).read_bytes())
    assert trained[0] == trained[1]
