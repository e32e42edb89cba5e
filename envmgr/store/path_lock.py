"""Locks of the kernel on files of the store: a dead owner's lock is free at once.

Lock files lie in a folder of mode 700, are opened without following links, and are never deleted: who waits for a
deleted file would wait for nobody. An exclusive holder writes into the file who it is, for those who wait.
This is the only gateway to `filelock`.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from envmgr.model.errors import LockTimeoutError

Waiting = Callable[[str], None]
"""Told once, before a wait begins, who holds the lock."""

_FLAGS = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_POLL = 0.01
"""Seconds between two tries."""


class PathLockTimeoutError(LockTimeoutError):
    """A lock was held by others for all the time that we were ready to wait."""

    def __init__(self, lock: Path, holder: str, seconds: float) -> None:
        super().__init__(
            f"waited {seconds:g} s for a lock that is held by {holder or 'another process'}",
            where=str(lock),
            fix="wait for that process to finish, or stop it, and try again",
        )
        self.lock = lock
        self.holder = holder
        self.seconds = seconds


def wait_silently(_holder: str) -> None:
    """Tell nobody."""


@contextmanager
def exclusive(lock: Path, *, holder: str, timeout: float, waiting: Waiting = wait_silently) -> Iterator[None]:
    """Hold a lock alone.

    Args:
        lock: the lock file; made where it is missing.
        holder: what those who wait are told about us; the process id is added.
        timeout: seconds to wait at most.
        waiting: called once when the lock is not free at once.

    Raises:
        PathLockTimeoutError: the time is over.
    """
    from filelock import FileLock, Timeout

    file_lock = FileLock(lock, mode=0o600, fallback_to_soft=False, poll_interval=_POLL)
    try:
        file_lock.acquire(blocking=False)
    except Timeout:
        waiting(_holder(lock))
        try:
            file_lock.acquire(timeout=timeout)
        except Timeout:
            raise PathLockTimeoutError(lock, _holder(lock), timeout) from None
    try:
        _write_holder(lock, f"{holder} (process {os.getpid()})")
        yield
    finally:
        file_lock.release()


@contextmanager
def shared(lock: Path, *, timeout: float) -> Iterator[None]:
    """Hold a lock together with others who hold it shared; made for short sections.

    Raises:
        PathLockTimeoutError: somebody held it alone for all of `timeout` seconds.
    """
    descriptor = os.open(lock, _FLAGS | os.O_CREAT, 0o600)
    try:
        end = time.monotonic() + timeout
        while not _try(descriptor, fcntl.LOCK_SH):
            if time.monotonic() > end:
                raise PathLockTimeoutError(lock, _holder(lock), timeout)
            time.sleep(_POLL)
        yield
    finally:
        os.close(descriptor)


def hold_new(file: Path) -> int:
    """Make a file and hold it alone until the returned descriptor is closed: a sign of life of this process.

    Between the making and the holding the file looks ownerless: call this where nobody looks (under the collector
    lock, shared).
    """
    descriptor = os.open(file, _FLAGS | os.O_CREAT | os.O_EXCL, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    return descriptor


def is_free(file: Path) -> bool:
    """Whether no living process holds the file; also where there is none."""
    try:
        descriptor = os.open(file, _FLAGS)
    except (FileNotFoundError, NotADirectoryError):
        return True
    try:
        return _try(descriptor, fcntl.LOCK_EX)
    finally:
        os.close(descriptor)


def _try(descriptor: int, operation: int) -> bool:
    try:
        fcntl.flock(descriptor, operation | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _write_holder(lock: Path, holder: str) -> None:
    descriptor = os.open(lock, _FLAGS)
    try:
        os.ftruncate(descriptor, 0)
        os.write(descriptor, holder.encode())
    finally:
        os.close(descriptor)


def _holder(lock: Path) -> str:
    with suppress(OSError):
        descriptor = os.open(lock, _FLAGS)
        try:
            return os.read(descriptor, 1000).decode(errors="replace")
        finally:
            os.close(descriptor)
    return ""
