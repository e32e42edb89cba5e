"""The files of trees, read by several processes at once, in batches.

Processes, not threads: over small files, threads wait for the interpreter more than they read. A reader costs as much
as some thousand files, so what is little is read here, and another reader is started only when all others are busy.
There is no queue but the line to a reader, on which some batches may lie, and no thread: who asks for files walks
ahead, and takes what comes back when there is no more room. Where the host has none to give, all is read here.
"""

import marshal
import os
import select
import signal
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Self

from envmgr.attendant import command
from envmgr.content import Content, Failure, contents
from envmgr.model.errors import HostError
from envmgr.reader import MESSAGE_BYTES
from envmgr.tree import Level, UnfitTreeError, reading, unreadable

Found = tuple[str, int, bool, str]
"""A file: its path in the tree, its size in bytes, whether its owner may execute it, and its SHA-256 in hex."""

AT_ONCE = min(8, len(os.sched_getaffinity(0)))
"""How many files are read at the same time."""

_FILE = 2**14
"""Bytes that could be hashed in the time in which a file is opened and closed."""
_BATCH = 2**22
"""Bytes of files, each counted as `_FILE` more than it has."""
_LITTLE = 2**25
"""Bytes, so counted, that are read sooner than a reader is started."""
_AHEAD = 4
"""Batches that lie on a line: the answers must fit into what the kernel holds for it."""


class ReaderGoneError(HostError):
    """A process that reads files has ended, and nobody knows how far it came."""

    def __init__(self) -> None:
        super().__init__(
            "a process that reads files has ended before its time",
            fix="see whether it was killed (the kernel's log names processes that ran out of memory), and try again",
        )


@dataclass
class Reading:
    """The files of one tree, as far as they are read."""

    readers: "Readers"
    found: list[Found] = field(default_factory=list)
    left: int = 0
    """Batches that are ordered and not answered."""
    failure: Exception | None = None

    def results(self) -> list[Found]:
        """All of them, in no order.

        Raises:
            UnfitTreeError: the tree, or a file, cannot be read.
            OSError: a copy cannot be written.
            ReaderGoneError: a reader has ended.
        """
        while self.left and not self.failure:
            self.readers.wait()
        if self.failure:
            raise self.failure
        return self.found


class Readers:
    """The readers that one thread uses. They are gone when the block that this is a context of ends."""

    def __init__(self) -> None:
        self._readers: dict[int, _Reader] = {}
        self._poll = select.poll()
        self._read_here = 0
        self._most = AT_ONCE

    def __enter__(self) -> Self:
        """None is started before there is much to read."""
        return self

    def __exit__(self, *_: object) -> None:
        """End them, whatever they do."""
        for reader in self._readers.values():
            reader.end()

    def begin(self, levels: Iterable[Level], place: int | None = None) -> Reading:
        """Have the files of a walk read, or copied to the same paths below the open folder `place`, too.

        Whatever fails is told by the results, and the walk ends there.
        """
        begun = Reading(self)
        try:
            for level in levels:
                for names, weight in _batches(level):
                    if begun.failure:
                        return begun
                    batch = _Batch(begun, level.where, level.prefix, names)
                    self._order(batch, weight, [level.descriptor, *([] if place is None else [place])])
        except UnfitTreeError as error:
            begun.failure = error
        return begun

    def wait(self) -> None:
        """Take what at least one reader has done."""
        for line, _ in self._poll.poll():
            self._readers[line].answer()

    def _order(self, batch: "_Batch", weight: int, descriptors: list[int]) -> None:
        is_little = not self._readers and self._read_here + weight <= _LITTLE
        if is_little or (reader := self._with_room()) is None:
            self._read_here += weight
            batch.take(*contents(batch.prefix, batch.names, *descriptors))
        else:
            reader.order(batch, descriptors)

    def _with_room(self) -> "_Reader | None":
        """The least busy reader, and a new one, where all are busy and there may be more; None where there is none."""
        while True:
            least = min(self._readers.values(), key=lambda reader: len(reader.ordered), default=None)
            if (least is None or least.ordered) and len(self._readers) < self._most:
                least = self._started() or least
            if least is None or len(least.ordered) < _AHEAD:
                return least
            self.wait()

    def _started(self) -> "_Reader | None":
        """One more, or None: where no process or descriptor is left for it, none is tried again."""
        try:
            reader = _Reader()
        except OSError:
            self._most = len(self._readers)
            return None
        line = reader.line.fileno()
        self._readers[line] = reader
        try:
            reader.start()
        except OSError:
            self._readers.pop(line).end()
            self._most = len(self._readers)
            return None
        self._poll.register(reader.line, select.POLLIN)
        return reader


@dataclass(frozen=True)
class _Batch:
    """Some files of a folder."""

    reading: Reading
    where: str
    prefix: str
    names: list[str]

    def take(self, found: list[Content], failure: Failure | None) -> None:
        paths = [self.prefix + name for name in self.names]
        self.reading.found += [(path, *content) for path, content in zip(paths, found, strict=False)]
        if failure is not None:
            self.reading.failure = _error(paths[len(found)], self.where, *failure)


def _error(path: str, where: str, is_unreadable: bool, number: int | None, words: str) -> Exception:  # noqa: FBT001
    return unreadable(path, words, where) if is_unreadable else OSError(number, words, path)


def _batches(level: Level) -> Iterator[tuple[list[str], int]]:
    """Names of files of a folder, and what they weigh."""
    names: list[str] = []
    weight = 0
    for entry in level.files:
        with reading(level.path(entry), level.where):
            weight += _FILE + entry.stat(follow_symlinks=False).st_size
        names.append(entry.name)
        if weight >= _BATCH:
            yield names, weight
            names, weight = [], 0
    if names:
        yield names, weight


class _Reader:
    """A reader, from the outside; whoever starts it knows it already, so that it is ended if Ctrl-C comes meanwhile."""

    def __init__(self) -> None:
        import socket

        self.line, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._process: int | None = None
        self.ordered: deque[_Batch] = deque()

    def start(self) -> None:
        with self._theirs:
            argv = command("envmgr.reader", str(os.getpid()))
            self._process = os.posix_spawn(
                argv[0],
                argv,
                os.environ,
                file_actions=[(os.POSIX_SPAWN_DUP2, self._theirs.fileno(), 0)],
                setsid=True,
            )

    def order(self, batch: _Batch, descriptors: list[int]) -> None:
        import socket

        try:
            socket.send_fds(self.line, [marshal.dumps((batch.prefix, batch.names))], descriptors)
        except OSError as error:
            raise ReaderGoneError from error
        self.ordered.append(batch)
        batch.reading.left += 1

    def answer(self) -> None:
        try:
            answer = self.line.recv(MESSAGE_BYTES)
        except OSError:
            answer = b""
        if not answer:
            raise ReaderGoneError
        batch = self.ordered.popleft()
        batch.reading.left -= 1
        batch.take(*marshal.loads(answer))  # noqa: S302  written by `reader`

    def end(self) -> None:
        self._theirs.close()
        self.line.close()
        if self._process is not None:  # else it is interrupted as it starts, finds its line closed, and ends
            os.kill(self._process, signal.SIGKILL)
            os.waitpid(self._process, 0)
