"""A process to be run as a pure value, how it ended, and the contract of whatever runs it.

Places are paths as the process sees them. In a sandbox they are fixed, so that nothing of this machine can be
written into an output; without one they are the real paths.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from envmgr.model.errors import BuildError
from envmgr.model.realisation import Isolation

STORE_PLACE = "/envmgr/store"
"""Where store objects lie in a sandbox, each under its store path."""
OUT_PLACE = "/envmgr/out"
BUILD_PLACE = "/envmgr/build"
PYTHON_PLACE = "/envmgr/python"
PYTHON_PROGRAM = f"{PYTHON_PLACE}/bin/python3"

ENVIRONMENT = {
    "LANG": "C.UTF-8",
    "TZ": "UTC",
    "PATH": "/bin:/usr/bin",
    "SOURCE_DATE_EPOCH": "1",
    "USER": "envmgr",
    "LOGNAME": "envmgr",
}
"""What every action gets, beside a HOME and a TMPDIR of its own."""

TAIL_LINES = 20

OnLine = Callable[[str], None]
"""Called with each line that an action prints, without its line break, as it is printed."""


@dataclass(frozen=True)
class Action:
    """What runs, what it sees, and what it may write."""

    argv: tuple[str, ...]
    environment: Mapping[str, str]
    """On top of what every action gets (`ENVIRONMENT`, HOME, TMPDIR)."""
    readable: Mapping[str, Path]
    """Place to host path."""
    writable: Mapping[str, Path]
    """Place to host path."""
    folder: str
    """The working directory, a place."""
    seconds: float
    output_bytes: int
    """Bound on what lies in the writable folders, the log included; no single file may be bigger either."""
    hidden: tuple[str, ...] = ()
    """Folders inside readable ones that shall look empty; only a sandbox can do that."""
    devices: Mapping[str, Path] = field(default_factory=dict)
    """Device nodes that it may use and steer: place, which is in /dev, to host path."""


@dataclass(frozen=True)
class Exited:
    """It ended by itself; after signal n the code is 128 + n."""

    code: int


@dataclass(frozen=True)
class TimedOut:
    """It was killed after so many seconds."""

    seconds: float


@dataclass(frozen=True)
class OutputTooBig:
    """It wrote more than it may, and was killed if it still ran."""

    limit: int


@dataclass(frozen=True)
class Stopped:
    """It was killed because `Executor.stop` was called."""


Outcome = Exited | TimedOut | OutputTooBig | Stopped


class Executor(Protocol):
    """Where actions run. Nothing above assumes that the process is local."""

    @property
    def isolation(self) -> Isolation:
        """How actions are held here."""
        ...

    @property
    def bare_host(self) -> Mapping[str, str]:
        """What the host lends to every action: file names to digests."""
        ...

    def place(self, path: Path, inside: str) -> str:
        """Where a process of this executor sees `path`, whose fixed place in a sandbox is `inside`."""
        ...

    def run(self, action: Action, log: Path, on_line: OnLine | None = None) -> Outcome:
        """Run to the end, all of its processes gone when it returns or raises; stdout and stderr are appended to `log`.

        KeyboardInterrupt passes through once they are gone.
        """
        ...

    def stop(self) -> None:
        """End every action that runs now, from any thread; each `run` returns Stopped."""
        ...


class BuildFailedError(BuildError):
    """A process of a build ended with another exit code than 0."""

    def __init__(self, label: str, exit_code: int, log: Path) -> None:
        self.label = label
        self.exit = exit_code
        self.log = log
        self.tail = tail(log)
        shown = "\n    ".join(["; its last lines:", *self.tail]) if self.tail else " and printed nothing"
        super().__init__(
            f"{label}: the process {_ending(exit_code)}{shown}",
            where=str(log),
            fix="read the log; for a build, --keep-failed keeps its folder",
        )


class BuildTimeoutError(BuildError):
    """A build ran longer than it may."""

    def __init__(self, label: str, seconds: float, log: Path) -> None:
        self.label = label
        self.seconds = seconds
        self.log = log
        self.tail = tail(log)
        super().__init__(
            f"{label}: the build was killed after {seconds:g} s, its time limit",
            where=str(log),
            fix="raise the time limit, or find out from the log what it waited for",
        )


class OutputTooBigError(BuildError):
    """A build wrote more than it may."""

    def __init__(self, label: str, limit: int, log: Path) -> None:
        self.label = label
        self.limit = limit
        self.log = log
        super().__init__(
            f"{label}: the build wrote more than its limit of {limit} bytes",
            where=str(log),
            fix="raise the output limit, or make the build write less",
        )


def require_success(outcome: Outcome, label: str, log: Path) -> None:
    """Return if the action exited with 0.

    Raises:
        BuildFailedError, BuildTimeoutError, OutputTooBigError: it did not.
        KeyboardInterrupt: it was stopped.
    """
    match outcome:
        case Exited(0):
            return
        case Exited(code):
            raise BuildFailedError(label, code, log)
        case TimedOut(seconds):
            raise BuildTimeoutError(label, seconds, log)
        case OutputTooBig(limit):
            raise OutputTooBigError(label, limit, log)
        case Stopped():
            raise KeyboardInterrupt


def tail(log: Path, lines: int = TAIL_LINES) -> tuple[str, ...]:
    """The last lines of a log, read from its end; empty if there is none."""
    try:
        with log.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - lines * 400))
            return tuple(file.read().decode(errors="replace").splitlines()[-lines:])
    except FileNotFoundError:
        return ()


def _ending(code: int) -> str:
    return f"was ended by signal {code - 128}" if code > 128 else f"ended with exit code {code}"  # noqa: PLR2004
