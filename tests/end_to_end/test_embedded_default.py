"""The embedded default: from an empty store to a record, twice, and what comes after it.

One file, so that one worker makes the two stores for all of these tests.
"""

import io
import json
import struct
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from envmgr.builders.sandbox import probe_landlock
from envmgr.model.digest import Digest
from envmgr.model.run_record import RunRecord
from tests import onnx_file
from tests.end_to_end.conftest import LOCK, QUICK, TOP, Made, Proof, copy_checkout
from tests.end_to_end.page import follow
from tests.functional.conftest import Checkout
from tests.functional.published import take
from tests.loopback import Origin, Reply
from tests.plain_score import Detection, Truth, mean_average_precision

pytestmark = [pytest.mark.end_to_end, pytest.mark.registry]

LEAST_MAP = 55
OPENIMAGES_MD5 = "817fd8da3aeeb0575f1e2d2926b15e68"
RETINANET_MD5 = "4544f4e56e0a4684215831cc937ea45c"
RETINANET = "/zenodo.org/record/6617879/files/resnext50_32x4d_fpn.onnx"
OPENIMAGES_CLASSES = "6b21d26d56fe25c1df74bbbd206087b8b803147ff682aca771385ebaef995b88"
OPENIMAGES_ARCHIVE = "/github.com/mlcommons/inference/releases/download/v2.1/openimages-mlperf_annotations_2.1.json.zip"


def test_one_command_leads_from_an_empty_store_to_a_valid_recorded_run(proof: Proof) -> None:
    record = proof.record
    assert "0 present" in proof.result.stderr.splitlines()[0]
    assert "harness-cpp-1" in proof.result.built
    assert (record.metrics["result_valid"], record.exit_code) == (True, 0)
    assert float(record.metrics["mAP"]) >= LEAST_MAP
    assert [step.name for step in record.steps] == ["accuracy", "score", "performance"]


def test_the_record_names_what_was_run_by_digest(proof: Proof) -> None:
    record, runs = proof.record, proof.first.store / "runs"
    assert record.lockfile == Digest.of((proof.first.top / "recipes.lock").read_bytes())
    assert {item.store_path for item in record.inputs.values()} <= set(record.closure)
    assert all((proof.first.store / "objects" / str(path)).is_dir() for path in record.closure)
    logs = {file: digest for step in record.steps for file, digest in step.files.items()}
    assert {"accuracy/mlperf_log_accuracy.json", "performance/mlperf_log_summary.txt"} <= logs.keys()
    for file, digest in logs.items():
        assert sha256((runs / record.id / file).read_bytes()).hexdigest() == digest.hex


def test_the_same_command_again_builds_and_fetches_nothing_and_makes_a_record_of_its_own(proof: Proof) -> None:
    result, record = proof.first.run(*LOCK, *QUICK)
    assert (result.built, result.fetched) == ([], [])
    assert record.id != proof.record.id
    assert (record.closure, record.metrics["mAP"]) == (proof.record.closure, proof.record.metrics["mAP"])


def test_a_submission_of_the_run_is_a_trial_that_is_refused(proof: Proof) -> None:
    trial = proof.first.store.parent / "trial"
    asked = ("--submitter", "we", "--division", "open", "--system", "auto", "--round", "6.1", "--short")
    made = proof.first("submission", "create", proof.record.id, *asked, "-o", str(trial), "--json")
    assert {"trial", "scenarios.model"} <= {item["rule"] for item in made.data["breaches"]}
    assert f"mAP={proof.record.metrics['mAP']:.3f}%" in next(trial.rglob("accuracy.txt")).read_text()
    assert proof.first("submission", "check", str(trial), "--round", "6.1", expect=(10,)).exit == 10


def test_single_stream_runs_valid_from_the_same_lockfile(proof: Proof) -> None:
    result, record = proof.first.run(*LOCK, *QUICK, "--scenario", "SingleStream", "--mode", "performance")
    assert result.built == []
    assert record.metrics["result_valid"] is True
    assert float(record.metrics["samples_per_second"]) > 0


