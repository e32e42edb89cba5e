"""Commands as forks of one process that has read the modules already, so that a thousand of them cost little.

Each is a process of its own with its own arguments, folder, environment and files for stdout and stderr, as if a
shell had started it; only Python and its modules do not start anew. It can be watched (`system_calls`).
"""

import atexit
import importlib
import json
import os
import pkgutil
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, Self

import envmgr
from tests.faults.system_calls import LET, Call, Verdict, attend, watch
from tests.functional.conftest import PATIENCE, TOP, Checkout, Result

READ_ON_USE = (
    "cryptography.hazmat.primitives.asymmetric.ed25519", "cyclonedx.output.json", "jinja2", "numpy", "zstandard",
)  # fmt: skip
"""What commands import where they need it, and would each read anew."""
_MESSAGE = 2**20
"""Bytes; more than any message has."""


def let_all(_call: Call) -> int:
    """Let every call be made."""
    return LET


@dataclass(frozen=True)
class Fork:
    """A command that runs. Where it is watched, its first watched call waits for `end`."""

    process: int
    asking: int | None
    stdout: IO[bytes]
    stderr: IO[bytes]
    _control: socket.socket

    @property
    def has_ended(self) -> bool:
        """Whether the command has; what it started may be left."""
        return bool(select.select([self._control], [], [], 0)[0])

    def end(self, verdict: Verdict = let_all) -> Result:
        """See it to its end; a negative exit code is the signal that ended it.

        If it is watched, all processes that it started are seen to theirs: that some go on for ever is an error.
        """
        if self.asking is not None:
            try:
                attend(self.asking, self.process, verdict, patience=PATIENCE)
            finally:
                os.close(self.asking)
        with self._control, self.stdout, self.stderr:
            self._control.settimeout(PATIENCE)
            try:
                exit_code = int(self._control.recv(_MESSAGE))
            except TimeoutError:
                os.killpg(self.process, signal.SIGKILL)
                raise
            return Result(exit_code, *map(_text, (self.stdout, self.stderr)))


@dataclass(frozen=True)
class Forks:
    """The process that commands are forks of, by the socket on which it is asked for them."""

    requests: socket.socket

    @classmethod
    @contextmanager
    def open(cls) -> Iterator[Self]:
        """Start it; it ends with the block."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, "-W", "error", "-m", __name__, str(theirs.fileno())]
        environ = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}  # what has threads cannot well be forked
        with subprocess.Popen(
            command, cwd=TOP, env=environ, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()]
        ) as server:
            theirs.close()
            with ours:
                yield cls(ours)
            server.wait(PATIENCE)

    def start(self, checkout: Checkout, *arguments: str, calls: Collection[str] = ()) -> Fork:
        """Begin a command in a checkout; it is asked about each of the system calls that are named."""
        control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        stdout, stderr = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115  closed by `Fork.end`
        request = {
            "arguments": arguments,
            "folder": str(checkout.top),
            "environ": {**checkout.environ, "ENVMGR_STORE": str(checkout.store)},
            "calls": list(calls),
        }
        with theirs:
            given = [theirs.fileno(), stdout.fileno(), stderr.fileno()]
            socket.send_fds(self.requests, [json.dumps(request).encode()], given)
        told, asking, _, _ = socket.recv_fds(control, _MESSAGE, 1)
        return Fork(int(told), asking[0] if asking else None, stdout, stderr, control)

    def __call__(
        self,
        checkout: Checkout,
        *arguments: str,
        calls: Collection[str] = (),
        verdict: Verdict = let_all,
        expect: int | None = 0,
    ) -> Result:
        """Run a command to its end; another exit code than `expect` fails the test (None: any will do)."""
        ended = self.start(checkout, *arguments, calls=calls).end(verdict)
        said = f"envmgr {' '.join(arguments)}: exit {ended.exit}\n{ended.stdout}\n{ended.stderr}"
        assert expect in (None, ended.exit), said
        return ended


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


def serve(requests: socket.socket) -> None:
    """Start what is asked for, until nobody is left who could ask."""
    _read_modules()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # those who wait for commands are waited for by nobody
    while True:
        message, given, _, _ = socket.recv_fds(requests, _MESSAGE, 3)
        if not message:
            requests.close()
            return
        if os.fork() == 0:
            requests.close()
            _keep(json.loads(message), *given)
            return
        for descriptor in given:
            os.close(descriptor)


def _keep(request: dict[str, Any], control: int, stdout: int, stderr: int) -> None:
    """Start a command, and tell how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    teller = socket.socket(fileno=control)
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        os.dup2(stdout, 1)
        os.dup2(stderr, 2)
        os.chdir(request["folder"])
        os.environ.clear()
        os.environ.update(request["environ"])
        asking = [watch(request["calls"])] if request["calls"] else []
        socket.send_fds(teller, [str(os.getpid()).encode()], asking)
        for descriptor in (*asking, stdout, stderr):
            os.close(descriptor)
        teller.close()
        _become(request["arguments"])
        return
    _, status = os.waitpid(child, 0)
    teller.send(str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def _become(arguments: list[str]) -> None:
    """Be envmgr with these arguments; the end is sudden, as taking a whole interpreter apart takes a while."""
    from envmgr.__main__ import main

    sys.argv = ["envmgr", *arguments]
    code = 0
    try:
        main()
    except SystemExit as ended:
        code = int(ended.code or 0)
    atexit._run_exitfuncs()  # noqa: SLF001  as at any end of Python
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _read_modules() -> None:
    for module in pkgutil.walk_packages(envmgr.__path__, "envmgr."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for name in READ_ON_USE:
        importlib.import_module(name)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
