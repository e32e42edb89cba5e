"""A file that is being received: hashed while it is written, and given its name only when it is what was expected.

Where the bytes come from is not its concern (download.py, builders/fetch.py).
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, Self

from envmgr.model.digest import Digest
from envmgr.model.errors import IntegrityError

CHUNK_BYTES = 2**18
NEWLY_CREATED = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True)
class Checks:
    """What is known about a file before it is had; what is None is not known and not checked."""

    sha256: str | None = None
    md5: str | None = None
    size: int | None = None
    """Bytes."""

    @property
    def have_hash(self) -> bool:
        """Whether a hash would tell that parts of different files had been put together."""
        return self.sha256 is not None or self.md5 is not None


class WrongContentError(IntegrityError):
    """A file is not the one that was pinned; nothing of it was kept.

    `checked` is `size`, `md5` or `sha256`, with its `expected` and `actual` value; `origin` is where it came from.
    """

    def __init__(self, file: str, *, checked: str, expected: str, actual: str, origin: str) -> None:
        super().__init__(
            f"{file} is not the file that was pinned: its {checked} is {actual}, and {expected} was expected",
            where=origin,
            fix="if the origin has replaced the file on purpose, pin the new one; otherwise use another mirror",
        )
        self.file = file
        self.checked = checked
        self.expected = expected
        self.actual = actual
        self.origin = origin


class CheckedFile:
    """The partial file `<destination>.part`, and the hashes of what is in it so far.

    A partial file that an earlier attempt left behind is continued: were its bytes of another file, the hash of the
    whole would say so.
    """

    def __init__(self, destination: Path, checks: Checks) -> None:
        self.destination = destination
        self.checks = checks
        self._part = destination.with_name(destination.name + ".part")
        self._descriptor = os.open(self._part, NEWLY_CREATED, 0o666)
        self.size = 0
        """Bytes received so far."""
        self._begin_hashes()
        with self._part.open("rb") as earlier:
            while chunk := earlier.read(CHUNK_BYTES):
                self._count(chunk)

    def __enter__(self) -> Self:
        """Give itself; after leaving, what was received and not finished stays for a later attempt."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the partial file, and leave no empty one behind."""
        os.close(self._descriptor)
        if not self.size:
            self._part.unlink(missing_ok=True)

    def restart(self) -> None:
        """Forget all that was received."""
        os.ftruncate(self._descriptor, 0)
        self._begin_hashes()

    def write(self, chunk: bytes) -> None:
        """Append some bytes."""
        view = memoryview(chunk)
        while view:
            view = view[os.write(self._descriptor, view) :]
        self._count(chunk)

    def finish(self, origin: str) -> Digest:
        """Give the file its name, durably, and return its SHA-256.

        Raises:
            WrongContentError: it is not what was expected; the partial file is empty again.
        """
        actual = {"size": str(self.size), "md5": self._md5.hexdigest(), "sha256": self._sha256.hexdigest()}
        for checked, value in actual.items():
            expected = getattr(self.checks, checked)
            if expected is not None and str(expected) != value:
                self.refuse(checked, value, origin)
        os.fsync(self._descriptor)
        self._part.rename(self.destination)
        return Digest(actual["sha256"])

    def refuse(self, checked: str, actual: str, origin: str) -> NoReturn:
        """Forget all that was received, because `checked` (size, md5 or sha256) is not what was expected."""
        self.restart()
        expected = str(getattr(self.checks, checked))
        raise WrongContentError(self.destination.name, checked=checked, expected=expected, actual=actual, origin=origin)

    def _begin_hashes(self) -> None:
        self.size = 0
        self._sha256 = hashlib.sha256()
        self._md5 = hashlib.md5(usedforsecurity=False)

    def _count(self, chunk: bytes) -> None:
        self.size += len(chunk)
        self._sha256.update(chunk)
        if self.checks.md5 is not None:
            self._md5.update(chunk)
