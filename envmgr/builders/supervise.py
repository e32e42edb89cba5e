"""Run a process under watch: its time, its size, what it prints, and that it can be stopped.

How all of it is ended is the executor's matter; here it is noticed when.
"""

import os
import select
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from envmgr.builders.action import Action, Exited, OnLine, Outcome, OutputTooBig, Stopped, TimedOut

TICK_SECONDS = 0.1
"""How long a stop, a time limit, or the end of a process whose children keep its output open can go unnoticed."""
MEASURE_SECONDS = 1.0
CHUNK = 1 << 16
BLOCK = 512
"""The unit of `ulimit -f` (POSIX)."""

LIMITS = 'umask 022; ulimit -c 0; ulimit -f "$1" 2>/dev/null; shift; exec "$@"'
"""A fixed umask, no core dumps, a bound on each file. A shell sets them and becomes the process: Python could do so
only between fork and exec, and a fork of a big envmgr costs 20 ms where this costs one."""


class Output:
    """What a process prints: appended to its log as it comes, and told line by line to whoever listens."""

    def __init__(self, log: Path, on_line: OnLine | None) -> None:
        self._log = log.open("ab", buffering=0)
        self._on_line = on_line
        self._rest = b""
        self._pipe, self.inlet = os.pipe()
        self.size = 0
        """Bytes so far."""
        self.open = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._rest and self._on_line is not None:
            self._on_line(self._rest.decode(errors="replace"))
        self._log.close()
        os.close(self._pipe)

    def copy(self, seconds: float) -> bool:
        """Copy what is there, after waiting for it so long; False if nothing came."""
        if not self.open or not select.select([self._pipe], [], [], seconds)[0]:
            return False
        chunk = os.read(self._pipe, CHUNK)
        self.open = bool(chunk)
        self.size += len(chunk)
        self._log.write(chunk)
        if self._on_line is not None:
            *lines, self._rest = (self._rest + chunk).split(b"\n")
            for line in lines:
                self._on_line(line.decode(errors="replace"))
        return self.open

    def drain(self) -> None:
        """Copy what is left once nobody can print any more."""
        while self.copy(0):
            pass


@dataclass(frozen=True)
class Command:
    """An action as this machine starts it, and how all of it is ended."""

    argv: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    end: Callable[[subprocess.Popen[bytes]], None]
    """Called once, also when the process ended by itself; all that it started is gone when it returns."""
    pass_fds: tuple[int, ...] = ()


def supervise(command: Command, action: Action, log: Path, on_line: OnLine | None, stop: threading.Event) -> Outcome:
    """Run a command to its end, or until it breaks a limit of its action, or until `stop` is set."""
    if stop.is_set():
        return Stopped()
    with Output(log, on_line) as output:
        process = _start(command, action, output)
        try:
            outcome = _watch(process, action, output, stop)
        finally:
            command.end(process)
        output.drain()
    return OutputTooBig(action.output_bytes) if _is_too_big(action, output) else outcome


def _start(command: Command, action: Action, output: Output) -> subprocess.Popen[bytes]:
    blocks = action.output_bytes // BLOCK + 1
    try:
        return subprocess.Popen(
            ["/bin/sh", "-c", LIMITS, "envmgr", str(blocks), *command.argv],
            cwd=command.folder,
            env=command.environment,
            stdin=subprocess.DEVNULL,
            stdout=output.inlet,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=command.pass_fds,
        )
    finally:
        os.close(output.inlet)


def _watch(process: subprocess.Popen[bytes], action: Action, output: Output, stop: threading.Event) -> Outcome:
    deadline = time.monotonic() + action.seconds
    measure_at = time.monotonic() + MEASURE_SECONDS
    while (code := process.poll()) is None:
        now = time.monotonic()
        if stop.is_set():
            return Stopped()
        if now >= deadline:
            return TimedOut(action.seconds)
        if output.size > action.output_bytes:
            return OutputTooBig(action.output_bytes)
        if now >= measure_at:
            if _is_too_big(action, output):
                return OutputTooBig(action.output_bytes)
            # Measuring a big tree may take a tenth of the time, not more.
            measure_at = time.monotonic() + max(MEASURE_SECONDS, 10 * (time.monotonic() - now))
        _wait(process, output, min(TICK_SECONDS, deadline - now))
    return Exited(code if code >= 0 else 128 - code)


def _wait(process: subprocess.Popen[bytes], output: Output, seconds: float) -> None:
    if output.open:
        output.copy(seconds)
        return
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return


def _is_too_big(action: Action, output: Output) -> bool:
    return output.size + sum(_tree_size(folder) for folder in action.writable.values()) > action.output_bytes


def _tree_size(folder: Path) -> int:
    """Bytes of the files below a folder that may change meanwhile; links are not followed."""
    total, pending = 0, [str(folder)]
    while pending:
        try:
            with os.scandir(pending.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        pending.append(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_size
        except OSError:  # gone meanwhile, shut, or too deep: the store looks at the finished tree again
            continue
    return total
