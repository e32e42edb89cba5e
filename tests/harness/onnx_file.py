"""Small ONNX files, written field by field: what a test needs of the format, and no package for it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

FLOAT, INT64 = 1, 7
Shape = Sequence[int | str]
"""The sides of a tensor; a name is a side that is left open."""


def write_classifier(path: Path, side: int, *, chosen: bool, batch: int | str = "N") -> None:
    """A model that says which of the numbers of an image is the largest: by its position, or by shares of them all."""
    numbers = 3 * side * side
    if chosen:
        last = _node("ArgMax", "flat", "ArgMax:0", axis=1, keepdims=0)
        output = _value("ArgMax:0", INT64, [batch])
    else:
        last = _node("Softmax", "flat", "softmax_tensor:0", axis=1)
        output = _value("softmax_tensor:0", FLOAT, [batch, numbers])
    nodes = [_node("Flatten", "input_tensor:0", "flat", axis=1), last]
    graph = b"".join(
        [*(_field(1, node) for node in nodes), _field(2, b"classifier"),
         _field(11, _value("input_tensor:0", FLOAT, [batch, 3, side, side])), _field(12, output)]
    )  # fmt: skip
    opset = _field(1, b"") + _number(2, 13)
    path.write_bytes(_number(1, 8) + _field(7, graph) + _field(8, opset))


def _node(kind: str, source: str, output: str, **attributes: int) -> bytes:
    return b"".join(
        [_field(1, source.encode()), _field(2, output.encode()), _field(4, kind.encode()), *_attributes(attributes)]
    )


def _attributes(attributes: Mapping[str, int]) -> list[bytes]:
    integer = 2
    return [
        _field(5, _field(1, name.encode()) + _number(3, value) + _number(20, integer))
        for name, value in attributes.items()
    ]


def _value(name: str, element: int, shape: Shape) -> bytes:
    sides = b"".join(
        _field(1, _field(2, side.encode()) if isinstance(side, str) else _number(1, side)) for side in shape
    )
    tensor = _number(1, element) + _field(2, sides)
    return _field(1, name.encode()) + _field(2, _field(1, tensor))


def _field(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _number(number: int, value: int) -> bytes:
    return _varint(number << 3) + _varint(value)


def _varint(value: int) -> bytes:
    more, last = 0x80, 0x7F
    text = bytearray()
    while value > last:
        text.append(value & last | more)
        value >>= 7
    return bytes([*text, value])
