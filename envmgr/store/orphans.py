"""Sandboxes that a killed command left behind, ended before its staging folder is cleared away.

bubblewrap dies with envmgr, but for some milliseconds while it sets a box up: killed just then, envmgr leaves one that
runs on, or that waits for ever. Each names on its command line the staging folder that it was to write to.
"""

import os
import select
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

_BOX = b"bwrap"
_SECONDS = 10
"""How long one that was killed is waited for: all in the box has to end, perhaps out of a disk that hangs."""


def end_orphans(folder: Path) -> None:
    """End the boxes that write to a staging folder whose owner is dead."""
    for process in _boxes(folder):
        with suppress(OSError):  # it ended meanwhile
            descriptor = os.pidfd_open(process)
            try:
                if _writes_to(folder, process):  # still: the number was not given to another meanwhile
                    signal.pidfd_send_signal(descriptor, signal.SIGKILL)
                    select.select([descriptor], [], [], _SECONDS)
            finally:
                os.close(descriptor)


def _boxes(folder: Path) -> Iterator[int]:
    processes = (int(place.name) for place in Path("/proc").iterdir() if place.name.isdecimal())
    return (process for process in processes if _writes_to(folder, process))


def _writes_to(folder: Path, process: int) -> bool:
    try:
        words = Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")
    except OSError:  # gone, or somebody else's
        return False
    inside = os.fsencode(folder) + b"/"
    return words[0].endswith(_BOX) and any(word.startswith(inside) for word in words)
