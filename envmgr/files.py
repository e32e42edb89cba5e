"""The files of a tree, taken by several threads at once, small ones in batches.

Threads help because reading, writing and hashing let the interpreter go. A batch owns a copy of its folder's
descriptor, so that the walk can go on; a semaphore bounds how many are open. One batch alone is not worth a thread.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import Generic, TypeVar

from envmgr.tree import Level, reading

Result = TypeVar("Result")
Act = Callable[[Level, str, int], Result]
"""Given the level of a file, its name, and a descriptor of the folder that it stands in."""

THREADS = min(8, len(os.sched_getaffinity(0)))

_BATCH_BYTES = 2**22
_BATCH_FILES = 256


def each_file(levels: Iterable[Level], act: Act[Result]) -> list[Result]:
    """Do something with every file of a walk, and give what came of it, in no order; the first error ends all.

    Raises:
        UnfitTreeError: a file cannot be read.
    """
    crew = _Crew(act)
    try:
        for level in levels:
            for names in _batches(level):
                crew.take(_Batch(level, names, os.dup(level.descriptor)))
        return crew.results()
    finally:
        crew.end()


@dataclass(frozen=True)
class _Batch:
    level: Level
    names: Sequence[str]
    folder: int


def _batches(level: Level) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for entry in level.files:
        with reading(level.path(entry), level.where):
            size += entry.stat(follow_symlinks=False).st_size
        batch.append(entry.name)
        if size >= _BATCH_BYTES or len(batch) >= _BATCH_FILES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


class _Crew(Generic[Result]):
    """The threads; there are none before the second batch."""

    def __init__(self, act: Act[Result]) -> None:
        self._act = act
        self._first: _Batch | None = None
        self._pool: ThreadPoolExecutor | None = None
        self._futures: list[Future[list[Result]]] = []
        self._open = BoundedSemaphore(8 * THREADS)
        self._ended = False

    def take(self, batch: _Batch) -> None:
        self._open.acquire()
        if self._pool is None and self._first is None:
            self._first = batch
            return
        if self._pool is None:
            self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="files")
        for waiting in filter(None, (self._first, batch)):
            self._futures.append(self._pool.submit(self._run, waiting))
        self._first = None

    def results(self) -> list[Result]:
        first, self._first = self._first, None
        alone = self._run(first) if first else []
        return alone + [result for future in self._futures for result in future.result()]

    def end(self) -> None:
        self._ended = True
        if self._first is not None:
            self._run(self._first)
        if self._pool is not None:
            self._pool.shutdown()

    def _run(self, batch: _Batch) -> list[Result]:
        try:
            return [] if self._ended else [self._act(batch.level, name, batch.folder) for name in batch.names]
        finally:
            os.close(batch.folder)
            self._open.release()
