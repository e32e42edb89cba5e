"""An ONNX graph in the making: nodes and constants are added one by one and named by their number."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import onnx
from numpy.typing import ArrayLike, NDArray
from onnx import TensorProto, helper, numpy_helper

Attribute = int | str | list[int]
OPSET: Final = 13
_FORMAT: Final = 8  # of the file; said, because the default follows the installed onnx


@dataclass(frozen=True)
class Weights:
    """A convolution in the graph: the names of its two constants, and its shape."""

    weight: str
    bias: str
    kernel: int
    stride: int
    groups: int


class Graph:
    """Nodes and constants; each method adds something and returns its name."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def floats(self, values: ArrayLike) -> str:
        """Add a float32 constant."""
        return self._constant(np.ascontiguousarray(values, np.float32).reshape(np.shape(values)))

    def integers(self, values: ArrayLike) -> str:
        """Add an int64 constant."""
        return self._constant(np.array(values, np.int64))

    def _constant(self, values: NDArray[np.generic]) -> str:
        name = f"constant{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(values, name))
        return name

    def add(self, kind: str, *inputs: str, output: str = "", **attributes: Attribute) -> str:
        """Add a node of one output, which gets the name `output` or one of its own."""
        return self.add_all(kind, inputs, [output or f"value{len(self._nodes)}"], **attributes)[0]

    def add_all(self, kind: str, inputs: tuple[str, ...], outputs: list[str], **attributes: Attribute) -> list[str]:
        """Add a node and return the names of its `outputs`."""
        name = f"node{len(self._nodes)}"
        node = helper.make_node(kind, inputs, outputs, name=name)
        node.attribute.extend(helper.make_attribute(key, value) for key, value in sorted(attributes.items()))
        self._nodes.append(node)
        return outputs

    def weights(self, weight: ArrayLike, bias: ArrayLike, stride: int = 1, groups: int = 1) -> Weights:
        """Add the weights of a convolution, [outputs, inputs / groups, kernel, kernel], to be used once or more."""
        return Weights(self.floats(weight), self.floats(bias), np.shape(weight)[-1], stride, groups)

    def conv(self, x: str, weights: Weights) -> str:
        """Convolve, padded so that only the stride changes the size."""
        kernel, stride = weights.kernel, weights.stride
        how: dict[str, Attribute] = {"kernel_shape": [kernel] * 2, "strides": [stride] * 2, "pads": [kernel // 2] * 4}
        if weights.groups > 1:
            how["group"] = weights.groups
        return self.add("Conv", x, weights.weight, weights.bias, **how)

    def relu(self, x: str, weights: Weights) -> str:
        """Convolve, and cut off what is negative."""
        return self.add("Relu", self.conv(x, weights))

    def slice(self, x: str, start: int, end: int) -> str:
        """Take the columns `start` .. `end` of a matrix."""
        return self.add("Slice", x, self.integers([start]), self.integers([end]), self.integers([1]))

    def model(self, name: str, size: int) -> onnx.ModelProto:
        """Return the checked model that maps images [1, 3, size, size] to boxes, scores and labels."""
        value = helper.make_tensor_value_info
        inputs = [value("images", TensorProto.FLOAT, [1, 3, size, size])]
        outputs = [
            value("boxes", TensorProto.FLOAT, ["detections", 4]),
            value("scores", TensorProto.FLOAT, ["detections"]),
            value("labels", TensorProto.INT64, ["detections"]),
        ]
        graph = helper.make_graph(self._nodes, name, inputs, outputs, self._constants)
        model = helper.make_model(graph, producer_name="envmgr", opset_imports=[helper.make_opsetid("", OPSET)])
        model.ir_version = _FORMAT
        onnx.checker.check_model(model)
        return model
