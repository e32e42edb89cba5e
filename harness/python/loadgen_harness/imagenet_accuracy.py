"""Score LoadGen's accuracy log against ImageNet's labels: the share of samples whose label was answered.

The line `accuracy=` is what MLPerf's accuracy script for ImageNet prints for the same log.
"""

import argparse
import json
import struct
import sys
from collections.abc import Sequence
from pathlib import Path

from loadgen_harness.accuracy_log import LogError, LoggedAnswer, read_log
from loadgen_harness.bad_file import BadFileError, complain, reading


class LabelsError(BadFileError):
    """The file of labels is missing, or none."""

    fix = "let the tensors folder have the data set's own val_map.txt: realize its recipe again"


def read_labels(path: Path) -> list[int]:
    """Read `val_map.txt`, a line a sample: the image's name, and its label. Raises LabelsError."""
    labels = []
    with reading(path, LabelsError):
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    for number, line in enumerate(lines, 1):
        match line.split():
            case [_, label] if label.isdecimal():
                labels.append(int(label))
            case _:
                raise LabelsError(path, f"line {number}: a line is an image's name and its label, which is a number")
    return labels


def answered_label(log: Path, answer: LoggedAnswer) -> int:
    """Read an answer in a log, which is one float32. Raises LogError."""
    try:
        (label,) = struct.unpack("<f", bytes.fromhex(answer.data))
        return int(label)
    except (ValueError, OverflowError, struct.error) as error:
        what = f"sample {answer.sample}: the answer is no label, one float32: {error}"
        raise LogError(log, what) from error


def score(log: Path, labels: Path) -> dict[str, float]:
    """Return `accuracy` in percent of the samples that were answered, `good` and `total`.

    Raises LogError, LabelsError.
    """
    expected = read_labels(labels)
    good = total = 0
    for answer in read_log(log, len(expected)):
        good += answered_label(log, answer) == expected[answer.sample]
        total += 1
    return {"accuracy": 100 * good / total, "good": good, "total": total}


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="imagenet_accuracy", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--log", type=Path, required=True, help="mlperf_log_accuracy.json")
    parser.add_argument("--labels", type=Path, required=True, help="the dataset's val_map.txt")
    parser.add_argument("--metrics", type=Path, required=True, help="where accuracy, good and total go, as JSON")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Score a log; returns 0, or 1 with a message when the log or the labels are wrong."""
    options = parse_arguments(arguments)
    try:
        metrics = score(options.log, options.labels)
        options.metrics.write_text(json.dumps(metrics, indent=1) + "\n", encoding="utf-8")
    except (BadFileError, OSError) as error:
        return complain("imagenet_accuracy", error)
    sys.stdout.write("accuracy={accuracy:.3f}%, good={good}, total={total}\n".format(**metrics))
    return 0


if __name__ == "__main__":
    sys.exit(main())
