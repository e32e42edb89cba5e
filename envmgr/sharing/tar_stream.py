"""A tar of plain files under zstd, written and read in one pass: what comes next is always known beforehand.

`tar --zstd -tf` lists it, but the reader is not tar's. It is told which name must come next, and takes no header but
the very bytes that the writer would have written for that name and a size. So there is no other kind of entry, no
order, no duplicate and no field that could mean two things, and the same entries are the same bytes.
"""

import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import IO

from envmgr.model.digest import Digest
from envmgr.model.errors import IntegrityError
from envmgr.sealed import FIXED_TIME
from envmgr.store.pack import LEVEL, MAX_WINDOW

_BLOCK = 512
_PIECE = 512
"""Compressed bytes that are expanded at a time: zstd makes 128 KiB of 4 bytes at most, so 16 MiB of these."""
_READ = 2**18
_NUMBER = slice(124, 136)
_KIND = slice(156, 157)
_LONG_SIZE = re.compile(rb"\d+ size=(\d+)\n")


class DamagedFileError(IntegrityError):
    """A file is not what envmgr wrote, or not all of it; `entry` is where that showed."""

    def __init__(self, file: Path, entry: str, reason: str) -> None:
        super().__init__(
            f"{entry or 'the file'}: {reason}", where=str(file), fix="copy the file again, or export it anew"
        )
        self.file = file
        self.entry = entry
        self.reason = reason


def header(name: str, size: int) -> bytes:
    """The blocks that stand before the bytes of an entry."""
    import tarfile

    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = size, 0o644, FIXED_TIME
    return info.tobuf(tarfile.PAX_FORMAT)


class TarWriter:
    """Writes entries in the order in which they are given; `digest` is that of all that was written."""

    def __init__(self, file: IO[bytes]) -> None:
        """Write into an open file."""
        import zstandard

        # Without threads zstd writes other bytes than with some; how many they are does not matter.
        threads = len(os.sched_getaffinity(0))
        self._file = file
        self._zstd = zstandard.ZstdCompressor(level=LEVEL, threads=threads, write_checksum=True).compressobj()
        self._sha256 = sha256()
        self.size = 0

    @property
    def digest(self) -> Digest:
        """The digest of the file so far."""
        return Digest(self._sha256.hexdigest())

    def add(self, name: str, size: int, blocks: Iterable[bytes]) -> None:
        """Write an entry; `blocks` have `size` bytes together."""
        self._put(self._zstd.compress(header(name, size)))
        for block in blocks:
            self._put(self._zstd.compress(block))
        self._put(self._zstd.compress(bytes(-size % _BLOCK)))

    def close(self) -> None:
        """Write the end."""
        self._put(self._zstd.compress(bytes(2 * _BLOCK)))
        self._put(self._zstd.flush())

    def _put(self, data: bytes) -> None:
        self._file.write(data)
        self._sha256.update(data)
        self.size += len(data)


class TarReader:
    """Reads entries in the order in which they must come; an entry is read by `readinto` or `text`."""

    def __init__(self, path: Path, file: IO[bytes]) -> None:
        """Read from an open file; `path` is for messages."""
        self.path = path
        self._plain = _Expanded(file)
        self._entry = ""
        self._left = 0

    @contextmanager
    def entry(self, name: str) -> Iterator[int]:
        """The next entry, which must have this name; gives its size. All of it must be read in the block.

        Raises:
            DamagedFileError: another one comes next, or the file ends.
        """
        self._entry = name
        blocks = self._exactly(_BLOCK)
        if blocks[_KIND] == b"x":  # a long name, or a size beyond the field: both stand in one more entry
            blocks += self._exactly(self._padded(self._field(blocks)))
            blocks += self._exactly(_BLOCK)
        self._left = size = self._size(blocks)
        if blocks != header(name, size):
            raise self.damage("what comes here is something else")
        yield size
        if self._left:
            raise self.damage("it is longer than it can be")
        if any(self._exactly(-size % _BLOCK)):
            raise self.damage("there are bytes behind its end")

    def text(self, name: str, limit: int) -> bytes:
        """The bytes of the next entry, of which there are at most `limit`."""
        with self.entry(name) as size:
            if size > limit:
                raise self.damage(f"it has more than {limit} bytes")
            self._left = 0
            return self._exactly(size)

    def readinto(self, buffer: memoryview, /) -> int:
        """Read some bytes of the entry; 0 at its end."""
        got = self._plain.readinto(buffer[: self._left], self.damage)
        self._left -= got
        return got

    def end(self) -> Digest:
        """Go on only if the file ends here; the digest of all of it.

        Raises:
            DamagedFileError: it does not end, or not as it should.
        """
        self._entry = ""
        if any(self._exactly(2 * _BLOCK)) or self._plain.readinto(memoryview(bytearray(1)), self.damage):
            raise self.damage("it goes on behind its end")
        return self._plain.digest(self.damage)

    def damage(self, reason: str) -> DamagedFileError:
        """What to raise where the entry that is being read is not what it should be."""
        return DamagedFileError(self.path, self._entry, reason)

    def _exactly(self, size: int) -> bytes:
        buffer = bytearray(size)
        view = memoryview(buffer)
        while view:
            got = self._plain.readinto(view, self.damage)
            if not got:
                raise self.damage("the file ends here")
            view = view[got:]
        return bytes(buffer)

    def _field(self, blocks: bytes) -> int:
        try:
            return int(blocks[-_BLOCK:][_NUMBER].rstrip(b"\0 ") or b"0", 8)
        except ValueError:
            raise self.damage("what comes here is no entry of a tar") from None

    def _padded(self, size: int) -> int:
        if size > 4 * _BLOCK:
            raise self.damage("what comes here is something else")
        return size + -size % _BLOCK

    def _size(self, blocks: bytes) -> int:
        long = _LONG_SIZE.search(blocks)
        return int(long[1]) if long else self._field(blocks)


class _Expanded:
    """What a file is without zstd, a bounded part at a time."""

    def __init__(self, file: IO[bytes]) -> None:
        import zstandard

        self._file = file
        self._zstd = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW).decompressobj()
        self._compressed = memoryview(b"")
        self._plain = memoryview(b"")
        self._sha256 = sha256()

    def readinto(self, buffer: memoryview, damage: Callable[[str], Exception]) -> int:
        """Put some bytes into a buffer, and say how many; 0 where zstd says that it is the end."""
        while buffer and not self._plain and not self._zstd.eof:
            if not (piece := self._piece()):
                raise damage("the file ends here")
            self._plain = memoryview(self._expand(piece, damage))
        got = min(len(buffer), len(self._plain))
        buffer[:got] = self._plain[:got]
        self._plain = self._plain[got:]
        return got

    def digest(self, damage: Callable[[str], Exception]) -> Digest:
        """The digest of the file, if it ends where zstd ended."""
        if self._zstd.unused_data or self._compressed or self._file.read(1):
            raise damage("it goes on behind its end")
        return Digest(self._sha256.hexdigest())

    def _piece(self) -> memoryview:
        if not self._compressed:
            read = self._file.read(_READ)
            self._sha256.update(read)
            self._compressed = memoryview(read)
        piece, self._compressed = self._compressed[:_PIECE], self._compressed[_PIECE:]
        return piece

    def _expand(self, piece: memoryview, damage: Callable[[str], Exception]) -> bytes:
        from zstandard import ZstdError

        try:
            return self._zstd.decompress(piece)
        except ZstdError as error:
            raise damage(f"it can't be expanded ({error})") from error
