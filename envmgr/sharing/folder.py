"""A binary cache in a folder: of this machine, or of a file system that many share.

Writers make their files in `partial/`, each held by a lock of the kernel's while it is being written, and rename them.
What a writer that was killed left there, the next one clears away.
"""

import ctypes
import fcntl
import os
import secrets
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from envmgr.sharing.transport import Change, UnusableError
from envmgr.store.pack import Sink, Source

_READ = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_HELD = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
_PARTIAL = "partial"
_LOCK = "changing"
_NEWLY_SECONDS = 60.0
"""A draft that was written to so lately may be about to be held."""


class Folder:
    """The files of a cache below one folder, which is made by the first that is written."""

    def __init__(self, top: Path) -> None:
        self.top = top
        self.place = str(top)

    def read(self, name: str, limit: int) -> bytes | None:
        """The bytes of a small file."""
        with self.stream(name) as file:
            if file is None:
                return None
            data = b""
            while len(data) <= limit and (block := file.read(limit + 1 - len(data))):
                data += block
            return data if len(data) <= limit else None

    @contextmanager
    def stream(self, name: str) -> Iterator[Source | None]:
        """A large file."""
        descriptor = self._open(name)
        if descriptor is None:
            yield None
            return
        try:
            yield _File(descriptor, self.place)
        finally:
            os.close(descriptor)

    @contextmanager
    def writing(self, name: str) -> Iterator[Sink]:
        """Write a large file."""
        with _trouble(self.place):
            draft, descriptor = self._draft(name)
        try:
            yield _File(descriptor, self.place)
            with _trouble(self.place):
                draft.rename(self.top / name)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise
        finally:
            os.close(descriptor)

    def change(self, name: str, change: Change) -> None:
        """Replace a small file; those who do so at once take turns."""
        with _trouble(self.place):
            (self.top / _PARTIAL).mkdir(parents=True, exist_ok=True)
            lock = os.open(self.top / _PARTIAL / _LOCK, _HELD, 0o644)
        try:
            with _trouble(self.place):
                fcntl.flock(lock, fcntl.LOCK_EX)
                before = (self.top / name).read_bytes() if (self.top / name).exists() else None
            after = change(before)
            if after != before:
                with self.writing(name) as file:
                    file.write(after)
        finally:
            os.close(lock)

    def flush(self) -> None:
        """Bring all that was written to the disk, many files at once; what the dead have left is cleared away."""
        with _trouble(self.place):
            descriptor = os.open(self.top, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                libc = ctypes.CDLL(None, use_errno=True)
                if libc.syncfs(descriptor) != 0:
                    raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
            finally:
                os.close(descriptor)
        self._clear()

    def existing(self, names: Collection[str]) -> set[str]:
        """Which of these files are there: one listing a folder."""
        found: set[str] = set()
        for folder in {name.rpartition("/")[0] for name in names}:
            found |= {f"{folder}/{name}" if folder else name for name in self._names(folder)}
        return found.intersection(names)

    def sizes(self, folder: str) -> Mapping[str, int]:
        """The files of one folder of the layout."""
        with _trouble(self.place):
            return {f"{folder}/{name}": (self.top / folder / name).stat().st_size for name in self._names(folder)}

    def _open(self, name: str) -> int | None:
        with _trouble(self.place):
            try:
                return os.open(self.top / name, _READ)
            except (FileNotFoundError, NotADirectoryError):
                return None

    def _clear(self) -> None:
        """Clear away what writers that are dead have left."""
        for name in self._names(_PARTIAL):
            if name != _LOCK:
                _remove_ownerless(self.top / _PARTIAL / name)

    def _names(self, folder: str) -> list[str]:
        with _trouble(self.place):
            try:
                return [file.name for file in (self.top / folder).iterdir()]
            except FileNotFoundError:
                return []

    def _draft(self, name: str) -> tuple[Path, int]:
        """A new file, held; its folder and that of its name are there."""
        draft = self.top / _PARTIAL / secrets.token_hex(8)
        draft.parent.mkdir(parents=True, exist_ok=True)
        (self.top / name).parent.mkdir(exist_ok=True)
        descriptor = os.open(draft, _NEW, 0o644)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        return draft, descriptor


class _File:
    """An open file of the cache; what fails while it is read or written is the cache's failure."""

    def __init__(self, descriptor: int, place: str) -> None:
        self._descriptor = descriptor
        self._place = place

    def read(self, size: int) -> bytes:
        with _trouble(self._place):
            return os.read(self._descriptor, size)

    def write(self, data: bytes) -> None:
        with _trouble(self._place):
            view = memoryview(data)
            while view:
                view = view[os.write(self._descriptor, view) :]


@contextmanager
def _trouble(place: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UnusableError(place, f"{error.strerror or error}: {error.filename or place}") from error


def _remove_ownerless(draft: Path) -> None:
    try:
        descriptor = os.open(draft, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return  # another one cleared it away, or it has its name now
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(descriptor).st_mtime < time.time() - _NEWLY_SECONDS:
            draft.unlink(missing_ok=True)
    except OSError:
        return  # it is being written, or is not ours to delete
    finally:
        os.close(descriptor)
