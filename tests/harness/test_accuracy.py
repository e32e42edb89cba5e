"""The score of a LoadGen log, against answers worked out by hand and against a plain computation written here."""

import json
import random
import struct
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("numpy")
pytest.importorskip("pycocotools")
pytest.importorskip("hotcoco")

from loadgen_harness import accuracy
from loadgen_harness.evaluation import EVALUATORS

from tests.harness.accuracy_log import write_log
from tests.plain_score import Box, Detection, Truth, average_precision

pytestmark = pytest.mark.harness

IMAGES = [
    # Neither the ids nor their order say anything: a sample is a position.
    {"id": 30, "file_name": "c.jpg", "height": 100, "width": 200},
    {"id": 10, "file_name": "a.jpg", "height": 400, "width": 100},
    {"id": 20, "file_name": "b.jpg", "height": 256, "width": 256},
]
# Boxes are shares of the image.
LEFT: Box = (0.0, 0.0, 0.5, 1.0)
RIGHT: Box = (0.5, 0.0, 1.0, 1.0)


class Case:
    """A folder with annotations and a log, and what comes of scoring it."""

    def __init__(self, folder: Path, evaluator: str) -> None:
        self.folder = folder
        self.evaluator = evaluator
        self.annotations: list[dict[str, Any]] = []
        self.log: list[tuple[int, bytes]] = []

    def truth(self, sample: int, box: Box, label: int) -> None:
        image = IMAGES[sample]
        width, height = int(str(image["width"])), int(str(image["height"]))
        x, y, w, h = box[0] * width, box[1] * height, (box[2] - box[0]) * width, (box[3] - box[1]) * height
        self.annotations.append(
            {
                "id": len(self.annotations) + 1,
                "image_id": image["id"],
                "category_id": label,
                "iscrowd": 0,
                "bbox": [x, y, w, h],
                "area": w * h,
            }
        )

    def answer(self, sample: int, *detections: tuple[Box, float, int], claimed: int | None = None) -> None:
        index = sample if claimed is None else claimed
        data = b"".join(
            struct.pack("<7f", index, box[1], box[0], box[3], box[2], score, label) for box, score, label in detections
        )
        self.log.append((sample, data))

    def run(self) -> int:
        categories = [{"id": label, "name": str(label)} for label in (0, 1)]
        dataset = {"images": IMAGES, "annotations": self.annotations, "categories": categories}
        (self.folder / "truth.json").write_text(json.dumps(dataset), encoding="utf-8")
        write_log(self.folder / "log.json", self.log)
        return self.score()

    def score(self) -> int:
        names = {
            "--log": "log",
            "--annotations": "truth",
            "--results": "results",
            "--metrics": "metrics",
            "--classes": "classes",
        }
        files = [word for name, stem in names.items() for word in (name, str(self.folder / f"{stem}.json"))]
        return accuracy.main([*files, "--evaluator", self.evaluator])

    def metrics(self) -> dict[str, float]:
        assert self.run() == 0
        metrics: dict[str, float] = json.loads((self.folder / "metrics.json").read_text(encoding="utf-8"))
        return metrics

    def classes(self) -> list[dict[str, Any]]:
        classes: list[dict[str, Any]] = json.loads((self.folder / "classes.json").read_text(encoding="utf-8"))
        return classes

    def results(self) -> list[dict[str, Any]]:
        results: list[dict[str, Any]] = json.loads((self.folder / "results.json").read_text(encoding="utf-8"))
        return results


@pytest.fixture(params=EVALUATORS)
def case(tmp_path: Path, request: pytest.FixtureRequest) -> Case:
    return Case(tmp_path, request.param)


