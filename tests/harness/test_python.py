"""The Python harness as its object has it: the program, the environment beside it, LoadGen itself."""

import json
import math
import os
import re
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("numpy")

from envmgr.model.loadgen_summary import summary_metrics
from tests import onnx_file
from tests.harness.tensors import PYTHON, SHAPE, on_load, stored
from tests.onnx_file import FLOAT, INT64

pytestmark = [pytest.mark.harness, pytest.mark.registry]

TOP = Path(__file__).parents[2]
SAMPLES = 8
"""As many as a query of MultiStream has."""
SCENARIOS = ("Offline", "SingleStream", "MultiStream", "Server")
CONF = """\
*.*.min_duration = 100
*.*.min_query_count = 700
*.Server.target_qps = 1000
*.Server.target_latency = 10000
"""
"""So many queries that LoadGen judges each scenario by them; late on a busy machine is no fault of the harness."""
SCORES = (0.5, 0.5625, 0.625, 0.6875, 0.75, 0.8125, 0.875, 1.0)
"""What the detector below finds in each sample."""


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The harness, realised as everybody realises it."""
    store = tmp_path_factory.mktemp("store")
    command = [sys.executable, "-m", "envmgr", "--store", str(store), "realize", "retinanet-python-cpu"]
    return Path(subprocess.check_output(command, cwd=TOP, text=True).strip()) / "bin/harness"


def detector(scores: tuple[float, ...] = SCORES, names: tuple[str, ...] = ("scores", "labels", "boxes")) -> bytes:
    """A graph that finds one object of class 3 and scores it by the image's numbers, which are its position.

    An image beyond the scores is one that it fails at.
    """
    nodes = [
        onnx_file.node("ReduceMax", ["images"], "position", keepdims=0),
        onnx_file.node("Cast", ["position"], "place", to=INT64),
        onnx_file.node("Gather", ["table", "place"], "score"),
        onnx_file.node("Unsqueeze", ["score", "axes"], "scores"),
        onnx_file.node("Identity", ["box"], "boxes"),
        onnx_file.node("Identity", ["label"], "labels"),
    ]
    constants = [
        onnx_file.constant("table", FLOAT, [len(scores)], scores),
        onnx_file.constant("axes", INT64, [1], [0]),
        onnx_file.constant("box", FLOAT, [1, 4], [0, 0, 3, 1]),
        onnx_file.constant("label", INT64, [1], [3]),
    ]
    kinds: dict[str, tuple[int, onnx_file.Shape]] = {
        "scores": (FLOAT, ["n"]), "labels": (INT64, ["n"]), "boxes": (FLOAT, ["n", 4]),
    }  # fmt: skip
    outputs = {name: kinds[name] for name in names}
    return onnx_file.model(nodes, {"images": (FLOAT, [1, *SHAPE])}, outputs, constants)


def classifier() -> bytes:
    """A graph that takes any number of images and says that each is of class 10 times its position, less one."""
    nodes = [
        onnx_file.node("Flatten", ["images"], "rows"),
        onnx_file.node("Gather", ["rows", "first"], "positions", axis=1),
        onnx_file.node("Mul", ["positions", "ten"], "classes"),
        onnx_file.node("Cast", ["classes"], "ArgMax:0", to=INT64),
    ]
    constants = [onnx_file.constant("first", INT64, [], [0]), onnx_file.constant("ten", FLOAT, [], [10])]
    outputs: dict[str, tuple[int, onnx_file.Shape]] = {"ArgMax:0": (INT64, ["n"])}
    return onnx_file.model(nodes, {"images": (FLOAT, ["n", *SHAPE])}, outputs, constants)


class Case:
    """A folder with a model and samples, and the harness called in it."""

    def __init__(self, program: Path, folder: Path) -> None:
        self.program, self.folder = program, folder
        self.tensors = stored(folder / "tensors", SAMPLES)
        self.model = folder / "model.onnx"
        self.model.write_bytes(detector())
        (folder / "user.conf").write_text(CONF)

    def __call__(self, *words: str, expect: int = 0, **environ: str) -> subprocess.CompletedProcess[str]:
        given = dict(zip(words[::2], words[1::2], strict=True))
        usual = {
            "--backend": "onnxruntime", "--model": "model.onnx", "--tensors": str(self.tensors), "--output": "out",
            "--scenario": "Offline", "--mode": "accuracy", "--user-conf": "user.conf", "--warmup": "2",
            "--workers": "2", "--threads": "1", "--python": PYTHON,
        }  # fmt: skip
        argv = [str(self.program), *(word for pair in (usual | given).items() for word in pair)]
        environ = {**os.environ, "PYTHON": sys.executable, **environ}
        done = subprocess.run(argv, cwd=self.folder, env=environ, capture_output=True, text=True, check=False)
        assert done.returncode == expect, done.stdout + done.stderr
        return done

    def answers(self) -> dict[int, list[float]]:
        """The numbers of LoadGen's accuracy log, by sample."""
        log = json.loads((self.folder / "out/mlperf_log_accuracy.json").read_text())
        answers = {entry["qsl_idx"]: bytes.fromhex(entry["data"]) for entry in log}
        return {index: list(struct.unpack(f"<{len(data) // 4}f", data)) for index, data in sorted(answers.items())}

    def record(self) -> dict[str, Any]:
        """harness.json."""
        record: dict[str, Any] = json.loads((self.folder / "out/harness.json").read_text())
        return record


