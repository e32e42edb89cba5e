"""Actions on a host that refuses namespaces: real paths, the network and every file in reach, but nothing inherited.

What is still held: a scrubbed environment, the time, the size, and that no process survives.
"""

import subprocess
import tempfile
import threading
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from envmgr.builders import keeper
from envmgr.builders.action import ENVIRONMENT, PYTHON_PROGRAM, Action, OnLine, Outcome
from envmgr.builders.bare_environment import bare_environment
from envmgr.builders.bare_host import BareHost
from envmgr.builders.keeper import Confinement
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
            environment = {**ENVIRONMENT, "HOME": scratch, "TMPDIR": scratch, **action.environment}
            confinement = self._confinement(action, scratch)
            argv = keeper.command(f"{scratch}/order", list(action.argv), environment, confinement)
            command = Command(argv, {}, Path(action.folder), _end)
            return supervise(partial(command.start, action.output_bytes), action, log, on_line, self._stop)

    def _confinement(self, action: Action, scratch: str) -> Confinement | None:
        return None


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait()