def test_a_newcomer_who_follows_the_page_runs_a_model_of_their_own(proof: Proof) -> None:
    results = follow(
        TOP / "docs" / "how-to" / "bring-your-own-model.md", proof.first, proof.first.store.parent / "home"
    )
    assert [command.split()[0] for command in results if results[command].exit] == []
    assert results["realize my-model"].path == results["realize my-model --lock recipes.lock"].path
    runs = [command for command in results if command.startswith("run ")]
    assert len(runs) == 2
    assert [results[command].built for command in runs] == [[], []]
    record = RunRecord.parse(Path(results[runs[0]].stdout.rpartition(": ")[2].strip()).read_text())
    assert record.replaced == {"weights": "my-model"}
    assert str(record.inputs["weights"].store_path) == results["realize my-model"].path.name


@pytest.mark.parametrize(
    ("axis", "backend", "most_apart"),
    [("implementation=python", "onnxruntime", 0), ("backend=pytorch", "pytorch", 0.1)],
)
def test_the_python_harness_detects_the_same(proof: Proof, axis: str, backend: str, most_apart: float) -> None:
    if backend == "pytorch" and proof.first("realize", "python-torch", *LOCK, expect=(0, 6)).exit:
        pytest.skip("where pip looks here there is no PyTorch for CPUs")
    _, record = proof.first.run(*LOCK, "--set", axis, "--mode", "accuracy")
    assert (record.axes["implementation"], record.axes["backend"]) == ("python", backend)
    assert record.metrics["mAP"] == pytest.approx(proof.record.metrics["mAP"], rel=0, abs=most_apart)


def test_what_a_run_used_survives_gc_and_runs_again_without_network(proof: Proof) -> None:
    proof.first("gc")
    result, record = proof.first.run(*LOCK, *QUICK, "--offline")
    assert (result.built, result.fetched) == ([], [])
    assert record.closure == proof.record.closure


def test_the_score_is_that_of_a_plain_computation_on_the_same_log(proof: Proof) -> None:
    record, store = proof.record, proof.first.store
    tensors = store / "objects" / str(record.inputs["tensors"].store_path)
    dataset = json.loads((tensors / "annotations/openimages-mlperf.json").read_text())
    log = json.loads((store / "runs" / record.id / "accuracy/mlperf_log_accuracy.json").read_text())
    score = mean_average_precision(list(truths(dataset)), list(detections(log, dataset["images"])))
    assert record.metrics["mAP"] == pytest.approx(100 * score, abs=1e-9)


def truths(dataset: dict[str, Any]) -> Iterator[Truth]:
    """What is in the images, in pixels; a sample is an image's position."""
    positions = {image["id"]: position for position, image in enumerate(dataset["images"])}
    for entry in dataset["annotations"]:
        x, y, width, height = entry["bbox"]
        yield Truth(positions[entry["image_id"]], (x, y, x + width, y + height), entry["category_id"])


def detections(log: list[dict[str, Any]], images: list[dict[str, Any]]) -> Iterator[Detection]:
    """What LoadGen's accuracy log says was found, in pixels, in the order of the images.

    A record is sample, y1, x1, y2, x2, score, label. Corners, then sides, are rounded to float32, as by the reference
    script's numpy.
    """
    for answer in sorted(log, key=lambda answer: int(answer["qsl_idx"])):
        for sample, *shares, score, label in struct.iter_unpack("<7f", bytes.fromhex(answer["data"])):
            sides = (images[int(sample)]["height"], images[int(sample)]["width"]) * 2
            y1, x1, y2, x2 = (float32(share * side) for share, side in zip(shares, sides, strict=True))
            box = (x1, y1, x1 + float32(x2 - x1), y1 + float32(y2 - y1))
            yield Detection(int(sample), box, score, int(label))


def float32(value: float) -> float:
    """The nearest float32."""
    rounded: float = struct.unpack("<f", struct.pack("<f", value))[0]
    return rounded


AFTER = """
name = "after"
version = "1"
summary = "What is made from the harness"

[inputs]
harness = "harness-cpp"

[build]
builder = "script"
settings.argv = ["/bin/sh", "-c", 'echo "$1" > "$2/name"', "sh", "{harness.name}", "{out}"]
"""


def test_two_stores_made_apart_have_the_same_store_paths_and_manifests(proof: Proof) -> None:
    first, second = ({key: (item.store_path, item.manifest) for key, item in made.items()} for made in proof.made)
    assert any(str(path).endswith("-harness-cpp-1") for path, _ in first.values())
    assert first == second


