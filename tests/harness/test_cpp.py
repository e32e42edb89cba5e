"""The C++ harness, by its own tests (the presets of harness/cpp with the host's compiler), and with ONNX Runtime.

HARNESS_PRESETS names the presets (`dev asan tsan` are all of them); each compiles LoadGen and the harness anew.
"""

import json
import os
import shutil
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.harness.onnx_file import write_classifier

pytestmark = [pytest.mark.harness, pytest.mark.registry]

TOP = Path(__file__).parents[2]
SOURCE = TOP / "harness" / "cpp"
QUICK = "-DCMAKE_CXX_FLAGS_RELWITHDEBINFO=-O1"
"""Half the time of the flags for people, who debug and measure; the warnings that follow the flow of data stay."""


@dataclass(frozen=True)
class Build:
    """The presets' build folders, and what they are made from."""

    folder: Path
    loadgen: Path
    onnxruntime: Path

    def __call__(self, preset: str) -> Path:
        """Build a preset, once, and return its folder."""
        folder = self.folder / preset
        if not (folder / "harness").exists():
            run_path = f"-DRUN_PATH={self.onnxruntime / 'lib'}"
            self.run("cmake", "--preset", preset, QUICK, run_path)
            self.run("cmake", "--build", "--preset", preset)
        return folder

    def run(self, *command: str) -> None:
        environment = {**os.environ, "HARNESS_BUILD": str(self.folder), "LOADGEN_SOURCE": str(self.loadgen)}
        done = subprocess.run(command, check=False, cwd=SOURCE, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    missing = [tool for tool in ("c++", "cmake", "ctest", "ninja") if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"not on PATH: {', '.join(missing)}")
    store = tmp_path_factory.mktemp("store")
    command = [sys.executable, "-m", "envmgr", "--store", str(store), "realize", "loadgen-sources", "onnxruntime"]
    loadgen, onnxruntime = map(Path, subprocess.check_output(command, cwd=TOP, text=True).split())
    return Build(tmp_path_factory.mktemp("build"), loadgen, onnxruntime)


@pytest.mark.parametrize("preset", os.environ.get("HARNESS_PRESETS", "dev").split())
def test_the_harness_passes_its_own_tests(preset: str, build: Build) -> None:
    build(preset)
    build.run("ctest", "--preset", preset)


SIDE = 2
LARGEST = (7, 3, 11, 0, 5)
"""Where the largest number of each image is."""


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """A tensors folder: five images, each zero but for one number."""
    folder = tmp_path / "tensors"
    folder.mkdir()
    numbers = [[float(place == largest) for place in range(3 * SIDE * SIDE)] for largest in LARGEST]
    (folder / "tensors.f32").write_bytes(b"".join(struct.pack(f"<{len(row)}f", *row) for row in numbers))
    names = "".join(f"{place}.jpg\n" for place in range(len(LARGEST)))
    head = f"envmgr-tensors 1\ndtype float32\nshape 3 {SIDE} {SIDE}\ncount {len(LARGEST)}\n"
    (folder / "index.txt").write_text(head + names)
    return folder


def harness(build: Build, images: Path, *options: str) -> subprocess.CompletedProcess[str]:
    output = images.parent / "out"
    command = [
        str(build("dev") / "harness"), "--backend", "onnxruntime", "--task", "classification", "--model",
        str(images.parent / "model.onnx"), "--tensors", str(images), "--scenario", "Offline", "--mode", "accuracy",
        "--output", str(output), "--workers", "1", *options,
    ]  # fmt: skip
    return subprocess.run(command, check=False, capture_output=True, text=True)


@pytest.mark.parametrize("chosen", [True, False])
@pytest.mark.parametrize(("batch", "calls"), [("N", 3), (1, 1)])
def test_a_classifier_answers_the_graphs_class_less_one_and_runs_a_batch_in_one_call_where_the_graph_is_open(
    build: Build, images: Path, *, chosen: bool, batch: int | str, calls: int
) -> None:
    write_classifier(images.parent / "model.onnx", SIDE, chosen=chosen, batch=batch)
    done = harness(build, images, "--batch", "3")
    assert done.returncode == 0, done.stderr
    log = json.loads((images.parent / "out/mlperf_log_accuracy.json").read_text())
    answers = {entry["qsl_idx"]: struct.unpack("<f", bytes.fromhex(entry["data"])) for entry in log}
    assert answers == {place: (largest - 1,) for place, largest in enumerate(LARGEST)}
    assert json.loads((images.parent / "out/harness.json").read_text())["most_at_once"] == calls


def test_a_model_that_takes_other_images_is_refused_and_both_shapes_are_named(build: Build, images: Path) -> None:
    shutil.copy(TOP / "recipes/retinanet-tiny-shapes/retinanet-tiny-shapes.onnx", images.parent / "model.onnx")
    done = harness(build, images)
    assert done.returncode == 1
    assert "takes element type 1 of shape [1 3 160 160], the tensors are float32 (1) of shape [1 3 2 2]" in done.stderr


def test_cuda_that_cannot_be_loaded_is_an_error_and_no_run_on_the_processor(build: Build, images: Path) -> None:
    write_classifier(images.parent / "model.onnx", SIDE, chosen=True)
    done = harness(build, images, "--provider", "cuda")
    assert done.returncode == 1
    assert "--provider cuda: the CUDA execution provider cannot be loaded" in done.stderr
    assert not (images.parent / "out").exists()
