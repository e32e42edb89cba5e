"""Where LoadGen's queries meet the backends: the only room with threads and queues."""

import os
import sys
import threading
from collections.abc import Iterable, Sequence
from queue import Empty, SimpleQueue
from typing import Any, NoReturn

import mlperf_loadgen as loadgen

from loadgen_harness.answer import Answer
from loadgen_harness.backend import Backend
from loadgen_harness.sample_library import QuerySampleLibrary

Sample = tuple[int, int]
"""LoadGen's id of one question, and the index of the image that it asks about."""


def fail(message: str) -> NoReturn:
    """End the process with exit code 1.

    LoadGen waits for every answer and cannot be told of a failure; other threads are in the middle of their samples,
    and an exception would have to pass through LoadGen's own code: nothing can be unwound.
    """
    sys.stderr.write(f"harness: {message}\n")
    sys.stderr.flush()
    os._exit(1)


class SampleQueue:
    """Samples that wait for a worker. All methods may be called from any thread.

    Behind the last sample of a closed queue stands None, for every worker to find: who takes it puts it back.
    """

    def __init__(self) -> None:
        self._samples: SimpleQueue[Sample | None] = SimpleQueue()

    def put(self, samples: Iterable[Sample]) -> None:
        """Append the samples of a query."""
        put = self._samples.put
        for sample in samples:
            put(sample)

    def take(self, most: int) -> list[Sample]:
        """Wait for samples and take up to `most` of them; none: the queue is closed and empty."""
        sample = self._samples.get()
        taken: list[Sample] = []
        try:
            while sample is not None:
                taken.append(sample)
                if len(taken) == most:
                    return taken
                sample = self._samples.get_nowait()
        except Empty:
            return taken
        self.close()
        return taken

    def close(self) -> None:
        """Let take() return nothing once the queue is empty; no sample may follow."""
        self._samples.put(None)


class _Worker:
    """A backend and the memory of its answers, used by one thread."""

    def __init__(self, backend: Backend, library: QuerySampleLibrary) -> None:
        self._backend, self._library = backend, library
        self._most = backend.most_at_once
        self._images: list[Any] = [None] * self._most
        self._answers = [Answer() for _ in self._images]
        self._responses = [loadgen.QuerySampleResponse(0, 0, 0) for _ in self._images]
        self.answered = 0

    def answer(self, samples: Sequence[Sample]) -> None:
        """Answer samples, as many at once as the backend takes; each is told to LoadGen as soon as it is done."""
        most = self._most
        if len(samples) == most:
            self._answer_at_once(samples, self._images, self._answers, self._responses)
            return
        for start in range(0, len(samples), most):
            count = min(most, len(samples) - start)
            self._answer_at_once(
                samples[start : start + count], self._images[:count], self._answers[:count], self._responses[:count]
            )

    def _answer_at_once(
        self,
        samples: Sequence[Sample],
        images: list[Any],
        answers: Sequence[Answer],
        responses: Sequence[loadgen.QuerySampleResponse],
    ) -> None:
        """Answer samples in one call of the model, in memory for just as many.

        Between two calls of a model that takes a millisecond nothing of this is in the processor's caches any more:
        a step here costs ten times what it costs in a loop of its own.
        """
        try:
            for place, (_, index) in enumerate(samples):
                images[place] = self._library.sample(index)
                answers[place].start(index)
            self._backend.run(images, answers)
        except Exception as error:  # noqa: BLE001  whatever it was, the samples have no answer
            names = ", ".join(f"{index} ({self._library.names[index]})" for _, index in samples)
            fail(f"sample {names}: {type(error).__name__}: {error}")
        for place, (identity, _) in enumerate(samples):
            response, answer = responses[place], answers[place]
            response.id, response.data, response.size = identity, answer.address, answer.size
        self.answered += len(samples)
        loadgen.QuerySamplesComplete(responses)  # copies what it logs: the answers may be written over from here on


class SystemUnderTest:
    """Answers LoadGen's queries with what the backends say.

    Either LoadGen's own thread runs the model inside issue() (one backend, no hand-over between threads), or each
    backend has a worker thread that takes samples from one queue.

    A backend that raises ends the process with exit code 1 and the name of the sample: an empty answer would be a lie
    that LoadGen counts as work.
    """

    def __init__(self, backends: Sequence[Backend], library: QuerySampleLibrary, batch: int, *, queued: bool) -> None:
        """`batch`: samples a worker takes at a time. `queued`: whether workers answer; else there is one backend."""
        self._batch = batch
        self._workers = [_Worker(backend, library) for backend in backends]
        self._queue = SampleQueue()
        self._threads = [threading.Thread(target=self._work, args=(w,)) for w in self._workers] if queued else []
        for thread in self._threads:
            thread.start()

    def issue(self, identities: list[int], indices: list[int]) -> None:
        """Timed path. Called by LoadGen, one query at a time."""
        samples = zip(identities, indices, strict=True)
        if self._threads:
            self._queue.put(samples)
        else:
            self._workers[0].answer(list(samples))

    def flush(self) -> None:
        """Do nothing: no worker ever holds a sample back."""

    def finish(self) -> int:
        """End the workers, no query may follow; returns how many samples were answered."""
        self._queue.close()
        for thread in self._threads:
            thread.join()
        self._threads = []
        return sum(worker.answered for worker in self._workers)

    def _work(self, worker: _Worker) -> None:
        while samples := self._queue.take(self._batch):
            worker.answer(samples)
