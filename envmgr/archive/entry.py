"""What stands in an archive, and what makes an archive one that is refused.

A hash does not make an archive safe, it makes an attack repeatable: whatever could be read in two ways is an error,
never a choice.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Literal

from envmgr.model.errors import IntegrityError
from envmgr.tree import MAX_DEPTH, MAX_NAME

MAX_PATH_BYTES = 2048
"""Half of what Linux takes, so that the path of the store goes before it."""


class Cause(Enum):
    """Why an archive is refused."""

    FORMAT = "it is of no format that is read here"
    TRUNCATED = "it ends too early"
    CORRUPT = "its bytes are damaged"
    MALFORMED = "its structure is wrong"
    CONTRADICTION = "it says two things about one entry, so that two programs could read two"
    HIDDEN_BYTES = "it holds bytes that belong to no entry"
    ENCRYPTED = "an entry is encrypted"
    COMPRESSION = "an entry is compressed in a way that is not read here"
    NAME = "a name is not plain UTF-8"
    PATH = "a path leaves the tree, or is not written in one way only"
    DUPLICATE = "a path stands in it twice"
    KIND = "an entry is neither a file, a folder nor a symlink"
    SET_ID = "an entry would run as another user"
    TOO_LARGE = "it holds more than the bound"


class UnsafeArchiveError(IntegrityError):
    """An archive is refused; `cause` says why, `entry` names the entry (empty: the archive as a whole)."""

    def __init__(self, cause: Cause, entry: str = "", detail: str = "") -> None:
        about = f"{entry!r}: {cause.value}" if entry else f"the archive is refused: {cause.value}"
        super().__init__(
            f"{about} ({detail})" if detail else about,
            fix="get the archive from where it was first published, or pin another one",
        )
        self.cause = cause
        self.entry = entry
        self.detail = detail


@dataclass(frozen=True)
class Entry:
    """A file, a folder or a symlink in an archive.

    `path` is relative, with slashes, and climbs nowhere. `chunks` gives the content of a file, or the target of a
    symlink, exactly `size` bytes; it is to be read before the next entry is asked for.
    """

    path: str
    kind: Literal["file", "folder", "symlink"]
    size: int = 0
    executable: bool = False
    chunks: Callable[[], Iterable[bytes]] = tuple


def entry_path(name: bytes) -> str:
    """Read a name of an archive as a path below the tree, without the slash that ends a folder's.

    Raises:
        UnsafeArchiveError: the name is not UTF-8, or there is another way to read it.
    """
    try:
        text = name.decode()
    except UnicodeDecodeError as error:
        raise UnsafeArchiveError(Cause.NAME, repr(name)) from error
    parts = text.removesuffix("/").split("/")
    if "\0" in text or "\\" in text:
        raise UnsafeArchiveError(Cause.PATH, text, "a NUL or a backslash")
    if not {"", ".", ".."}.isdisjoint(parts):
        raise UnsafeArchiveError(Cause.PATH, text)
    if len(name) > MAX_PATH_BYTES or len(parts) > MAX_DEPTH or max(len(part.encode()) for part in parts) > MAX_NAME:
        raise UnsafeArchiveError(Cause.TOO_LARGE, text, "too deep, or a name too long")
    return "/".join(parts)


def check_mode(mode: int, path: str) -> None:
    """Refuse a file with a set-user-id or set-group-id bit; on a folder the latter only hands a group down."""
    if mode & 0o6000:
        raise UnsafeArchiveError(Cause.SET_ID, path)