def test_their_objects_hold_the_bytes_that_their_manifests_say(proof: Proof) -> None:
    for place in (proof.first, proof.second):
        assert place("verify", "--json").data["damages"] == []


def test_what_ran_programs_without_a_sandbox_is_marked(proof: Proof) -> None:
    first, second = map(unsandboxed, proof.made)
    assert second == {"harness-cpp", "libcxx", "loadgen", "shapes", "shapes-preprocessed"}
    assert first == (second if proof.record.isolation == "unsandboxed" else set())


def unsandboxed(made: Made) -> set[str]:
    """The names of what was built without a sandbox."""
    labels = [str(item.store_path).partition("-")[2] for item in made.values() if item.isolation == "unsandboxed"]
    return {label.rpartition("-")[0] for label in labels}


def test_a_store_that_was_moved_still_runs(proof: Proof) -> None:
    place = proof.second
    moved = replace(place, store=place.store.parent / "elsewhere" / "deeper" / "store")
    moved.store.parent.mkdir(parents=True)
    place.store.rename(moved.store)
    try:
        result, record = moved.run(*LOCK, *QUICK, "--offline")
    finally:
        moved.store.rename(place.store)
    assert (result.built, record.metrics["result_valid"]) == ([], True)
    assert (record.closure, record.metrics["mAP"]) == (proof.record.closure, proof.record.metrics["mAP"])


def test_a_comment_in_a_header_rebuilds_the_harness_once_and_nothing_after_it(proof: Proof, tmp_path: Path) -> None:
    """By Landlock alone, where there is one: the third way to the same bytes."""
    copy_checkout(tmp_path / "checkout")
    place = replace(proof.second, top=tmp_path / "checkout")
    (place.top / "recipes/after.toml").write_text(AFTER)
    level = "confined" if probe_landlock().version else "none"
    command = ("realize", "harness-cpp", "after", "--sandbox", level)
    before = place(*command)
    assert before.built == ["after-1"]
    with (place.top / "harness/cpp/src/backend.h").open("a") as header:
        header.write("// A comment.\n")
    changed = place(*command)
    assert changed.built == ["harness-cpp-1"]
    assert changed.stdout == before.stdout
    assert place(*command).built == []


def test_a_benchmark_prints_a_table_and_writes_its_rows(proof: Proof, tmp_path: Path) -> None:
    names = ["null-backend", "realize-present"]
    command = [sys.executable, "-m", "benchmarks", *names, "--store", str(proof.second.store), "--json", "rows.json"]
    environ = {**proof.second.environ, "PYTHONPATH": str(TOP)}
    done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.count("\n")) == (0, 3), done.stderr
    rows = json.loads((tmp_path / "rows.json").read_text())
    assert [row["name"] for row in rows] == names
    for row in rows:
        assert row.keys() == {"name", "value", "unit", "target", "sense", "ours", "peer"}
        assert row["ours"] > 0
        assert row["peer"] > 0


