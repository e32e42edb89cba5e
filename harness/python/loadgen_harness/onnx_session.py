"""A model loaded by ONNX Runtime, with the options of the command line, and what it says of its inputs and outputs."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # it would report to its makers while it is measured

import onnxruntime

from loadgen_harness.settings import Settings

VERSION: str = onnxruntime.__version__
LEVELS = {
    "off": onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL,
    "basic": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC,
    "extended": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED,
    "all": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL,
}
CUDA = "CUDAExecutionProvider"
CUDA_OPTIONS = {
    "arena_extend_strategy": "kSameAsRequested",
    "cudnn_conv_algo_search": "EXHAUSTIVE",
    "do_copy_in_default_stream": "1",
}
"""As in the C++ harness. The arena grows by what is asked for: powers of two of each worker would not fit into one
device. Convolutions are tried out exhaustively, in the warm-up."""


class Port(Protocol):
    """An input or output of a graph, as ONNX Runtime describes it."""

    name: str
    type: str
    """Such as `tensor(float)`."""
    shape: Sequence[int | str | None]
    """A size that is open is no number."""


class ModelError(Exception):
    """The model cannot be loaded, or is not one that the harness can run."""


def make_session(settings: Settings) -> onnxruntime.InferenceSession:
    """Load the model; raises ModelError, also where the asked provider cannot be had."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = LEVELS[settings.graph_optimization]
    options.intra_op_num_threads = settings.threads
    options.inter_op_num_threads = settings.inter_threads
    if settings.inter_threads > 1:
        options.execution_mode = onnxruntime.ExecutionMode.ORT_PARALLEL
    providers: list[tuple[str, Mapping[str, str]]] = [("CPUExecutionProvider", {})]
    if settings.provider == "cuda":
        onnxruntime.preload_dlls()  # the provider has no run path to NVIDIA's libraries in the environment
        providers.insert(0, (CUDA, {"device_id": str(settings.device_id), **CUDA_OPTIONS}))
    try:
        session = onnxruntime.InferenceSession(_file(settings.model), options, providers=providers)
    except Exception as error:  # it has a class of its own for every status
        raise ModelError(str(error)) from error
    taken = session.get_providers()
    if settings.provider == "cuda" and CUDA not in taken:  # it would fall back to the processor, and only log that
        raise ModelError(
            f"--provider cuda: the CUDA execution provider cannot be loaded, ONNX Runtime took {', '.join(taken)}; "
            "it takes an ONNX Runtime built for CUDA, CUDA's libraries and a driver"
        )
    return session


def _file(model: str) -> str:
    return f"{model}/model.onnx" if Path(model).is_dir() else model


def check_input(inputs: Sequence[Port], shape: tuple[int, int, int]) -> Port:
    """The one input, which takes images of this shape; raises ModelError."""
    if len(inputs) != 1:
        raise ModelError(f"has {len(inputs)} inputs, not one")
    port, ours = inputs[0], (1, *shape)
    fits = len(port.shape) == len(ours) and all(
        asked == have or not isinstance(asked, int) for asked, have in zip(port.shape, ours, strict=True)
    )
    if port.type != "tensor(float)" or not fits:
        raise ModelError(
            f"its input '{port.name}' takes {port.type} of shape {list(port.shape)}, "
            f"the tensors are tensor(float) of shape {list(ours)}"
        )
    return port


def require_port(ports: Sequence[Port], name: str, kind: str) -> Port:
    """The output of this name, which must be of this type; raises ModelError."""
    port = next((each for each in ports if each.name == name), None)
    if port is None:
        raise ModelError(f"has no output '{name}'")
    if port.type != kind:
        raise ModelError(f"its output '{name}' is {port.type}, not {kind}")
    return port
