"""A process that stands over one action where no PID namespace does, and ends with it all that it left behind.

How it is known that nothing survives: orphans below the keeper become its children (PR_SET_CHILD_SUBREAPER), whatever
session, group or environment they took. Once the action has ended, or is to end, children are killed and waited for
until there is none; those that they leave become children in turn. The keeper ends when envmgr does.

It runs before every such action, so it imports little: `pathlib` alone takes longer than all that is done here.
"""

import _signal as signal  # type: ignore[import-not-found]  # `signal` makes it prettier, for 5 ms
import marshal
import os
import sys

from envmgr import attendant
from envmgr.builders import landlock

CHILD_SUBREAPER = 36

Confinement = tuple[int, list[landlock.Rule], bytes]
"""Which version of Landlock to ask, what it leaves, and the program that refuses system calls."""


def command(order: str, argv: list[str], environ: dict[str, str], confinement: Confinement | None) -> tuple[str, ...]:
    """Write down in the file `order` what is to be run, and return what runs it. Its keeper ends at SIGTERM."""
    with open(order, "wb") as file:
        marshal.dump((os.getpid(), argv, environ, confinement), file)  # read by the same interpreter
    return tuple(attendant.command(__name__, order))


def main(order: str) -> None:
    """Read the order and remove it, run the action, end what it left, and exit as it did."""
    with open(order, "rb") as file:
        parent, argv, environ, confinement = marshal.load(file)  # noqa: S302  written by `command`
    os.unlink(order)
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    if not attendant.ends_with(parent, signal.SIGTERM):
        sys.exit(1)
    landlock.LIBC.prctl(CHILD_SUBREAPER, 1, 0, 0, 0)
    # What became another user's, as by `sudo`, could not be killed.
    landlock.LIBC.prctl(landlock.NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    try:
        action = os.fork() or _become(argv, environ, confinement)
        _, status = os.waitpid(action, 0)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        _end_children()
    code = os.waitstatus_to_exitcode(status)
    sys.exit(code if code >= 0 else 128 - code)


def _become(argv: list[str], environ: dict[str, str], confinement: Confinement | None) -> int:
    """Turn into the action, with nothing of Python's about it; if that fails, say why and end."""
    try:
        for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        if confinement is not None:
            landlock.confine(*confinement)
        fault = _execute(argv, environ)
        os.write(2, os.fsencode(f"{argv[0]}: {fault.strerror}\n"))
    except OSError as error:
        os.write(2, os.fsencode(f"{error}\n"))
    os._exit(1)


def _execute(argv: list[str], environ: dict[str, str]) -> OSError:
    """Become a program, found on PATH; only a failure returns. `os.execvpe` imports, which may be shut by now."""
    fault = OSError()
    for folder in [""] if "/" in argv[0] else environ["PATH"].split(":"):
        try:
            os.execve(os.path.join(folder, argv[0]), argv, environ)
        except OSError as error:
            fault = error
    return fault


def _end_children() -> None:
    while children := _children():
        for child in children:
            os.kill(child, signal.SIGKILL)
        for child in children:
            os.waitpid(child, 0)


def _children() -> list[int]:
    """Processes, running or ended, that only this one may wait for; so their numbers are not given to others."""
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return []
    return [int(name) for name in os.listdir("/proc") if name.isdecimal() and _parent(name) == os.getpid()]


def _parent(process: str) -> int:
    try:
        with open(f"/proc/{process}/stat", "rb") as file:
            return int(file.read().rpartition(b")")[2].split()[1])
    except OSError:  # gone meanwhile, or another user's and hidden
        return 0
