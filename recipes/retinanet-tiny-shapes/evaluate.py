"""Score an ONNX detector on the validation split with pycocotools: evaluate.py MODEL DATA.

The plain way, picture by picture, without LoadGen: it gates the training and is an oracle for the harness.
"""

import argparse
import contextlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

Floats = NDArray[np.float32]
_ANNOTATIONS: Final = "annotations/openimages-mlperf.json"


def main() -> None:
    """Print `mAP=` of a model on a data set."""
    parser = argparse.ArgumentParser(description="Score an ONNX detector on the shapes validation split.")
    parser.add_argument("model", type=Path, metavar="MODEL")
    parser.add_argument("data", type=Path, metavar="DATA", help="folder with validation/ and annotations/")
    arguments = parser.parse_args()
    print(f"mAP={evaluate(arguments.model, arguments.data):.5f}")


def prepare(picture: NDArray[Any], size: int) -> Floats:
    """Turn decoded BGR bytes into the network's input [3, size, size]: RGB, 0 .. 1, bilinear on floats."""
    rgb = cv2.cvtColor(picture.astype(np.float32), cv2.COLOR_BGR2RGB)
    scaled = cv2.resize(rgb, (size, size), interpolation=cv2.INTER_LINEAR)
    return np.ascontiguousarray(scaled.transpose(2, 0, 1) / np.float32(255))


def restore(boxes: Floats, size: int, width: int, height: int) -> Floats:
    """Turn boxes x0 y0 x1 y1 in the network's pixels into COCO's x, y, width, height in the picture's."""
    boxes = boxes * np.array([width / size, height / size] * 2, np.float32)
    boxes[:, 2:] -= boxes[:, :2]
    return boxes


def evaluate(
    model: Path,
    data: Path,
    prepare: Callable[[NDArray[Any], int], Floats] = prepare,
    restore: Callable[[Floats, int, int, int], Floats] = restore,
) -> float:
    """Return COCO's mAP (IoU 0.50 to 0.95) of `model`; tests plant their mistakes in `prepare` and `restore`."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    size = session.get_inputs()[0].shape[2]
    results = []
    for image in json.loads((data / _ANNOTATIONS).read_text())["images"]:
        picture = cv2.imread(str(data / "validation" / "data" / image["file_name"]), cv2.IMREAD_COLOR)
        if picture is None:
            raise SystemExit(f"cannot read the validation picture {image['file_name']} of {data}")
        answers = session.run(["boxes", "scores", "labels"], {"images": prepare(picture, size)[None]})
        boxes = restore(answers[0], size, image["width"], image["height"])
        for box, score, label in zip(boxes.tolist(), answers[1].tolist(), answers[2].tolist(), strict=True):
            results.append({"image_id": image["id"], "category_id": label, "bbox": box, "score": score})
    return _mean_average_precision(data / _ANNOTATIONS, results)


def _mean_average_precision(annotations: Path, results: list[dict[str, Any]]) -> float:
    if not results:  # pycocotools refuses an empty list
        return 0.0
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(str(annotations))
        scored = COCOeval(truth, truth.loadRes(results), "bbox")
        scored.evaluate()
        scored.accumulate()
        scored.summarize()
    return float(scored.stats[0])


if __name__ == "__main__":
    main()
