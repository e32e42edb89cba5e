"""Whether locks hold where a store lies; a file system that doesn't show it is refused.

All that the store promises rests on this: an exclusive lock is given to one process and is free when that one
dies (flock; and fcntl, by which SQLite locks its file), others can share one, and a file can be replaced by a rename.
Local file systems have that, and are not asked. Any other kind has to show it: processes try, and some are killed.
What was shown is written down in the store, by host and mount, and not asked again.

Processes of one host can't show that a lock holds between hosts, nor that a rename is one step there. That is known of
some kinds (`file_system`); for the others the user has to vouch.
"""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from typing import Self

from envmgr.model.errors import HostError
from envmgr.store import witness
from envmgr.store.file_system import MOUNTS, FileSystem, file_system
from envmgr.store.layout import Layout

ANSWER_SECONDS = 10.0
"""How long an answer is waited for: a lock service that is down may never give one."""
DEATH_SECONDS = 2.0
"""How long after its owner's death a lock may stay."""


class LocksFailError(HostError):
    """Locks do not hold on the file system of the store, so two processes could spoil it."""

    def __init__(self, found: FileSystem, root: Path, reason: str) -> None:
        super().__init__(
            f"the store lies on {found}, and locks do not hold there: {reason}",
            where=str(root),
            fix="name a store on a local disk with --store; or mount this one so that locks work "
            "(docs/network-file-systems.md)",
        )
        self.file_system = found
        self.reason = reason


class LocksUnsureError(HostError):
    """Locks hold between the processes of this host; whether they do between hosts can't be told."""

    def __init__(self, found: FileSystem, root: Path) -> None:
        super().__init__(
            f"the store lies on {found}: {found.one_host}",
            where=str(root),
            fix="name a store on a local disk with --store; or, if no other host writes to this one or you know that "
            "its locks hold, say `trust_locks = true` under [store] in config.toml (docs/network-file-systems.md)",
        )
        self.file_system = found


def require_locks(layout: Layout, *, trust: bool, mounts: Path = MOUNTS) -> None:
    """Go on only if locks hold where a store lies.

    Args:
        layout: a store that can be written; its folders are there.
        trust: the user vouches for other hosts.
        mounts: what the kernel says about mounts.

    Raises:
        LocksFailError: they don't.
        LocksUnsureError: they do on this host, and nobody knows about others.
    """
    found = file_system(layout.root, mounts)
    if found.is_local:
        return
    if found.one_host and not trust:
        raise LocksUnsureError(found, layout.root)
    proof = layout.locks / f"proof-{_name(found)}"
    if proof.exists():
        return
    if reason := fault(layout.locks):
        raise LocksFailError(found, layout.root, reason)
    proof.touch()


def fault(folder: Path) -> str:
    """What is wrong with locks in a folder, found out by trying; empty where they hold."""
    with (
        tempfile.TemporaryDirectory(prefix="proof-", dir=folder, ignore_cleanup_errors=True) as scratch,
        ExitStack() as living,
    ):
        witnesses = [living.enter_context(_Witness(Path(scratch))) for _ in range(3)]
        return next(_faults(*witnesses), "")


def _name(found: FileSystem) -> str:
    """What a proof holds for: this host, with this kernel, and this mount."""
    host = os.uname()
    mount = [str(found.place), found.kind, found.source, *sorted(found.options)]
    return sha256(ascii([host.nodename, host.release, *mount]).encode()).hexdigest()[:32]


class _Witness:
    """A process that tries locks in a folder."""

    def __init__(self, folder: Path) -> None:
        self._line, end = socket.socketpair()
        self._line.settimeout(ANSWER_SECONDS)
        with end:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", witness.__file__],
                cwd=folder,
                stdin=end.fileno(),
                stdout=end.fileno(),
                stderr=subprocess.DEVNULL,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.die()
        self._line.close()

    def ask(self, act: str, path: str) -> str:
        """Let it do something, and say how that went: `yes`, `no`, or a fault."""
        try:
            self._line.sendall(f"{act} {path}\n".encode())
            return self._line.recv(1000).decode().strip() or "it was ended"
        except OSError as error:
            return f"no answer: {error}"

    def die(self) -> None:
        """Kill it; one that hangs in the kernel is not waited for."""
        self._process.kill()
        try:
            self._process.wait(ANSWER_SECONDS)
        except subprocess.TimeoutExpired:
            return


def _faults(first: _Witness, second: _Witness, third: _Witness) -> Iterator[str]:
    """What is wrong, the first thing first."""
    if (answer := first.ask("exclusive", "lock")) != "yes":
        yield f"a file can't be locked by flock ({answer})"
    for kind in ("exclusive", "shared"):
        if (answer := second.ask(kind, "lock")) != "no":
            yield f"a file that one process has locked by flock, another one can lock, too ({kind}: {answer})"
    first.die()
    if not _granted(second, "exclusive", "lock"):
        yield "the lock (flock) of a process that was killed is not freed"
    second.ask("release", "lock")
    if [second.ask("shared", "lock"), third.ask("shared", "lock")] != ["yes", "yes"]:
        yield "two processes can't share a lock (flock)"
    if (answer := third.ask("write", "index")) != "yes":
        yield f"SQLite can't lock its file by fcntl ({answer})"
    if (answer := second.ask("write", "index")) != "no":
        yield f"SQLite lets two processes write one file at once, as locks by fcntl don't hold ({answer})"
    if (answer := second.ask("replace", "file")) != "yes":
        yield f"a file can't be replaced by renaming another one ({answer})"
    third.die()
    if not _granted(second, "write", "index"):
        yield "the lock (fcntl) of a process that was killed is not freed"


def _granted(one: _Witness, act: str, path: str) -> bool:
    end = time.monotonic() + DEATH_SECONDS
    while (answer := one.ask(act, path)) == "no" and time.monotonic() < end:
        time.sleep(0.05)
    return answer == "yes"