@pytest.fixture
def case(program: Path, tmp_path: Path) -> Case:
    return Case(program, tmp_path)


FOUND = {index: [index, 0, 0, 0.5, 1, score, 3] for index, score in enumerate(SCORES)}


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_sample_is_answered_once_with_what_the_model_finds_in_it(case: Case, scenario: str) -> None:
    case("--scenario", scenario)
    assert case.answers() == FOUND
    assert (case.record()["answered"], case.record()["sample_count"]) == (SAMPLES, SAMPLES)


def test_the_trace_has_the_latency_of_every_sample_where_it_is_asked_for(case: Case) -> None:
    case()
    assert (case.folder / "out/mlperf_log_trace.json").read_bytes() == b""
    case("--trace", "1")
    begun = re.findall(r'"Sample".*"complete_ns":\d+', (case.folder / "out/mlperf_log_trace.json").read_text())
    assert len(begun) == SAMPLES
    assert case.record()["trace"] == 1


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_performance_run_is_valid(case: Case, scenario: str) -> None:
    workers = "1" if scenario.endswith("Stream") else "2"
    case("--scenario", scenario, "--mode", "performance", "--workers", workers)
    summary = summary_metrics((case.folder / "out/mlperf_log_summary.txt").read_text())
    assert summary["result_valid"] is True
    record = case.record()
    assert record["answered"] >= SAMPLES
    assert record["expected_from"] == ("user.conf" if scenario == "Server" else "warm-up")


def test_the_null_backend_needs_no_model_and_finds_the_whole_image(case: Case) -> None:
    case("--backend", "null", "--model", "")
    assert case.answers() == {index: [index, 0, 0, 1, 1, 1, 0] for index in range(SAMPLES)}
    assert case.record()["onnxruntime"] == ""


@pytest.mark.parametrize(("scenario", "workers"), [("Offline", "2"), ("SingleStream", "1")])
def test_a_model_that_fails_ends_the_run_with_the_name_of_the_sample(case: Case, scenario: str, workers: str) -> None:
    case.model.write_bytes(detector(SCORES[:6]))
    done = case("--scenario", scenario, "--workers", workers, expect=1)
    assert re.search(r"^harness: sample ([67]) \(\1\.jpg\): .*out of data bounds", done.stderr, re.MULTILINE)
    assert not (case.folder / "out/harness.json").exists()


