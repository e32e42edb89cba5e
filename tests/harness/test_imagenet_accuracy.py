"""The share of ImageNet's labels that LoadGen's log has right."""

import json
import math
import struct
from collections.abc import Sequence
from pathlib import Path

import pytest
from loadgen_harness import imagenet_accuracy

from tests.harness.accuracy_log import write_log

LABELS = "n01.JPEG 65\nn02.JPEG 970\nn03.JPEG 0\nn04.JPEG 999\n"


def scored(folder: Path, answers: Sequence[tuple[int, bytes]], labels: str = LABELS) -> int:
    write_log(folder / "log", answers)
    (folder / "val_map.txt").write_text(labels)
    files = {"--log": "log", "--labels": "val_map.txt", "--metrics": "metrics.json"}
    return imagenet_accuracy.main([word for name, file in files.items() for word in (name, str(folder / file))])


def data(label: float) -> bytes:
    return struct.pack("<f", label)


def test_the_first_answer_to_each_sample_counts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answers = [(3, data(999)), (0, data(65)), (1, data(5)), (1, data(970)), (2, data(0))]
    assert scored(tmp_path, answers) == 0
    assert capsys.readouterr().out == "accuracy=75.000%, good=3, total=4\n"
    assert json.loads((tmp_path / "metrics.json").read_text()) == {"accuracy": 75.0, "good": 3, "total": 4}


def test_only_samples_that_were_answered_count(tmp_path: Path) -> None:
    assert scored(tmp_path, [(1, data(970))]) == 0
    assert json.loads((tmp_path / "metrics.json").read_text())["accuracy"] == 100


@pytest.mark.parametrize("answer", [b"", b"0", data(1) * 2, data(math.nan), data(math.inf)])
def test_an_answer_that_is_no_label_is_refused(
    tmp_path: Path, answer: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    assert scored(tmp_path, [(0, data(65)), (2, answer)]) == 1
    assert "log: sample 2: the answer is no label" in capsys.readouterr().err


@pytest.mark.parametrize("line", ["n05.JPEG", "n05.JPEG five", "n05.JPEG -1", "a name.JPEG 5", ""])
def test_labels_that_are_none_are_refused(tmp_path: Path, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert scored(tmp_path, [(0, data(65))], f"n01.JPEG 65\n{line}\n") == 1
    assert "val_map.txt: line 2: " in capsys.readouterr().err
