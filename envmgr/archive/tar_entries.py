"""The strict reader of tar archives, in the forms that are in use: ustar, GNU's long names, and pax.

The standard `tarfile` takes a damaged header for the end of the archive, and on some of the Pythons that we run on it
lets links out of the tree. Here a header is right or it is an error.
Source: POSIX.1-2017, pax, "ustar Interchange Format" and "pax Header Block"; the GNU tar manual, "Basic Tar Format".
"""

import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from io import BufferedIOBase
from typing import Final

from envmgr.archive.entry import Cause, Entry, UnsafeArchiveError, check_mode, entry_path

BLOCK: Final = 512
CHUNK_BYTES = 2**20
HEADER = struct.Struct("100s8s8s8s12s12s8s1s100s8s32s32s8s8s155s12x")
CHECKSUM = slice(148, 156)
LARGEST_OCTAL_SIZE = 8**11
"""Bytes; a larger size does not fit a header, and stands in a pax record alone."""
MAX_EXTENSION_BYTES = 2**20

FILES = {b"0", b"\0"}
SYMLINK, FOLDER = b"2", b"5"
GNU_LONG_TARGET, GNU_LONG_NAME, PAX, PAX_GLOBAL = b"K", b"L", b"x", b"g"
CHANGES_WHAT_IS_READ = re.compile("path|linkpath|size|hdrcharset|GNU\\.sparse\\..*")
"""The pax records that do more than describe."""


@dataclass(frozen=True)
class _Header:
    name: bytes
    mode: int
    size: int
    kind: bytes
    target: bytes


@dataclass
class _Extensions:
    """What stands before an entry, to correct its header."""

    pax: Mapping[str, bytes] = field(default_factory=dict)
    gnu: dict[str, bytes] = field(default_factory=dict)


def tar_entries(stream: BufferedIOBase) -> Iterator[Entry]:
    """Read a tar archive, decompressed, from its beginning to its end.

    Raises:
        UnsafeArchiveError: there is a doubt about what it holds.
    """
    extensions = _Extensions()
    while (block := _exactly(stream, BLOCK)) != bytes(BLOCK):
        header = _header(block)
        if header.kind in {GNU_LONG_NAME, GNU_LONG_TARGET, PAX, PAX_GLOBAL}:
            _extend(extensions, header, _extension(stream, header))
            continue
        header, extensions = _corrected(header, extensions), _Extensions()
        content = _Content(stream, header.size)
        yield from _entries(header, content)
        content.skip()
    if extensions != _Extensions():
        raise UnsafeArchiveError(Cause.TRUNCATED, detail="after the header of an entry")
    while rest := stream.read(CHUNK_BYTES):
        if rest.strip(b"\0"):
            raise UnsafeArchiveError(Cause.HIDDEN_BYTES, detail="after the end of the archive")


def _exactly(stream: BufferedIOBase, size: int) -> bytes:
    data = stream.read(size)
    while len(data) < size and (more := stream.read(size - len(data))):
        data += more
    if len(data) < size:
        raise UnsafeArchiveError(Cause.TRUNCATED)
    return data


def _header(block: bytes) -> _Header:
    fields = HEADER.unpack(block)
    name, mode, _, _, size, _, checksum, kind, target, magic, *_, prefix = fields
    blank = block[: CHECKSUM.start] + b" " * 8 + block[CHECKSUM.stop :]
    if _number(checksum, "checksum") != sum(blank):
        raise UnsafeArchiveError(Cause.CORRUPT, detail="the checksum of a header")
    name, target, prefix = (text.partition(b"\0")[0] for text in (name, target, prefix))
    # Only POSIX has a prefix; the GNU form uses the place for something else.
    if magic == b"ustar\00000" and prefix:
        name = prefix + b"/" + name
    return _Header(name, _number(mode, "mode"), _number(size, "size"), kind, target)


def _number(text: bytes, what: str) -> int:
    """Read an octal number, or a binary one as GNU tar writes it for large values."""
    if text[0] == 0x80:  # noqa: PLR2004  the mark of a positive binary number
        return int.from_bytes(text[1:])
    digits = text.strip(b" \0")
    if not re.fullmatch(b"[0-7]*", digits):
        raise UnsafeArchiveError(Cause.MALFORMED, detail=f"a {what} that is no number")
    return int(digits or b"0", 8)


def _extension(stream: BufferedIOBase, header: _Header) -> bytes:
    if header.size > MAX_EXTENSION_BYTES:
        raise UnsafeArchiveError(Cause.TOO_LARGE, detail="the header of an entry")
    data = _exactly(stream, header.size)
    _exactly(stream, -header.size % BLOCK)
    return data


