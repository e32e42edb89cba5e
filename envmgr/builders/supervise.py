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
from typing import Protocol, Self

from envmgr.builders.action import Action, Exited, OnLine, Outcome, OutputTooBig, Stopped, TimedOut

TICK_SECONDS = 0.1
"""How long a stop can go unnoticed."""
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

    def copy_until(self, ended: int, seconds: float) -> bool:
        """Copy what comes in so many seconds at most; whether `ended` can be read."""
        sources = [ended, self._pipe] if self.open else [ended]
        ready, _, _ = select.select(sources, [], [], seconds)
        if self._pipe in ready:
            self._copy()
        return ended in ready

    def _copy(self) -> None:
        chunk = os.read(self._pipe, CHUNK)
        self.open = bool(chunk)
        self.size += len(chunk)
        self._log.write(chunk)
        if self._on_line is not None:
            *lines, self._rest = (self._rest + chunk).split(b"\n")
            for line in lines:
                self._on_line(line.decode(errors="replace"))

    def drain(self) -> None:
        """Copy what is left once nobody can print any more."""
        while self.open and select.select([self._pipe], [], [], 0)[0]:
            self._copy()


class Running(Protocol):
    """A process that was started, and all that it starts."""

    @property
    def ended(self) -> int:
        """A descriptor that can be read when the process has ended."""
        ...

    def code(self) -> int:
        """Its exit code, after a signal n 128 + n; waits for its end."""
        ...

    def end(self) -> None:
        """End it, if it has not ended; all that it started is gone when this returns. Called once."""
        ...


Start = Callable[[int], Running]
"""Starts a process that prints to a descriptor."""


def supervise(start: Start, action: Action, log: Path, on_line: OnLine | None, stop: threading.Event) -> Outcome:
    """Run a process to its end, or until it breaks a limit of its action, or until `stop` is set."""
    if stop.is_set():
        return Stopped()
    with Output(log, on_line) as output:
        try:
            running = start(output.inlet)
        finally:
            os.close(output.inlet)
        try:
            outcome = _watch(running, action, output, stop)
        finally:
            running.end()
        output.drain()
    return OutputTooBig(action.output_bytes) if _is_too_big(action, output) else outcome


def _watch(running: Running, action: Action, output: Output, stop: threading.Event) -> Outcome:
    deadline = time.monotonic() + action.seconds
    measure_at = time.monotonic() + MEASURE_SECONDS
    while not output.copy_until(running.ended, min(TICK_SECONDS, max(0, deadline - time.monotonic()))):
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
    return Exited(running.code())


@dataclass(frozen=True)
class Command:
    """A process as this one starts it, and how all that it starts is ended."""

    argv: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    end: Callable[[subprocess.Popen[bytes]], None]
    """Called once, also when the process ended by itself; all that it started is gone when it returns."""

    def start(self, output_bytes: int, inlet: int) -> Running:
        """Start it; no file that it writes may have more bytes, and it prints to `inlet`."""
        blocks = output_bytes // BLOCK + 1
        process = subprocess.Popen(
            ["/bin/sh", "-c", LIMITS, "envmgr", str(blocks), *self.argv],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=inlet,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        return _Process(process, os.pidfd_open(process.pid), self.end)


@dataclass(frozen=True)
class _Process:
    process: subprocess.Popen[bytes]
    ended: int
    ending: Callable[[subprocess.Popen[bytes]], None]

    def code(self) -> int:
        code = self.process.wait()
        return code if code >= 0 else 128 - code

    def end(self) -> None:
        self.ending(self.process)
        os.close(self.ended)


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
