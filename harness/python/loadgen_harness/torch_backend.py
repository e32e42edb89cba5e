"""Detectors in PyTorch: RetinaNet with the weights of a checkpoint."""

import pickle
import warnings
from collections.abc import Sequence
from pathlib import Path

import torch

from loadgen_harness.answer import Answer
from loadgen_harness.detections import Detections
from loadgen_harness.retinanet import RetinaNet, read_checkpoint
from loadgen_harness.sample_library import Image
from loadgen_harness.settings import Settings

VERSION: str = torch.__version__

# Samples are mapped read-only, and nothing here writes to them.
warnings.filterwarnings("ignore", message="The given NumPy array is not writable", category=UserWarning)


class CheckpointError(Exception):
    """The weights cannot be read."""


class TorchBackend:
    """One network; the weights are its own. See Backend for the threading contract."""

    most_at_once = 1

    def __init__(self, settings: Settings, shape: tuple[int, int, int]) -> None:
        """Load the weights; raises CheckpointError."""
        torch.set_num_threads(settings.threads)
        file = Path(settings.model)
        try:
            weights, form = read_checkpoint(file / "checkpoint.pth" if file.is_dir() else file)
        except (OSError, RuntimeError, KeyError, pickle.UnpicklingError) as error:
            raise CheckpointError(f"model {settings.model}: is no checkpoint of RetinaNet: {error}") from error
        self._network = RetinaNet(weights, form)
        self._detections = Detections(shape)

    def run(self, images: Sequence[Image], answers: Sequence[Answer]) -> None:
        """Find the objects of each image."""
        for image, answer in zip(images, answers, strict=True):
            boxes, scores, labels = self._network(torch.from_numpy(image))
            self._detections.write(boxes.numpy(), scores.numpy(), labels.numpy(), answer)
