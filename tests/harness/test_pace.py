"""The warm-up before a test: how fast each backend is, and all of them together."""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

pytest.importorskip("numpy")

from loadgen_harness.answer import Answer
from loadgen_harness.pace import warm_up
from loadgen_harness.sample_library import Image, QuerySampleLibrary

from tests.harness.tensors import stored

pytestmark = pytest.mark.harness

MOST_SECONDS = 60


class Meeting:
    """A backend that answers only when the others are asked as well."""

    most_at_once = 1

    def __init__(self, barrier: threading.Barrier) -> None:
        self._barrier = barrier
        self.asked: list[int] = []

    def run(self, images: Sequence[Image], answers: Sequence[Answer]) -> None:
        assert len(images) == len(answers) == 1
        self.asked.append(answers[0].index)
        self._barrier.wait()


class Broken:
    """A backend that fails."""

    most_at_once = 1

    def run(self, images: Sequence[Image], answers: Sequence[Answer]) -> None:
        raise ValueError(f"no answer to {len(images)} or {len(answers)}")


@pytest.fixture
def library(tmp_path: Path) -> Iterator[QuerySampleLibrary]:
    with QuerySampleLibrary(stored(tmp_path / "tensors", 3), 0, "") as opened:
        yield opened


def test_all_backends_are_warm_at_the_same_time(library: QuerySampleLibrary) -> None:
    barrier = threading.Barrier(2, timeout=MOST_SECONDS)
    backends = [Meeting(barrier), Meeting(barrier)]
    pace = warm_up(library, 2, 5, 0, backends)
    assert [backend.asked for backend in backends] == [[0, 1, 0, 1, 0]] * 2
    assert pace.samples_per_second >= 1 / pace.best_seconds


def test_the_pace_is_measured_after_the_first_samples(library: QuerySampleLibrary) -> None:
    backend = Meeting(threading.Barrier(1))
    pace = warm_up(library, 1, 4, 1e-9, [backend])
    assert len(backend.asked) == 5
    assert pace.samples_per_second > 0


def test_a_backend_that_fails_in_the_warm_up_is_an_error(library: QuerySampleLibrary) -> None:
    with pytest.raises(ValueError, match="no answer"):
        warm_up(library, 1, 1, 0, [Broken()])
