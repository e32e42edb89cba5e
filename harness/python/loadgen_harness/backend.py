"""What runs a model."""

from collections.abc import Sequence
from typing import Protocol

from loadgen_harness.answer import Answer
from loadgen_harness.sample_library import Image


class Backend(Protocol):
    """A model that is loaded and ready."""

    most_at_once: int
    """How many samples one run may take: more than 1 only where the model takes them in one call."""

    def run(self, images: Sequence[Image], answers: Sequence[Answer]) -> None:
        """Answer samples. This is the timed path.

        Called by one thread at a time; different backends run in different threads at once. There are 1 to
        most_at_once images, and as many answers, started by the caller. Raises whatever is wrong: an answer that is
        not the model's is never made up.
        """
        ...
