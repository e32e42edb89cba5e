"""Orders boxes from the small process that starts them (`launch`), one such process for each bound on files."""

import marshal
import os
import select
import socket
import threading
import weakref

from envmgr.attendant import command
from envmgr.builders.launch import ANNOUNCED, CODE_BYTES, Order
from envmgr.model.errors import HostError


class LauncherGoneError(HostError):
    """The process that starts boxes has ended, and they with it."""

    def __init__(self) -> None:
        super().__init__(
            "the process that starts sandboxes has ended before its time",
            fix="see whether it was killed (the kernel's log names processes that ran out of memory), and try again",
        )


class Launchers:
    """The launchers of whoever runs boxes, each started when it is first needed."""

    def __init__(self) -> None:
        self._by_limit: dict[int, Launcher] = {}
        self._mutex = threading.Lock()

    def of(self, limit: int) -> "Launcher":
        """The one for boxes in which no file may have more bytes; a new one, if it has ended."""
        with self._mutex:
            if limit not in self._by_limit or self._by_limit[limit].has_ended:
                self._by_limit[limit] = Launcher(limit)
            return self._by_limit[limit]


class Launcher:
    """Starts boxes in which no file may have more than `limit` bytes. It ends when it is forgotten."""

    def __init__(self, limit: int) -> None:
        os.close(os.pidfd_open(os.getpid()))  # the launcher needs it: fail here, where it can be told
        self._orders, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._mutex = threading.Lock()
        argv = command("envmgr.builders.launch", str(limit))
        with theirs:
            process = os.posix_spawn(
                argv[0],
                argv,
                {},
                file_actions=[
                    (os.POSIX_SPAWN_DUP2, theirs.fileno(), 0),
                    *((os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_WRONLY, 0) for number in (1, 2)),
                ],
                setsid=True,
            )
        weakref.finalize(self, _end, self._orders, process)

    @property
    def has_ended(self) -> bool:
        """Whether it is no longer there, though nobody has forgotten it."""
        return bool(select.select([self._orders], [], [], 0)[0])

    def start(self, order: Order, output: int) -> "Ordered":
        """Start a box that prints to `output`.

        Raises:
            LauncherGoneError: there is nobody to start it.
        """
        line, theirs = socket.socketpair()
        file = os.memfd_create("order")
        try:
            with theirs, open(file, "wb", closefd=False) as writing:
                marshal.dump(order, writing)
                writing.flush()
                with self._mutex:
                    socket.send_fds(self._orders, [ANNOUNCED], [file, output, theirs.fileno()])
        except OSError as error:
            line.close()
            raise LauncherGoneError from error
        finally:
            os.close(file)
        return Ordered(line)


class Ordered:
    """A box that runs, or has ended."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line

    @property
    def ended(self) -> int:
        """A descriptor that can be read when it has ended."""
        return self._line.fileno()

    def code(self) -> int:
        """Its exit code, after a signal n 128 + n; waits for the end.

        Raises:
            LauncherGoneError: it is not known, as the launcher has ended.
        """
        told = self._line.recv(CODE_BYTES)
        if not told:
            raise LauncherGoneError
        return int.from_bytes(told, "little")

    def end(self) -> None:
        """End it, if it has not ended, and return when it is empty."""
        with self._line:
            self._line.shutdown(socket.SHUT_WR)
            while self._line.recv(CODE_BYTES):
                pass


def _end(orders: socket.socket, process: int) -> None:
    orders.close()
    os.waitpid(process, 0)
