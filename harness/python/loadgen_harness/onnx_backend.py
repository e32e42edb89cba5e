"""Models in ONNX files, run by ONNX Runtime.

The graph has one input, float32 [N, channels, height, width]; its outputs are found by name, whatever their order.
  detection       `boxes` float32 [K, 4] as x1, y1, x2, y2 in pixels of the input; `scores` float32 [K], descending;
                  `labels` int64 [K]. A graph for batches puts N before each shape.
  classification  `ArgMax:0` int64 [N], else `softmax_tensor:0` float32 [N, classes]; class 0 of the graph is
                  "nothing", so an answer is the class less one.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from loadgen_harness.answer import Answer
from loadgen_harness.detections import Detections
from loadgen_harness.onnx_session import ModelError, Port, check_input, make_session, require_port
from loadgen_harness.sample_library import Image
from loadgen_harness.settings import Settings

ARGMAX = "ArgMax:0"
SOFTMAX = "softmax_tensor:0"


class OnnxBackend:
    """One session. See Backend for the threading contract."""

    def __init__(self, settings: Settings, shape: tuple[int, int, int]) -> None:
        """Load the model and check that its inputs and outputs are as described above; raises ModelError.

        `shape` is what the sample library holds; it must fit the graph's input.
        """
        try:
            self._session = make_session(settings)
            port = check_input(self._session.get_inputs(), shape)
            self._outputs, by_image = _plan(settings.task, self._session.get_outputs())
        except ModelError as error:
            raise ModelError(f"model {settings.model}: {error}") from error
        self._input = port.name
        self._detections = Detections(shape) if settings.task == "detection" else None
        self.most_at_once = settings.batch if by_image and not isinstance(port.shape[0], int) else 1
        self._gathered = np.empty((self.most_at_once, *shape), np.float32) if self.most_at_once > 1 else None

    def run(self, images: Sequence[Image], answers: Sequence[Answer]) -> None:
        """Run the graph once over all images."""
        found = self._session.run(self._outputs, {self._input: self._block(images)})
        if self._detections is None:
            _answer_labels(found[0], answers)
        elif self._gathered is None:
            boxes, scores, labels = found
            self._detections.write(boxes, scores, labels, answers[0])
        else:
            for answer, boxes, scores, labels in zip(answers, *found, strict=True):
                self._detections.write(boxes, scores, labels, answer)

    def _block(self, images: Sequence[Image]) -> Image:
        """The images as one block of memory."""
        if self._gathered is None or len(images) == 1:
            return images[0]
        return np.concatenate(images, out=self._gathered[: len(images)])


def _plan(task: str, ports: Sequence[Port]) -> tuple[list[str], bool]:
    """Which outputs are asked for, in this order, and whether they speak of each image of a batch apart."""
    if task == "detection":
        boxes = require_port(ports, "boxes", "tensor(float)")
        require_port(ports, "scores", "tensor(float)")
        require_port(ports, "labels", "tensor(int64)")
        return ["boxes", "scores", "labels"], len(boxes.shape) == len(("image", "object", "side"))
    names = {port.name for port in ports}
    if ARGMAX in names:
        return [require_port(ports, ARGMAX, "tensor(int64)").name], True
    if SOFTMAX in names:
        return [require_port(ports, SOFTMAX, "tensor(float)").name], True
    raise ModelError(f"has neither an output '{ARGMAX}' nor '{SOFTMAX}'")


def _answer_labels(found: Any, answers: Sequence[Answer]) -> None:  # noqa: ANN401  numpy's
    chosen = found if found.dtype == np.int64 else found.argmax(axis=-1)
    if chosen.shape != (len(answers),):
        raise ValueError(f"the graph answers numbers of shape {found.shape} for {len(answers)} images")
    for answer, graphs_class in zip(answers, chosen, strict=True):
        answer.room(1)[0] = graphs_class - 1
