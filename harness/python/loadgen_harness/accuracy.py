"""Score LoadGen's accuracy log against the annotations of a dataset, by COCO's and MLPerf's rules.

The twelve COCO statistics and `mAP=` are what MLPerf's accuracy script for Open Images prints for the same log, digit
for digit. That script takes its arithmetic from numpy: since numpy 2, float32 throughout; so it is here. Log and
results pass by image by image, so memory is bounded by the annotations and by what the evaluator keeps.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from loadgen_harness.accuracy_log import LogError, read_log
from loadgen_harness.bad_file import BadFileError, complain
from loadgen_harness.detections import Records, parse_records
from loadgen_harness.evaluation import EVALUATORS, Detections, by_category, summarize
from loadgen_harness.truth import Image, read_truth


def detections_of_image(records: Records, image: Image) -> Detections:
    """Turn the records of one image into rows in pixels of the original image."""
    sides = np.array([image["height"], image["width"], image["height"], image["width"]], np.float32)
    corners = records[:, 1:5] * sides
    rows = np.empty((len(records), 7))
    rows[:, 0] = image["id"]
    rows[:, 1:3] = corners[:, [1, 0]]
    rows[:, 3:5] = corners[:, [3, 2]] - corners[:, [1, 0]]
    rows[:, 5] = records[:, 5]
    rows[:, 6] = np.trunc(records[:, 6])
    return rows


def read_detections(log: Path, images: Sequence[Image]) -> Iterator[tuple[Image, Detections]]:
    """Yield each image that the log has an answer for, and what was found on it. Raises LogError.

    A sample is the image at that position of the annotations. An image without detections counts as seen: what is on
    it was missed.
    """
    for sample, data in read_log(log, len(images)):
        try:
            records = parse_records(data)
        except ValueError as error:
            raise LogError(log, f"sample {sample}: {error}") from error
        if not np.isfinite(records).all():
            broken = int(np.isfinite(records).all(axis=1).argmin())
            raise LogError(log, f"sample {sample}: record {broken} holds what is no number: {records[broken].tolist()}")
        if np.any(records[:, 0] != sample):
            raise LogError(
                log, f"sample {sample}: its records say that they belong to sample {records[:, 0].max():.0f}"
            )
        yield images[sample], detections_of_image(records, images[sample])


def write_results(found: Iterable[tuple[Image, Detections]], path: Path) -> Iterator[tuple[Image, Detections]]:
    """Write what passes by in COCO's format of results, a detection a line."""
    with path.open("w", encoding="utf-8") as file:
        file.write("[")
        before = "\n"
        for image, detections in found:
            for _, *box, score, label in detections.tolist():
                result = {"image_id": image["id"], "category_id": int(label), "bbox": box, "score": score}
                file.write(before + json.dumps(result))
                before = ",\n"
            yield image, detections
        file.write("\n]\n")


def score(
    log: Path, annotations: Path, evaluator: str, results: Path | None = None, classes: Path | None = None
) -> dict[str, float]:
    """Print the twelve lines and return the metrics: `mAP` in percent, and the statistics.

    COCO's results go to `results`, and what each category came to goes to `classes`, if these are given.
    Raises LogError, TruthError.
    """
    truth = read_truth(annotations)
    evaluation = EVALUATORS[evaluator](truth)
    found = read_detections(log, truth.images)
    for image, detections in write_results(found, results) if results else found:
        evaluation.add(image, detections)
    curves = evaluation.curves()
    statistics = summarize(curves)
    if classes:
        classes.write_text(json.dumps(by_category(curves, truth), indent=1) + "\n", encoding="utf-8")
    return {"mAP": 100 * statistics["AP"], **statistics}


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="accuracy", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--log", type=Path, required=True, help="mlperf_log_accuracy.json")
    parser.add_argument("--annotations", type=Path, required=True, help="the dataset's annotations in COCO's format")
    parser.add_argument("--metrics", type=Path, required=True, help="where mAP and the twelve statistics go, as JSON")
    parser.add_argument("--results", type=Path, help="where the detections go in COCO's format, if anywhere")
    parser.add_argument("--classes", type=Path, help="where each category's AP and AP50 go, as JSON, if anywhere")
    parser.add_argument("--evaluator", choices=EVALUATORS, default="hotcoco", help="who evaluates: both give the same")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Score a log; returns 0, or 1 with a message when the log or the annotations are wrong."""
    options = parse_arguments(arguments)
    try:
        metrics = score(options.log, options.annotations, options.evaluator, options.results, options.classes)
        options.metrics.write_text(json.dumps(metrics, indent=1) + "\n", encoding="utf-8")
    except (BadFileError, OSError) as error:
        return complain("accuracy", error)
    sys.stdout.write(f"mAP={metrics['mAP']:.3f}%\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
