"""A small process that starts the boxes of one envmgr, and lets none of them outlive it.

- *Nothing survives.* Processes that lose their parent become children of this one (PR_SET_CHILD_SUBREAPER). When the
  process that was started for a box has ended, or was killed, such children are killed and waited for until there is
  none: the first process of a PID namespace is gone only when all others in it are. Then the end is told.
- *No box without its envmgr.* Each has a line to whoever ordered it. When the other end is closed, by wish or because
  that process was killed, the box is killed; and when nobody is left who could order, this process ends. There is no
  moment in which a box has nobody.
- *Limits* (a fixed umask, no core dumps, a bound on each file) are set here, once, and inherited.

It imports next to nothing, so that it is there before the first box is ordered.
"""

import _signal as signal  # type: ignore[import-not-found]
import _socket as socket
import ctypes
import marshal
import os
import resource
import select

from envmgr.builders.views import LIBC, Lent, Views

Order = tuple[list[str], Lent, str, Lent, list[str], list[str], bytes]
"""A command line of bubblewrap: what stands before the mounts; what the host lends; where the objects of the closure
are, and which; the mounts after these; what stands last. And the program that the kernel runs before system calls."""
ANNOUNCED = b"order"
"""What comes with the descriptors of an order: its file, where the box prints, and the line to who orders."""
DESCRIPTORS = 3
CODE_BYTES = 2
LAST_OF_OURS = 2
"""The last descriptor that is not closed at the start: whoever started this process may have had others."""
PROGRAM = 3
"""The descriptor from which bubblewrap reads its program."""
CHILD_SUBREAPER = 36


class Box:
    """A box that runs."""

    def __init__(self, process: int, line: int, view: str) -> None:
        self.process, self.line, self.view = process, line, view
        self.ended = os.pidfd_open(process)


class Launch:
    """Boxes, started as they are ordered."""

    def __init__(self, orders: socket.socket) -> None:
        self._orders = orders
        self._views = Views() if Views.are_possible() else None
        self._boxes: dict[int, Box] = {}
        """By each of their two descriptors."""
        self._poll = select.poll()
        self._poll.register(orders.fileno(), select.POLLIN)

    def serve(self) -> None:
        """Go on until nobody is left who could order."""
        while True:
            for descriptor, _ in self._poll.poll():
                if descriptor in self._boxes:
                    self._end(self._boxes[descriptor])
                elif descriptor == self._orders.fileno() and not self._take_order():
                    for box in set(self._boxes.values()):
                        self._end(box)
                    return

    def _take_order(self) -> bool:
        """Start what is ordered; whether somebody was there."""
        room = socket.CMSG_SPACE(DESCRIPTORS * ctypes.sizeof(ctypes.c_int))
        announced, ancillary, _, _ = self._orders.recvmsg(len(ANNOUNCED), room, socket.MSG_CMSG_CLOEXEC)
        if not announced:
            return False
        file, output, line = memoryview(ancillary[0][2]).cast("i")
        try:
            self._start(marshal.loads(os.pread(file, os.fstat(file).st_size, 0)), output, line)  # noqa: S302
        except OSError as error:
            os.write(output, os.fsencode(f"envmgr: the box could not be started: {error}\n"))
            _tell(line, 1)
        finally:
            os.close(file)
            os.close(output)
        return True

    def _start(self, order: Order, output: int, line: int) -> None:
        head, lent, place, closure, mounts, tail, program = order
        view = ""
        if self._views is None:
            readable = _binds((*lent, *((place + inside, path) for inside, path in closure)))
            mounts = [*readable, *mounts, "--remount-ro", "/"]
        else:
            view = self._views.laid_out(closure) if closure else ""
            objects = ["--ro-bind", view, place] if view else []
            mounts = ["--ro-bind", self._views.kept(lent), "/", *objects, *mounts]
        process = _spawn([*head, *(["--seccomp", str(PROGRAM)] if program else []), *mounts, *tail], output, program)
        box = Box(process, line, view)
        for descriptor in (box.line, box.ended):
            self._boxes[descriptor] = box
            self._poll.register(descriptor, select.POLLIN)

    def _end(self, box: Box) -> None:
        """Kill it, if it has not ended, and all that it left; then tell."""
        os.kill(box.process, signal.SIGKILL)
        _, status = os.waitpid(box.process, 0)
        for descriptor in (box.line, box.ended):
            self._poll.unregister(descriptor)
            del self._boxes[descriptor]
        _end_all_but({other.process for other in self._boxes.values()})
        os.close(box.ended)
        code = os.waitstatus_to_exitcode(status)
        _tell(box.line, code if code >= 0 else 128 - code)
        if self._views is not None and box.view:
            self._views.clear_away(box.view)


def main(limit: str) -> None:
    """Start what is ordered on stdin; no file that a box writes may have more bytes than `limit`."""
    _close_inherited()
    os.dup2(1, PROGRAM, inheritable=False)  # taken here, so that it is free in every process that is started
    os.umask(0o022)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    least = int(limit) if most == resource.RLIM_INFINITY else min(int(limit), most)
    resource.setrlimit(resource.RLIMIT_FSIZE, (least, least))
    LIBC.prctl(CHILD_SUBREAPER, 1, 0, 0, 0)
    Launch(socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET, 0, 0)).serve()


def _spawn(argv: list[str], output: int, program: bytes) -> int:
    given = os.memfd_create("program")
    try:
        os.write(given, program)
        os.lseek(given, 0, os.SEEK_SET)
        nothing = (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)
        inherited = ((output, 1), (output, 2), (given, PROGRAM))
        actions = [nothing, *((os.POSIX_SPAWN_DUP2, ours, number) for ours, number in inherited)]
        return os.posix_spawn(argv[0], argv, {}, file_actions=actions, setsigdef=[signal.SIGPIPE, signal.SIGXFSZ])
    finally:
        os.close(given)


def _close_inherited() -> None:
    for name in os.listdir("/proc/self/fd"):
        try:
            if int(name) > LAST_OF_OURS:
                os.close(int(name))
        except OSError:  # the one that listed them
            continue


def _binds(lent: Lent) -> list[str]:
    """What views do, for bubblewrap to do; it makes by itself the places that are mounted on later."""
    binds = [word for place, path in lent if path for word in ("--ro-bind", path, place)]
    folders = [place for place, path in lent if path]
    hidden = [place for place, path in lent if not path and any(place.startswith(f"{outer}/") for outer in folders)]
    return binds + [word for place in hidden for word in ("--tmpfs", place, "--remount-ro", place)]


def _tell(line: int, code: int) -> None:
    try:
        os.write(line, code.to_bytes(CODE_BYTES, "little"))
    except OSError:  # nobody is there any more
        pass
    finally:
        os.close(line)


def _end_all_but(living: set[int]) -> None:
    while orphans := _children() - living:
        for orphan in orphans:
            os.kill(orphan, signal.SIGKILL)
        for orphan in orphans:
            os.waitpid(orphan, 0)


def _children() -> set[int]:
    """The children of this process, ended or not."""
    try:
        with open("/proc/thread-self/children", "rb") as file:
            return set(map(int, file.read().split()))
    except FileNotFoundError:  # a kernel without checkpoints
        return {int(name) for name in os.listdir("/proc") if name.isdecimal() and _parent(name) == os.getpid()}


def _parent(process: str) -> int:
    try:
        with open(f"/proc/{process}/stat", "rb") as file:
            return int(file.read().rpartition(b")")[2].split()[1])
    except (FileNotFoundError, ProcessLookupError):  # gone meanwhile
        return 0
