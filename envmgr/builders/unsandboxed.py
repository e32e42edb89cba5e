"""Actions on a host that refuses namespaces: real paths, the network and every file in reach, but nothing inherited.

What is still held: a scrubbed environment, the time, the size, and that no process survives. The processes of an
action are known by the name of its private temporary folder in their environment, so that one that
starts a session of its own is found as well.
"""

import contextlib
import os
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

from envmgr.builders.action import ENVIRONMENT, PYTHON_PROGRAM, Action, OnLine, Outcome
from envmgr.builders.bare_environment import bare_environment
from envmgr.builders.bare_host import BareHost
from envmgr.builders.supervise import Command, supervise
from envmgr.model.realisation import Isolation


class Unsandboxed:
    """The executor that runs actions as plain processes of this host."""

    isolation: Isolation = "unsandboxed"

    def __init__(self, host: BareHost) -> None:
        """Take what the host lends; here it is only recorded."""
        self._host = host
        self._stop = threading.Event()

    @property
    def bare_host(self) -> Mapping[str, str]:
        """File names to digests."""
        return self._host.digests

    def place(self, path: Path, inside: str) -> str:
        """Where it really is; an interpreter is reached through an environment that has no packages."""
        return str(bare_environment(path) / "bin" / "python3" if inside == PYTHON_PROGRAM else path)

    def stop(self) -> None:
        """End every action, from any thread; later ones are not started."""
        self._stop.set()

    def run(self, action: Action, log: Path, on_line: OnLine | None = None) -> Outcome:
        """Run as a plain process; all that it started is gone when this returns or raises."""
        with tempfile.TemporaryDirectory(prefix="envmgr-", ignore_cleanup_errors=True) as scratch:

            def end(process: subprocess.Popen[bytes]) -> None:
                process.kill()
                process.wait()
                _end_all(scratch)

            environment = {**ENVIRONMENT, "HOME": scratch, "TMPDIR": scratch, **action.environment}
            argv = self._argv(action, environment, Path(scratch))
            command = Command(argv, {"TMPDIR": scratch}, Path(action.folder), end)
            return supervise(command, action, log, on_line, self._stop)

    def _argv(self, action: Action, environment: Mapping[str, str], scratch: Path) -> tuple[str, ...]:
        # `env -i`, because the shell in between puts names of its own into the environment.
        return ("/usr/bin/env", "-i", *(f"{name}={value}" for name, value in environment.items()), *action.argv)


def _end_all(scratch: str) -> None:
    """Kill every process whose environment names this temporary folder, and return when none is left."""
    while survivors := list(_processes(f"TMPDIR={scratch}\0".encode())):
        for process_id in survivors:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process_id, signal.SIGKILL)


def _processes(entry: bytes) -> Iterator[int]:
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with contextlib.suppress(OSError):  # gone meanwhile, or another user's
                if entry in (folder / "environ").read_bytes():
                    yield int(folder.name)
