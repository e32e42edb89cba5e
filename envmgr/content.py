"""The content of one file, read once: hashed, or copied and hashed.

It imports little and gives plain values, since mostly another process asks: see `reader`.
"""

import hashlib
import os
import stat
from collections.abc import Sequence

from envmgr.sealed import seal_entry, sealed_mode

Content = tuple[int, bool, str]
"""Of a file: its size in bytes, whether its owner may execute it, and its SHA-256 in hex."""
Failure = tuple[bool, int | None, str]
"""Whether a file could not be read (else a copy not written), the number of the error, and its words."""

READ_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
"""Flags that follow no link; O_NONBLOCK so that a fifo in a file's place cannot hold the reader up."""

_NEW_FILE = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_LARGE = 2**23
"""From this size on a copy is worth a second thread."""
_PART = 2**25
_BLOCK = 2**18
"""As much as stays in a core's own cache while it is hashed."""


class ReadError(OSError):
    """A file cannot be read."""

    def __init__(self, error: OSError) -> None:
        self.why = error.strerror or str(error)
        super().__init__(error.errno, self.why)


def contents(
    prefix: str, names: Sequence[str], folder: int, place: int | None = None
) -> tuple[list[Content], Failure | None]:
    """What the named files of an open folder contain; up to the first failure, and that.

    Args:
        prefix: the path of the folder in its tree, with a slash behind it.
        names: of files.
        folder: its descriptor.
        place: where the files are copied to, by their paths: the top of another tree, open.
    """
    found: list[Content] = []
    try:
        for name in names:
            content = hash_file(name, folder) if place is None else copy_file(name, folder, prefix + name, place)
            found.append(content)
    except OSError as error:
        return found, (isinstance(error, ReadError), error.errno, error.strerror or str(error))
    return found, None


def hash_file(name: str, folder: int | None = None) -> Content:
    """Read a file.

    Raises:
        ReadError: it is none that can be read.
    """
    descriptor = _open(name, folder)
    try:
        return _hash(descriptor)
    except OSError as error:
        raise ReadError(error) from error
    finally:
        os.close(descriptor)


def _hash(descriptor: int) -> Content:
    status = os.fstat(descriptor)
    executable = bool(status.st_mode & stat.S_IXUSR)
    if not stat.S_ISREG(status.st_mode):
        raise OSError("it is not a file")
    if status.st_size <= _BLOCK:
        data = _read(descriptor, status.st_size)
        return len(data), executable, hashlib.sha256(data).hexdigest()
    sha256, size, block = hashlib.sha256(), 0, memoryview(bytearray(_BLOCK))
    while got := os.readv(descriptor, [block]):
        sha256.update(block[:got])
        size += got
    return size, executable, sha256.hexdigest()


def copy_file(name: str, folder: int, path: str, place: int) -> Content:
    """Copy a file to a path below another open folder, with the mode and time of an object's file.

    Raises:
        ReadError: it cannot be read.
        OSError: the copy cannot be written.
    """
    source = _open(name, folder)
    try:
        status = os.fstat(source)
        target = os.open(path, _NEW_FILE, sealed_mode(status.st_mode), dir_fd=place)
        try:
            copy = _copy_small if status.st_size < _LARGE else _copy_large
            size, sha256 = copy(source, target, status.st_size)
            seal_entry(target)
        finally:
            os.close(target)
    finally:
        os.close(source)
    return size, bool(status.st_mode & stat.S_IXUSR), sha256


def _copy_small(source: int, target: int, size: int) -> tuple[int, str]:
    """Copy a file at once; its size and SHA-256."""
    try:
        data = _read(source, size)
    except OSError as error:
        raise ReadError(error) from error
    left = memoryview(data)
    while left:
        left = left[os.write(target, left) :]
    return len(data), hashlib.sha256(data).hexdigest()


def _copy_large(source: int, target: int, _size: int) -> tuple[int, str]:
    """Copy a file; its size and SHA-256. One part is copied while the one before is hashed, as it was written."""
    from concurrent.futures import ThreadPoolExecutor

    sha256, done, buffer = hashlib.sha256(), 0, memoryview(bytearray(_BLOCK))
    with ThreadPoolExecutor(1, thread_name_prefix="copy") as copier:
        part = copier.submit(_copy_part, source, target, 0)
        while end := part.result():
            part = copier.submit(_copy_part, source, target, end)
            while done < end:
                got = os.preadv(target, [buffer], done)
                sha256.update(buffer[:got])
                done += got
    return done, sha256.hexdigest()


def _copy_part(source: int, target: int, begin: int) -> int:
    """Copy at most `_PART` bytes; where they end, or 0 if there are none."""
    end = begin
    while end < begin + _PART and (copied := os.sendfile(target, source, end, begin + _PART - end)):
        end += copied
    return end if end > begin else 0


def _open(name: str, folder: int | None) -> int:
    try:
        return os.open(name, READ_FILE, dir_fd=folder)
    except OSError as error:
        raise ReadError(error) from error


def _read(descriptor: int, size: int) -> bytes:
    """The bytes of a file that is at its beginning; `size` is what it should have, and one read is enough if it has."""
    data = os.read(descriptor, size + 1)
    if len(data) == size:
        return data
    return data + b"".join(iter(lambda: os.read(descriptor, _BLOCK), b""))
