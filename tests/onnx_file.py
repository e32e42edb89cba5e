"""ONNX files written byte by byte, so that tests can have any small graph without the package onnx.

An ONNX file is one message in the wire format of protocol buffers: fields, each a key and a value.
"""

import struct
from collections.abc import Mapping, Sequence

FLOAT, INT64 = 1, 7
Shape = Sequence[int | str]
"""Numbers, and names for sizes that are left open."""


def model(
    nodes: Sequence[bytes],
    inputs: Mapping[str, tuple[int, Shape]],
    outputs: Mapping[str, tuple[int, Shape]],
    constants: Sequence[bytes] = (),
) -> bytes:
    """A file of operator set 13 with these nodes; `inputs` and `outputs` are name to element type and shape."""
    graph = b"".join(_field(1, node) for node in nodes) + _field(2, b"test")
    graph += b"".join(_field(5, constant) for constant in constants)
    graph += b"".join(_field(11, _value(name, *kind)) for name, kind in inputs.items())
    graph += b"".join(_field(12, _value(name, *kind)) for name, kind in outputs.items())
    return _field(1, 8) + _field(7, graph) + _field(8, _field(1, b"") + _field(2, 13))


def node(kind: str, inputs: Sequence[str], output: str, **attributes: int) -> bytes:
    """An operator with attributes that are integers."""
    fields = b"".join(_field(1, name.encode()) for name in inputs) + _field(2, output.encode())
    fields += _field(4, kind.encode())
    for name, value in attributes.items():
        fields += _field(5, _field(1, name.encode()) + _field(3, value) + _field(20, 2))
    return fields


def constant(name: str, kind: int, shape: Sequence[int], values: Sequence[float]) -> bytes:
    """A constant tensor."""
    raw = b"".join(struct.pack("<f", value) if kind == FLOAT else struct.pack("<q", int(value)) for value in values)
    return b"".join(_field(1, size) for size in shape) + _field(2, kind) + _field(8, name.encode()) + _field(9, raw)


def _value(name: str, kind: int, shape: Shape) -> bytes:
    sizes = [_field(1, size) if isinstance(size, int) else _field(2, size.encode()) for size in shape]
    tensor = _field(1, kind) + _field(2, b"".join(_field(1, size) for size in sizes))
    return _field(1, name.encode()) + _field(2, _field(1, tensor))


def _field(number: int, value: int | bytes) -> bytes:
    if isinstance(value, int):
        return _varint(number << 3) + _varint(value)
    return _varint(number << 3 | 2) + _varint(len(value)) + value


def _varint(value: int) -> bytes:
    encoded = b""
    while value > 0x7F:
        encoded += bytes([value & 0x7F | 0x80])
        value >>= 7
    return encoded + bytes([value])
