"""Bytes that are on the disk when the call returns, and what is said when the disk won't take them."""

import errno
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from envmgr.content import READ_FILE
from envmgr.model.errors import BuildError, HostError
from envmgr.tree import READ_FOLDER, Level, walk

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_OUT_OF_ORDER = frozenset({errno.EIO, errno.EROFS, errno.ESTALE, errno.ENODEV, errno.ENXIO})
_THREADS = 8
"""Threads that wait for the disk together: it writes many files at once cheaper than one after the other."""


class DiskFullError(HostError):
    """The disk, a quota or a limit on the size of files leaves no room; the place is not always known."""

    def __init__(self, place: Path | None, reason: str) -> None:
        super().__init__(
            f"no room to write: {reason}",
            where=str(place or ""),
            fix="free some space there (`envmgr gc` drops what nothing needs), or name a store elsewhere with --store",
        )
        self.place = place


class DiskFaultError(HostError):
    """The disk reported an error, or lets nothing be written any more; the place is not always known."""

    def __init__(self, place: Path | None, reason: str) -> None:
        super().__init__(
            f"the disk is out of order: {reason}",
            where=str(place or ""),
            fix="see the kernel's log; once the disk is in order, `envmgr verify` says what is whole",
        )
        self.place = place


class NotWrittenError(BuildError):
    """The disk reported an error: what was to be kept may not be there, so it does not count as built."""

    def __init__(self, place: Path, reason: str) -> None:
        super().__init__(
            f"could not be written to the disk: {reason}",
            where=str(place),
            fix="look for errors of the disk in the kernel's log before you try again",
        )
        self.place = place


@contextmanager
def room(place: Path) -> Iterator[None]:
    """Let the want of room below `place` be a DiskFullError."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise DiskFullError(place, error.strerror or str(error)) from error
        raise


@contextmanager
def writing(place: Path) -> Iterator[None]:
    """Let a failure to write below `place` be a DiskFullError or a NotWrittenError; never tried again."""
    try:
        with room(place):
            yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise NotWrittenError(Path(error.filename) if error.filename else place, reason) from error


def disk_fault(error: OSError) -> HostError | None:
    """What an error says about the disk; None where it says nothing about it."""
    place = Path(os.fsdecode(error.filename)) if isinstance(error.filename, str | bytes) else None
    reason = error.strerror or str(error)
    if error.errno in _NO_ROOM:
        return DiskFullError(place, reason)
    return DiskFaultError(place, reason) if error.errno in _OUT_OF_ORDER else None


def sync_tree(tree: Path) -> None:
    """Bring every file and folder of a tree to the disk, files first.

    Raises:
        OSError: the disk would not take one.
    """
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="sync") as pool:
        for level in walk(tree):
            for _ in pool.map(lambda name, level=level: _sync(name, level), [entry.name for entry in level.files]):
                pass
            os.fsync(level.descriptor)


def sync_file(file: Path) -> None:
    """Bring one file to the disk."""
    _sync_opened(os.open(file, READ_FILE))


def sync_folder(folder: Path) -> None:
    """Bring a folder to the disk: the names in it, not what they name."""
    _sync_opened(os.open(folder, READ_FOLDER))


def write_file(target: Path, data: bytes, *, scratch: Path) -> None:
    """Write a whole file at once: after a crash there is the old one, the new one or none, but no half of one.

    It is made in the folder `scratch`, on the same file system; the caller brings the target's folder to the disk
    with `sync_folder`.
    """
    draft = scratch / target.name
    write_draft(draft, data)
    sync_file(draft)
    draft.replace(target)


def write_draft(draft: Path, data: bytes) -> None:
    """Write what is to be a file, in a folder of ours; once it is on the disk it may take the file's name."""
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)


def _sync(name: str, level: Level) -> None:
    _sync_opened(os.open(name, READ_FILE, dir_fd=level.descriptor))


def _sync_opened(descriptor: int) -> None:
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
