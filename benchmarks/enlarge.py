"""`enlarge.py MODEL OUT TIMES`: a detector that takes larger pictures: it sees them scaled down, and scales boxes up.

Started by its path, with a Python that has onnx. Inputs and outputs keep their names: `images`; `boxes`, `scores`,
`labels`.
"""

import sys

import onnx
from onnx import helper


def main(model: str, out: str, times: int) -> None:
    """Write the enlarged model."""
    document = onnx.load(model)
    graph = document.graph
    for node in graph.node:
        node.input[:] = ["scaled" if name == "images" else name for name in node.input]
        node.output[:] = ["small boxes" if name == "boxes" else name for name in node.output]
    scaling = helper.make_node("AveragePool", ["images"], ["scaled"], kernel_shape=[times] * 2, strides=[times] * 2)
    graph.node.insert(0, scaling)
    factor = helper.make_tensor("times", onnx.TensorProto.FLOAT, [], [float(times)])
    graph.initializer.append(factor)
    graph.node.append(helper.make_node("Mul", ["small boxes", "times"], ["boxes"]))
    for side in graph.input[0].type.tensor_type.shape.dim[2:]:
        side.dim_value *= times
    onnx.checker.check_model(document)
    onnx.save(document, out)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