def _extend(extensions: _Extensions, header: _Header, data: bytes) -> None:
    match header.kind:
        case b"g":
            records = _pax_records(data)
            if changing := [key for key in records if CHANGES_WHAT_IS_READ.fullmatch(key)]:
                raise UnsafeArchiveError(Cause.CONTRADICTION, detail=f"{changing[0]} for all entries")
        case b"x" if not extensions.pax:
            extensions.pax = _pax_records(data)
        case b"K" | b"L" as kind if kind.decode() not in extensions.gnu:
            extensions.gnu[kind.decode()] = data.removesuffix(b"\0")
        case _:
            raise UnsafeArchiveError(Cause.CONTRADICTION, detail="two extensions of one header")


def _pax_records(data: bytes) -> dict[str, bytes]:
    """Read records of the form `<length of the record> <key>=<value>` and a line feed."""
    records: dict[str, bytes] = {}
    while data:
        match = re.match(rb"([1-9][0-9]{0,6}) ([^=]+)=", data)
        size = int(match[1]) if match else 0
        if match is None or not match.end() < size <= len(data) or data[size - 1 : size] != b"\n":
            raise UnsafeArchiveError(Cause.MALFORMED, detail="a pax header")
        key = match[2].decode(errors="backslashreplace")
        if key in records:
            raise UnsafeArchiveError(Cause.CONTRADICTION, detail=f"{key} twice in a pax header")
        records[key] = data[match.end() : size - 1]
        data = data[size:]
    return records


def _corrected(header: _Header, extensions: _Extensions) -> _Header:
    """Apply what stands before a header; where both pax and GNU say something, they say the same."""
    pax, gnu = extensions.pax, extensions.gnu
    entry = header.name.decode(errors="backslashreplace")
    if any(key.startswith("GNU.sparse.") for key in pax):
        raise UnsafeArchiveError(Cause.KIND, entry, "a sparse file")
    if pax.get("hdrcharset", b"ISO-IR 10646 2000 UTF-8") != b"ISO-IR 10646 2000 UTF-8":
        raise UnsafeArchiveError(Cause.NAME, entry)
    for pax_key, gnu_key in (("path", "L"), ("linkpath", "K")):
        if pax_key in pax and gnu_key in gnu and pax[pax_key] != gnu[gnu_key]:
            raise UnsafeArchiveError(Cause.CONTRADICTION, entry, pax_key)
    return replace(
        header,
        name=pax.get("path", gnu.get("L", header.name)),
        target=pax.get("linkpath", gnu.get("K", header.target)),
        size=_corrected_size(header, pax, entry),
    )


def _corrected_size(header: _Header, pax: Mapping[str, bytes], entry: str) -> int:
    """Take the size from pax where the header cannot hold it; elsewhere it says the same as the header.

    A reader that believed the one where another believes the other would find other entries in the archive.
    """
    if "size" not in pax:
        return header.size
    if not re.fullmatch(b"[0-9]{1,15}", pax["size"]):
        raise UnsafeArchiveError(Cause.MALFORMED, entry, "its size in the pax header")
    size = int(pax["size"])
    if size != header.size and (size < LARGEST_OCTAL_SIZE or header.size):
        raise UnsafeArchiveError(Cause.CONTRADICTION, entry, "two sizes")
    return size


class _Content:
    """The bytes of one entry in the stream; what was not read is skipped."""

    def __init__(self, stream: BufferedIOBase, size: int) -> None:
        self._stream = stream
        self._left = size
        self._padding = -size % BLOCK

    def chunks(self) -> Iterator[bytes]:
        """Give what is left, in pieces."""
        while self._left:
            chunk = _exactly(self._stream, min(self._left, CHUNK_BYTES))
            self._left -= len(chunk)
            yield chunk

    def skip(self) -> None:
        """Go on to the next header."""
        for _ in self.chunks():
            pass
        _exactly(self._stream, self._padding)


def _entries(header: _Header, content: _Content) -> Iterator[Entry]:
    """Give the entry of a header; the top folder itself, `./`, is none."""
    name = header.name.removeprefix(b"./")
    if not name and header.kind == FOLDER:
        return
    path = entry_path(name)
    if header.kind not in {*FILES, FOLDER, SYMLINK}:
        raise UnsafeArchiveError(Cause.KIND, path, f"tar's type {header.kind!r}")
    if header.kind not in FILES and header.size:
        raise UnsafeArchiveError(Cause.CONTRADICTION, path, "content of what is not a file")
    if header.kind != FOLDER and name.endswith(b"/"):
        raise UnsafeArchiveError(Cause.CONTRADICTION, path, "a folder by one sign, a file by another")
    if header.kind in FILES:
        check_mode(header.mode, path)
        yield Entry(path, "file", header.size, bool(header.mode & 0o100), content.chunks)
    elif header.kind == FOLDER:
        yield Entry(path, "folder")
    else:
        yield Entry(path, "symlink", len(header.target), chunks=lambda: [header.target])
