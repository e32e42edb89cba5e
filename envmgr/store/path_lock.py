"""Locks of the kernel on files of the store: a dead owner's lock is free at once.

Lock files lie in a folder of mode 700 and are opened without following links. Who holds a lock alone writes into the
file who it is, for those who wait.

- `exclusive` is for one holder at a time, and `filelock` is its gateway. As `filelock` opens the file anew for each
  try, and gives a lock back whose file is no longer there, `remove_free` may delete the file of one that nobody holds.
- `shared` and `alone` are two ways to hold one lock. Whoever wants it passes a *turnstile* first, a second lock: those
  who share it hold the turnstile until they are through, and so does who wants it alone. So whoever comes while
  somebody waits to be alone waits behind him, however many share the lock and however often; and who is alone again
  and again lets those through in between who came meanwhile. These files are never deleted.
"""

import fcntl
import hashlib
import os
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

from envmgr.model.errors import LockTimeoutError

Waiting = Callable[[str], None]
"""Told once, before a wait begins, who holds the lock."""

LOCK_SECONDS = 600.0
"""How long a step of some milliseconds in another process is waited for."""

_FLAGS = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_POLL = 0.01
"""Seconds between two tries."""
_NUMBER_BYTES = 7
"""Of a file offset, which has 63 bits."""
_SHORTEST_POLL = 0.0005
"""Seconds before the second try for a lock of short sections."""


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

    file_lock = FileLock(lock, mode=0o600, fallback_to_soft=False, poll_interval=_POLL, thread_local=False)
    try:
        file_lock.acquire(blocking=False)
    except Timeout:
        waiting(_holder(lock))
        try:
            file_lock.acquire(timeout=timeout)
        except Timeout:
            raise PathLockTimeoutError(lock, _holder(lock), timeout) from None
    try:
        _write_holder(lock, holder)
        yield
    finally:
        file_lock.release()


def remove_free(lock: Path) -> bool:
    """Delete the file of a lock for `exclusive`, if nobody holds it; whether it is gone."""
    try:
        descriptor = os.open(lock, _FLAGS)
    except FileNotFoundError:
        return True
    try:
        free = _try(fcntl.LOCK_EX, descriptor)
        if free and os.fstat(descriptor).st_nlink:  # else another one did, and the name may be a new lock's by now
            lock.unlink()
        return free
    finally:
        os.close(descriptor)


@contextmanager
def shared(lock: Path, *, timeout: float) -> Iterator[None]:
    """Hold a lock together with others who hold it shared; made for short sections.

    Raises:
        PathLockTimeoutError: somebody held it alone for all of `timeout` seconds.
    """
    descriptor = _through_turnstile(lock, fcntl.LOCK_SH, timeout)
    try:
        yield
    finally:
        os.close(descriptor)


@contextmanager
def alone(lock: Path, *, holder: str, timeout: float) -> Iterator[None]:
    """Hold a lock alone that others hold shared; made for short sections.

    Args:
        lock: the lock file; made where it is missing.
        holder: what those who wait are told about us; the process id is added.
        timeout: seconds to wait at most.

    Raises:
        PathLockTimeoutError: the time is over.
    """
    descriptor = _through_turnstile(lock, fcntl.LOCK_EX, timeout)
    try:
        _write_holder(lock, holder)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def exclusive_part(lock: Path, name: str, *, timeout: float) -> Iterator[None]:
    """Hold the lock of one name in a lock file alone, also against other threads; any thread may let it go.

    Raises:
        PathLockTimeoutError: somebody held it for all of `timeout` seconds.
    """
    byte = int.from_bytes(hashlib.sha256(name.encode()).digest()[:_NUMBER_BYTES], "big")
    descriptor = _take(lock, partial(_try_byte, byte), time.monotonic() + timeout, timeout)
    try:
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
        return _try(fcntl.LOCK_EX, descriptor)
    finally:
        os.close(descriptor)


def _through_turnstile(lock: Path, operation: int, timeout: float) -> int:
    end = time.monotonic() + timeout
    tried = partial(_try, operation)
    turnstile = _take(lock.with_name(f"{lock.name}-turnstile"), tried, end, timeout)
    try:
        return _take(lock, tried, end, timeout)
    finally:
        os.close(turnstile)


def _take(lock: Path, tried: Callable[[int], bool], end: float, timeout: float) -> int:
    pause = _SHORTEST_POLL
    while (descriptor := _tried(lock, tried)) is None:
        if time.monotonic() >= end:
            raise PathLockTimeoutError(lock, _holder(lock), timeout)
        time.sleep(pause)
        pause = min(2 * pause, _POLL)
    return descriptor


def _tried(lock: Path, tried: Callable[[int], bool]) -> int | None:
    """The descriptor that holds the lock; None if it is not to be had, or its file was deleted meanwhile."""
    descriptor = os.open(lock, _FLAGS | os.O_CREAT, 0o600)
    held = False
    try:
        held = tried(descriptor) and os.fstat(descriptor).st_nlink > 0
    finally:
        if not held:
            os.close(descriptor)
    return descriptor if held else None


def _try(operation: int, descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, operation | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _try_byte(number: int, descriptor: int) -> bool:
    asked = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, number, 1, 0)  # struct flock
    try:
        fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, asked)
    except BlockingIOError:
        return False
    return True


def _write_holder(lock: Path, holder: str) -> None:
    descriptor = os.open(lock, _FLAGS | os.O_TRUNC)
    try:
        os.write(descriptor, f"{holder} (process {os.getpid()})".encode())
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