def test_a_perfect_answer_scores_100_percent(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    case.truth(0, LEFT, 0)
    case.truth(1, RIGHT, 1)
    case.answer(0, (LEFT, 0.9, 0))
    case.answer(1, (RIGHT, 0.8, 1))
    metrics = case.metrics()
    assert metrics["mAP"] == pytest.approx(100)
    assert [metrics[name] for name in ("AP", "AP50", "AR_100")] == pytest.approx([1, 1, 1])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 13
    assert lines[0] == " Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all | maxDets=100 ] = 1.000"
    assert lines[4] == " Average Precision  (AP) @[ IoU=0.50:0.95 | area=medium | maxDets=100 ] = -1.000"
    assert lines[12] == "mAP=100.000%"


def test_a_sample_is_the_image_at_that_position_in_its_own_pixels(case: Case) -> None:
    case.truth(1, LEFT, 0)
    case.answer(1, ((0.5, 0.25, 0.75, 1.0), 0.5, 1))
    case.metrics()
    assert case.results() == [
        {"image_id": 10, "category_id": 1, "bbox": [50.0, 100.0, 25.0, 300.0], "score": 0.5},
    ]


def test_only_the_first_answer_to_a_sample_counts(case: Case) -> None:
    case.truth(0, LEFT, 0)
    case.answer(0, (LEFT, 0.9, 0))
    case.answer(0, (RIGHT, 0.95, 0))
    assert case.metrics()["mAP"] == pytest.approx(100)


def test_an_image_without_a_detection_counts_as_missed(case: Case) -> None:
    case.truth(0, LEFT, 0)
    case.truth(1, LEFT, 0)
    case.answer(0, (LEFT, 0.9, 0))
    case.answer(1)
    # One of two found: precision is 1 at the recalls 0, 0.01 ... 0.5, which are 51 of COCO's 101.
    assert case.metrics()["AP"] == pytest.approx(51 / 101)


def test_an_image_that_was_not_asked_for_does_not_count(case: Case) -> None:
    case.truth(0, LEFT, 0)
    case.truth(1, LEFT, 0)
    case.answer(0, (LEFT, 0.9, 0))
    assert case.metrics()["mAP"] == pytest.approx(100)


def test_a_log_without_any_detection_scores_0(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    case.truth(0, LEFT, 0)
    case.answer(0)
    assert case.metrics()["mAP"] == 0
    assert capsys.readouterr().out.endswith("mAP=0.000%\n")


def test_a_record_that_belongs_to_another_sample_is_refused(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    case.truth(0, LEFT, 0)
    case.answer(0, (LEFT, 0.9, 0), claimed=2)
    assert case.run() == 1
    assert "sample 0: its records say that they belong to sample 2" in capsys.readouterr().err


def test_a_sample_that_the_annotations_do_not_have_is_refused(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    case.truth(0, LEFT, 0)
    case.answer(3, (LEFT, 0.9, 0))
    assert case.run() == 1
    assert "line 2: sample 3: the dataset has only 3" in capsys.readouterr().err


def test_a_record_with_a_number_that_is_none_is_refused(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    case.truth(0, LEFT, 0)
    case.answer(0, (LEFT, 0.9, 0), (LEFT, float("nan"), 0))
    assert case.run() == 1
    assert "sample 0: record 1 holds what is no number" in capsys.readouterr().err


def test_a_detection_of_no_category_of_the_dataset_counts_for_nothing(case: Case) -> None:
    case.truth(0, LEFT, 0)
    case.answer(0, (LEFT, 0.95, 7), (LEFT, 0.9, 0))
    assert case.metrics()["mAP"] == pytest.approx(100)


def test_annotations_that_cannot_be_told_apart_are_refused(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    case.truth(0, LEFT, 0)
    case.truth(0, RIGHT, 0)
    case.annotations[1]["id"] = 1
    assert case.run() == 1
    assert "truth.json: annotation 1: 2 have this id" in capsys.readouterr().err


def test_annotations_are_numbered_from_1(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    """For pycocotools, and MLPerf's script with it, what is matched with annotation 0 was missed."""
    case.truth(0, LEFT, 0)
    case.annotations[0]["id"] = 0
    assert case.run() == 1
    assert "truth.json: annotation 0: ids of annotations begin at 1" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "{}", '{"images": 3}', '{"images": [{}]}'])
def test_what_is_no_annotations_is_refused(case: Case, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    case.run()
    (case.folder / "truth.json").write_text(text)
    assert case.score() == 1
    assert "truth.json: no annotations in COCO's format: " in capsys.readouterr().err


@pytest.mark.parametrize("missing", ["log.json", "truth.json"])
def test_a_file_that_is_missing_is_said_with_what_mends_it(
    case: Case, missing: str, capsys: pytest.CaptureFixture[str]
) -> None:
    case.answer(0, (LEFT, 0.9, 0))
    case.run()
    (case.folder / missing).unlink()
    assert case.score() == 1
    said = capsys.readouterr().err
    assert f"{missing}: cannot be read: No such file" in said
    assert "\n  fix: " in said


def test_an_image_without_its_size_is_refused(case: Case, capsys: pytest.CaptureFixture[str]) -> None:
    case.run()
    (case.folder / "truth.json").write_text('{"images": [{"id": 1}], "categories": [], "annotations": []}')
    assert case.score() == 1
    assert "truth.json: no annotations in COCO's format: 'height' is missing" in capsys.readouterr().err


def test_the_score_is_that_of_a_plain_computation(case: Case) -> None:
    draw = random.Random(7)  # noqa: S311  a fixed draw, no secret
    truths = [Truth(sample, random_box(draw), label) for sample in range(3) for label in (0, 1) for _ in range(4)]
    for sample, box, label in truths:
        case.truth(sample, box, label)
    found: list[Detection] = []
    for sample, box, label in truths:
        for _ in range(2):
            moved = [min(1.0, max(0.0, side + draw.uniform(-0.06, 0.06))) for side in box]
            found.append(Detection(sample, (moved[0], moved[1], moved[2], moved[3]), draw.uniform(0.05, 1), label))
    for sample in (2, 0, 1):
        case.answer(sample, *[(box, score, label) for s, box, score, label in found if s == sample])
    metrics = case.metrics()
    for name, threshold in (("AP50", 0.5), ("AP75", 0.75)):
        assert metrics[name] == pytest.approx(average_precision(truths, found, threshold), abs=1e-9)
    assert 0.1 < metrics["AP"] < metrics["AP50"]
    classes = case.classes()
    assert [entry["name"] for entry in classes] == ["0", "1"]
    for name in ("AP", "AP50"):
        assert sum(entry[name] for entry in classes) / 2 == pytest.approx(metrics[name])
    for label, entry in enumerate(classes):
        alone = [item for item in truths if item.label == label], [item for item in found if item.label == label]
        assert entry["AP50"] == pytest.approx(average_precision(*alone, 0.5), abs=1e-9)


def test_a_category_that_is_nowhere_to_be_found_has_no_precision(case: Case) -> None:
    case.truth(0, LEFT, 1)
    case.answer(0, (LEFT, 0.9, 1), (RIGHT, 0.8, 0))
    assert case.metrics()["mAP"] == pytest.approx(100)
    assert case.classes() == [{"name": "1", "AP": pytest.approx(1), "AP50": pytest.approx(1)}]


def random_box(draw: random.Random) -> Box:
    x, y = draw.uniform(0, 0.6), draw.uniform(0, 0.6)
    return x, y, x + draw.uniform(0.2, 0.4), y + draw.uniform(0.2, 0.4)
