"""The files of a tree, taken by several threads at once, small ones in batches.

Threads help because reading, writing and hashing let the interpreter go. With small files they hardly do, and hinder
one another: so small and large ones go in batches of their own, and while one thread has small ones the others take
large ones, as long as there are any. A batch owns a copy of its folder's descriptor, so that the walk can go on; a
semaphore bounds how many are open. One batch alone is not worth a thread.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from threading import BoundedSemaphore, Lock
from typing import Generic, TypeVar

from envmgr.tree import Level, reading

Result = TypeVar("Result")
Act = Callable[[Level, str, int], Result]
"""Given the level of a file, its name, and a descriptor of the folder that it stands in."""

THREADS = min(8, len(os.sched_getaffinity(0)))

_SMALL = 2**16
"""Bytes: below, a file takes more of the interpreter than of anything else."""
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
            for names, are_small in _batches(level):
                crew.take(_Batch(level, names, os.dup(level.descriptor), are_small=are_small))
        return crew.results()
    finally:
        crew.end()


@dataclass(frozen=True)
class _Batch:
    level: Level
    names: Sequence[str]
    folder: int
    are_small: bool


def _batches(level: Level) -> Iterator[tuple[list[str], bool]]:
    """Names of files of a folder, and whether they are small ones."""
    small: list[str] = []
    large: list[str] = []
    bytes_of_large = 0
    for entry in level.files:
        with reading(level.path(entry), level.where):
            size = entry.stat(follow_symlinks=False).st_size
        if size < _SMALL:
            small.append(entry.name)
        else:
            large.append(entry.name)
            bytes_of_large += size
        if len(small) == _BATCH_FILES:
            yield small, True
            small = []
        if bytes_of_large >= _BATCH_BYTES:
            yield large, False
            large, bytes_of_large = [], 0
    if small:
        yield small, True
    if large:
        yield large, False


class _Crew(Generic[Result]):
    """The threads; there are none before the second batch."""

    def __init__(self, act: Act[Result]) -> None:
        self._act = act
        self._pool: ThreadPoolExecutor | None = None
        self._futures: list[Future[list[Result]]] = []
        self._turn = Lock()
        self._small: deque[_Batch] = deque()
        self._large: deque[_Batch] = deque()
        self._have_small = 0
        self._open = BoundedSemaphore(8 * THREADS)
        self._ended = False

    def take(self, batch: _Batch) -> None:
        self._open.acquire()
        with self._turn:
            (self._small if batch.are_small else self._large).append(batch)
        if self._pool is None and len(self._small) + len(self._large) == 1:
            return
        if self._pool is None:
            self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="files")
            self._futures.append(self._pool.submit(self._run_one))
        self._futures.append(self._pool.submit(self._run_one))

    def results(self) -> list[Result]:
        alone = self._run_one() if self._pool is None and (self._small or self._large) else []
        return alone + [result for future in self._futures for result in future.result()]

    def end(self) -> None:
        self._ended = True
        if self._pool is not None:
            self._pool.shutdown()
        for batch in (*self._small, *self._large):
            os.close(batch.folder)

    def _run_one(self) -> list[Result]:
        batch = self._next()
        try:
            return [] if self._ended else [self._act(batch.level, name, batch.folder) for name in batch.names]
        finally:
            with self._turn:
                self._have_small -= batch.are_small
            os.close(batch.folder)
            self._open.release()

    def _next(self) -> _Batch:
        """One of those that wait: there is one for each call."""
        with self._turn:
            prefer_large = self._have_small > 0 or not self._small
            batch = (self._large if prefer_large and self._large else self._small or self._large).popleft()
            self._have_small += batch.are_small
            return batch