def test_the_matrix_of_ways_is_run_and_written(proof: Proof, tmp_path: Path) -> None:
    page = tmp_path / "matrix.md"
    page.write_text("# Ways\n")
    only = [word for way in ("implementation=cpp", "scenario=Offline", "mode=accuracy") for word in ("--only", way)]
    command = [sys.executable, "-m", "benchmarks.matrix", *only, "--write", str(page)]
    command += ["--store", str(proof.second.store)]
    environ = {**proof.second.environ, "PYTHONPATH": str(TOP)}
    done = subprocess.run(command, env=environ, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert page.read_text().startswith("# Ways\n")
    assert f"| cpp | onnxruntime | cpu | Offline | mAP {proof.record.metrics['mAP']:.3f} % |" in page.read_text()
    assert "| cpp | null | cpu | Offline | exit 2" in page.read_text()


def test_open_images_comes_from_its_hosts_is_preprocessed_and_run(proof: Proof, tmp_path: Path) -> None:
    """The recipes of the real data, with hosts on loopback that have thirty pictures."""
    numpy = pytest.importorskip("numpy")
    pool, draws, classes = 30, 10, ["circle", "ring"]
    shapes = sorted((proof.second.store / "objects").glob("*-shapes-1/validation/data/*.jpg"))
    pictures = {f"{number:016x}": shapes[number].read_bytes() for number in range(pool)}
    checkout = Checkout(tmp_path / "checkout", proof.second.store, proof.second.environ, forked=False)
    copy_checkout(checkout.top)
    subset = checkout.top / "recipes/openimages-subset.toml"
    known = sha256("\n".join(classes).encode()).hexdigest()
    subset.write_text(subset.read_text().replace("24781", str(pool)).replace(OPENIMAGES_CLASSES, known))
    with Origin() as origin:
        archive = annotations_archive(pictures, classes)
        take(checkout, "openimages-annotations", origin, {OPENIMAGES_MD5: archive})
        take(checkout, "openimages", origin)
        origin.serve(OPENIMAGES_ARCHIVE, Reply(archive))
        take(checkout, "retinanet-onnx", origin, {RETINANET_MD5: box_of_every_picture()})
        origin.serve(RETINANET, Reply(box_of_every_picture()))
        for name, picture in pictures.items():
            origin.serve(f"/open-images-dataset.s3.amazonaws.com/validation/{name}.jpg", Reply(picture))
        ten = ("--set", f"dataset=openimages-{draws}", "--sandbox", "none")
        stored = checkout("realize", "openimages-preprocessed", *ten).path
        loaded = checkout("realize", "openimages-preprocessed", *ten, "--set", "tensors=on-load").path
        checkout("realize", "retinanet-onnx")
    drawn = sorted({int(position) for position in numpy.random.RandomState(42).choice(pool, size=draws)})
    index = (stored / "index.txt").read_text()
    assert index.splitlines()[2:] == ["shape 3 800 800", f"count {len(drawn)}", *(f"{k:016x}.jpg" for k in drawn)]
    assert (loaded / "index.txt").read_text() == index
    assert not (loaded / "tensors.f32").exists()
    load = [sys.executable, str(loaded / "load.py")]
    made = subprocess.run(load, input=b"3 0\n", env=with_vision(proof), capture_output=True, check=True).stdout
    tensors, length = (stored / "tensors.f32").read_bytes(), 3 * 800 * 800 * 4
    assert len(tensors) == length * len(drawn)
    assert made == tensors[3 * length : 4 * length] + tensors[:length]
    ran = checkout("run", "benchmark", *ten, "--set", "model=retinanet", "--mode", "accuracy", "--count", "5", "--json")
    assert RunRecord.parse(Path(ran.data["record"]).read_text()).metrics["mAP"] == pytest.approx(100)


def annotations_archive(pictures: Iterable[str], classes: Sequence[str]) -> bytes:
    """An archive of the form of MLPerf's, with one box a picture."""
    images = [{"id": k, "file_name": f"{name}.jpg", "height": 240, "width": 320} for k, name in enumerate(pictures, 1)]
    box = {"category_id": 0, "bbox": [1, 1, 9, 9], "area": 81, "iscrowd": 0}
    boxes = [{"id": image["id"], "image_id": image["id"], **box} for image in images]
    categories = [{"id": number, "name": name} for number, name in enumerate(classes)]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        document = {"categories": categories, "images": images, "annotations": boxes}
        file.writestr("openimages-mlperf.json", json.dumps(document))
    return archive.getvalue()


def box_of_every_picture() -> bytes:
    """A model of RetinaNet's form that looks at nothing, and knows."""
    found: dict[str, tuple[int, list[int], list[float]]] = {
        "boxes": (onnx_file.FLOAT, [1, 4], [800 / 320, 800 / 240, 8000 / 320, 8000 / 240]),
        "scores": (onnx_file.FLOAT, [1], [0.9]),
        "labels": (onnx_file.INT64, [1], [0]),
    }
    nodes = [onnx_file.node("Identity", [f"known {name}"], name) for name in found]
    constants = [onnx_file.constant(f"known {name}", *content) for name, content in found.items()]
    outputs: dict[str, tuple[int, onnx_file.Shape]] = {name: (kind, shape) for name, (kind, shape, _) in found.items()}
    return onnx_file.model(nodes, {"images": (onnx_file.FLOAT, [1, 3, 800, 800])}, outputs, constants)


def with_vision(proof: Proof) -> dict[str, str]:
    """The environment in which the pinned OpenCV is found."""
    (packages,) = (proof.second.store / "objects").glob("*-python-vision-1/lib/python3*/site-packages")
    return {**proof.second.environ, "PYTHONPATH": str(packages)}
