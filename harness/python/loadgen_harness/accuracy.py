"""Score LoadGen's accuracy log against the annotations of a dataset, by pycocotools and MLPerf's rules.

The twelve COCO statistics and `mAP=` are what MLPerf's accuracy script for Open Images prints for the same log, digit
for digit. That script takes its arithmetic from numpy: since numpy 2, float32 throughout; so it is here.
"""

import argparse
import contextlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from loadgen_harness.detections import Records, parse_records

STATISTICS = (
    "AP",
    "AP50",
    "AP75",
    "AP_small",
    "AP_medium",
    "AP_large",
    "AR_1",
    "AR_10",
    "AR_100",
    "AR_small",
    "AR_medium",
    "AR_large",
)
"""Names for the twelve numbers of COCO's summary, in its order; each is a share, 0 to 1, or -1 when nothing counts."""

Image = dict[str, Any]
"""An entry of the annotations' `images`: id, height, width, file_name."""

Result = dict[str, Any]
"""A detection in COCO's format of results: image_id, category_id, bbox (x, y, width, height in pixels), score."""


class LogError(Exception):
    """The accuracy log contradicts the annotations or itself."""


def results_of_image(records: Records, image: Image) -> list[Result]:
    """Turn the records of one image into COCO results, in pixels of the original image."""
    sides = np.array([image["height"], image["width"], image["height"], image["width"]], np.float32)
    corners = records[:, 1:5] * sides
    boxes = np.stack(
        [corners[:, 1], corners[:, 0], corners[:, 3] - corners[:, 1], corners[:, 2] - corners[:, 0]], axis=1
    )
    return [
        {"image_id": image["id"], "category_id": int(label), "bbox": box, "score": score}
        for box, score, label in zip(boxes.tolist(), records[:, 5].tolist(), records[:, 6].tolist(), strict=True)
    ]


def read_log(log: list[dict[str, Any]], images: Sequence[Image]) -> tuple[list[Result], set[Any]]:
    """Return the results in LoadGen's log and the ids of the images that it has an answer for.

    A sample is the image at that position of the annotations. Only the first answer to a sample counts. An image
    without detections counts as seen: what is on it was missed. Raises LogError.
    """
    results: list[Result] = []
    seen: dict[int, Any] = {}
    for entry in log:
        index = entry["qsl_idx"]
        if index in seen:
            continue
        if index >= len(images):
            raise LogError(f"sample {index}: the annotations have only {len(images)} images")
        try:
            records = parse_records(entry["data"])
        except ValueError as error:
            raise LogError(f"sample {index}: {error}") from error
        if np.any(records[:, 0] != index):
            raise LogError(f"sample {index}: its records say that they belong to sample {records[:, 0].max():.0f}")
        seen[index] = images[index]["id"]
        results += results_of_image(records, images[index])
    return results, set(seen.values())


def evaluate(truth: COCO, results: list[Result], image_ids: set[Any]) -> dict[str, float]:
    """Print COCO's twelve lines and return the numbers by name. Only the images in `image_ids` are looked at."""
    with contextlib.redirect_stdout(sys.stderr):  # pycocotools talks while it works
        evaluation = COCOeval(truth, load_results(truth, results), iouType="bbox")
        evaluation.params.imgIds = sorted(image_ids)
        evaluation.evaluate()
        evaluation.accumulate()
    evaluation.summarize()
    return dict(zip(STATISTICS, map(float, evaluation.stats), strict=True))


def load_results(truth: COCO, results: list[Result]) -> COCO:
    """Let pycocotools read results; it cannot read an empty list itself."""
    if results:
        return truth.loadRes(results)
    nothing = COCO()
    nothing.dataset = {**truth.dataset, "annotations": []}
    nothing.createIndex()
    return nothing


def score(log: Path, annotations: Path, output: Path) -> dict[str, float]:
    """Write the COCO results of a log to `output` and return its metrics: `mAP` in percent, and the statistics."""
    with contextlib.redirect_stdout(sys.stderr):
        truth = COCO(str(annotations))
    results, image_ids = read_log(json.loads(log.read_text(encoding="utf-8")), truth.dataset["images"])
    output.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    statistics = evaluate(truth, results, image_ids)
    return {"mAP": 100 * statistics["AP"], **statistics}


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="accuracy", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--log", type=Path, required=True, help="mlperf_log_accuracy.json")
    parser.add_argument("--annotations", type=Path, required=True, help="the dataset's annotations in COCO's format")
    parser.add_argument("--output", type=Path, required=True, help="where the COCO results go")
    parser.add_argument("--metrics", type=Path, required=True, help="where mAP and the twelve statistics go, as JSON")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Score a log; returns 0, or 1 with a message when the log is wrong."""
    options = parse_arguments(arguments)
    try:
        metrics = score(options.log, options.annotations, options.output)
    except LogError as error:
        sys.stderr.write(f"accuracy: {options.log}: {error}\n")
        return 1
    sys.stdout.write(f"mAP={metrics['mAP']:.3f}%\n")
    options.metrics.write_text(json.dumps(metrics, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