def test_samples_made_on_load_are_answered_as_stored_ones(case: Case) -> None:
    case("--tensors", str(on_load(case.folder / "made", SAMPLES)))
    assert case.answers() == FOUND
    assert case.record()["tensors_made"] == "on-load"


def test_a_picture_that_is_broken_ends_the_run_with_its_name(case: Case) -> None:
    case.tensors = on_load(case.folder / "made", SAMPLES, broken=4)
    done = case(expect=1)
    assert "the picture is broken" in done.stderr
    assert "harness: sample 4 (4.jpg): " in done.stderr
    assert not (case.folder / "out/harness.json").exists()


def test_an_answer_that_is_no_object_stays_one_without_any(case: Case) -> None:
    case.model.write_bytes(detector((0.5, 0.04, math.nan, *SCORES[3:])))
    case()
    assert [len(answer) for answer in case.answers().values()] == [7, 0, 0, 7, 7, 7, 7, 7]


@pytest.mark.parametrize("batch", ["1", "3"])
def test_a_classifier_answers_a_label_for_each_sample_also_of_a_batch(case: Case, batch: str) -> None:
    case.model.write_bytes(classifier())
    case("--task", "classification", "--batch", batch, "--workers", "1")
    assert case.answers() == {index: [10 * index - 1] for index in range(SAMPLES)}
    assert case.record()["most_at_once"] == int(batch)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--provider", "cuda"), "the CUDA execution provider cannot be loaded"),
        (("--task", "classification"), "has neither an output 'ArgMax:0' nor"),
        (("--model", "none.onnx"), "model none.onnx: "),
        (("--count", "9"), "--count 9: "),
    ],
)
def test_what_cannot_be_run_is_told_before_the_clock_starts(case: Case, words: tuple[str, ...], said: str) -> None:
    assert said in case(*words, expect=1).stderr
    assert not (case.folder / "out").exists()


def test_a_model_may_be_named_by_its_folder(case: Case) -> None:
    case("--model", ".")
    assert case.answers() == FOUND


def test_a_model_without_one_of_its_outputs_is_refused(case: Case) -> None:
    case.model.write_bytes(detector(names=("boxes", "scores")))
    assert "has no output 'labels'" in case(expect=1).stderr


def test_a_conf_that_loadgen_cannot_read_is_a_fault_of_the_command_line(case: Case) -> None:
    (case.folder / "user.conf").write_text("*.*.min_duration = ten\n")
    assert "--user-conf user.conf" in case(expect=2).stderr


def test_an_audit_is_heeded(case: Case) -> None:
    (case.folder / "audit.config").write_text("*.*.mode = 2\n*.*.accuracy_log_sampling_target = 3\n")
    case("--mode", "performance", "--audit-conf", "audit.config")
    assert case.answers()


def test_a_bare_run_prints_its_pace(case: Case) -> None:
    words = case("--bare", "20").stdout.split()
    assert (words[:2], words[3]) == (["bare", "samples_per_second"], "cpu_seconds_per_sample")
    assert float(words[2]) > 0


def test_an_interpreter_of_another_version_is_told_so(program: Path, tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "environment/lib/python3.1").mkdir(parents=True)
    copy = tmp_path / "bin/harness"
    copy.write_bytes(program.read_bytes())
    copy.chmod(0o755)
    done = subprocess.run([copy, "--help"], env={"PYTHON": sys.executable}, capture_output=True, text=True, check=False)
    assert (done.returncode, "python3.1" in done.stderr) == (1, True)


def test_both_harnesses_write_the_same_record_but_for_pytorch(case: Case) -> None:
    case()
    source = (TOP / "harness/cpp/src/record.cc").read_text()
    fields = [
        part.partition('"')[0] for part in source.replace("record.Add(", "record->Add(").split('record->Add("')[1:]
    ]
    assert sorted(case.record().keys() - {"torch"}) == sorted(fields)
