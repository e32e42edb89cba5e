"""The content of an object as one stream, and back: the bytes of its files in the manifest's order, under zstd.

There is no archive format. Paths, sizes, executable bits, links and hashes stand in the manifest, and nothing else
decides what is read from a tree or written into one: there are no names in the stream that could climb, no sizes that
could lie, and no bytes beyond those that the manifest counts. Both directions hold every file against its SHA-256, so
a damaged object is not packed, and a damaged stream not unpacked.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol, Self, cast

from envmgr.content import READ_FILE
from envmgr.manifest import FileEntry, FolderEntry, Manifest, SymlinkEntry
from envmgr.model.errors import IntegrityError
from envmgr.sealed import seal_entry, seal_symlink
from envmgr.tree import READ_FOLDER, reading

LEVEL = 2
"""Of zstd: the best bytes for a processor second, of those that were measured (docs/decisions, 0040)."""
MAX_WINDOW = 2**23
"""Bytes that a decompressor must keep: a stream that asks for more is refused."""

_BLOCK = 2**17
_SEVERAL_CORES = 2**25
"""From this size on, one object is packed by several threads."""
_OTHER_CORES = max(1, len(os.sched_getaffinity(0)) - 1)
"""Those that compress: one reads and hashes (docs/decisions, 0044)."""
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class Sink(Protocol):
    """Takes the stream."""

    def write(self, data: bytes, /) -> object:
        """Take some bytes, all of them."""


class Source(Protocol):
    """Gives the stream."""

    def read(self, size: int, /) -> bytes:
        """Give at most `size` bytes; none at the end."""


class Plain(Protocol):
    """Gives content without zstd."""

    def readinto(self, buffer: memoryview, /) -> int:
        """Put some bytes into a buffer, and say how many; 0 at the end."""


class DamagedTreeError(IntegrityError):
    """A file of an object is not what its manifest says."""

    def __init__(self, path: str, *, where: str) -> None:
        super().__init__(f"{path} is not what the manifest says", where=where, fix="envmgr verify --repair")
        self.path = path


class DamagedPackError(IntegrityError):
    """A stream is not the packed content that the manifest describes; `path` is the file at which that showed."""

    def __init__(self, path: str, reason: str, *, where: str) -> None:
        super().__init__(f"{path or 'the packed content'}: {reason}", where=where, fix="get it from elsewhere")
        self.path = path
        self.reason = reason


def pack(tree: Path, manifest: Manifest, sink: Sink) -> int:
    """Write the content of an object into a sink; returns how many bytes that were.

    Raises:
        DamagedTreeError: the tree is not what the manifest says.
        UnfitTreeError: a file cannot be read.
    """
    import zstandard

    threads = _OTHER_CORES if manifest.size >= _SEVERAL_CORES else 0
    stream = zstandard.ZstdCompressor(level=LEVEL, threads=threads).compressobj(size=manifest.size)
    packed = sum(_put(stream.compress(block), sink) for block in blocks(tree, manifest))
    return packed + _put(stream.flush(), sink)


def blocks(tree: Path, manifest: Manifest) -> Iterator[bytes]:
    """The content of an object as it is, without zstd.

    Raises:
        DamagedTreeError: the tree is not what the manifest says.
        UnfitTreeError: a file cannot be read.
    """
    with reading(".", str(tree)):
        folders = _Folders(tree)
    with folders:
        for entry in manifest.entries:
            if isinstance(entry, FileEntry):
                yield from _checked_blocks(entry, folders, str(tree))


def unpack(manifest: Manifest, source: Source, into: Path, *, where: str) -> None:
    """Make the tree that a manifest describes below an empty folder, from its packed content.

    Files, links and folders get an object's modes and times; `into` itself stays writable. No more is read from the
    source than such a content can have.

    Args:
        manifest: what is to be there.
        source: the packed content.
        into: an empty folder that nobody else can reach.
        where: what the source is, for messages.

    Raises:
        DamagedPackError: the stream is not that content; what was written so far is of no use.
        OSError: the tree cannot be written.
    """
    import zstandard

    bounded = _Bounded(source, manifest.size)
    plain = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW).stream_reader(
        cast("IO[bytes]", bounded), read_size=_BLOCK, read_across_frames=True
    )
    fill(manifest, plain, into, where=where)
    with _damage("", where):
        if plain.read(1) or bounded.read(1):
            raise _WrongStreamError("it has more bytes than its files")


def fill(manifest: Manifest, plain: Plain, into: Path, *, where: str) -> None:
    """Make a tree from content without zstd, of which as much is taken as the manifest says; as `unpack` else.

    Raises:
        DamagedPackError: the stream is not that content; what was written so far is of no use.
        OSError: the tree cannot be written.
    """
    buffer = memoryview(bytearray(_BLOCK))
    with _Folders(into) as folders:
        for entry in manifest.entries:
            folder, name = folders.of(entry.path)
            match entry:
                case FolderEntry():
                    os.mkdir(name, 0o700, dir_fd=folder)
                case SymlinkEntry():
                    os.symlink(entry.target, name, dir_fd=folder)
                    seal_symlink(name, folder)
                case FileEntry():
                    with _damage(entry.path, where):
                        _unpack_file(entry, os.open(name, _NEW_FILE, 0o444, dir_fd=folder), plain, buffer)
        for entry in reversed(manifest.entries):
            if isinstance(entry, FolderEntry):
                folders.seal(entry.path)


def hold_against(manifest: Manifest, plain: Plain, *, where: str) -> None:
    """Read as much content as a manifest says, and keep nothing of it.

    Raises:
        DamagedPackError: the stream is not that content.
    """
    buffer = memoryview(bytearray(_BLOCK))
    for entry in manifest.entries:
        if isinstance(entry, FileEntry):
            with _damage(entry.path, where):
                for _ in _taken(entry, plain, buffer):
                    pass


def squeeze(text: bytes) -> bytes:
    """A text under zstd; `expand` is the pair to it."""
    import zstandard

    return zstandard.ZstdCompressor(level=LEVEL).compress(text)


def expand(data: bytes, limit: int) -> bytes:
    """What was squeezed.

    Raises:
        ValueError: it is no such thing, or has more than `limit` bytes.
    """
    import zstandard

    text = bytearray()
    try:
        reader = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW).stream_reader(data, read_across_frames=True)
        while block := reader.read(_BLOCK):
            text += block
            if len(text) > limit:
                raise ValueError(f"it has more than {limit} bytes")
    except zstandard.ZstdError as error:
        raise ValueError(str(error)) from error
    return bytes(text)


class _WrongStreamError(Exception):
    """Says what is wrong with a stream; it becomes a DamagedPackError."""


@contextmanager
def _damage(path: str, where: str) -> Iterator[None]:
    from zstandard import ZstdError

    try:
        yield
    except (_WrongStreamError, ZstdError) as error:
        raise DamagedPackError(path, str(error), where=where) from error


def _unpack_file(entry: FileEntry, descriptor: int, plain: Plain, buffer: memoryview) -> None:
    try:
        for taken in _taken(entry, plain, buffer):
            block = taken
            while block:
                block = block[os.write(descriptor, block) :]
        if entry.executable:
            os.fchmod(descriptor, 0o555)
        seal_entry(descriptor)
    finally:
        os.close(descriptor)


def _taken(entry: FileEntry, plain: Plain, buffer: memoryview) -> Iterator[memoryview]:
    """The bytes of a file, block by block in the buffer; they are its bytes when the last one was taken."""
    sha256, left = hashlib.sha256(), entry.size
    while left:
        got = plain.readinto(buffer[:left])
        if not got:
            raise _WrongStreamError("the stream ends before it")
        sha256.update(buffer[:got])
        yield buffer[:got]
        left -= got
    if sha256.hexdigest() != entry.sha256:
        raise _WrongStreamError("its bytes are not those of the manifest")


def _checked_blocks(entry: FileEntry, folders: "_Folders", where: str) -> Iterator[bytes]:
    """The bytes of a file, as many as the manifest says; they are its bytes when the last block was taken."""
    with reading(entry.path, where):
        folder, name = folders.of(entry.path)
        descriptor = os.open(name, READ_FILE, dir_fd=folder)
    sha256, size = hashlib.sha256(), 0
    try:
        while block := os.read(descriptor, min(_BLOCK, entry.size + 1)):
            sha256.update(block)
            size += len(block)
            if size > entry.size:
                break
            yield block
    finally:
        os.close(descriptor)
    if size != entry.size or sha256.hexdigest() != entry.sha256:
        raise DamagedTreeError(entry.path, where=where)


def _put(data: bytes, sink: Sink) -> int:
    if data:
        sink.write(data)
    return len(data)


class _Bounded:
    """A source of which no more is read than a packed content of `size` bytes can have."""

    def __init__(self, source: Source, size: int) -> None:
        self._source = source
        self._left = size + size // 128 + 1024

    def read(self, size: int) -> bytes:
        data = self._source.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise _WrongStreamError("the stream is longer than its content can be")
        return data


class _Folders:
    """The folders of a tree by descriptors, those on the way to the last one kept open."""

    def __init__(self, top: Path) -> None:
        self._open = [("", os.open(top, READ_FOLDER))]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        while self._open:
            os.close(self._open.pop()[1])

    def of(self, path: str) -> tuple[int, str]:
        """The folder that an entry stands in, good until the next call, and the entry's name there."""
        prefix, _, name = path.rpartition("/")
        return self._folder(prefix), name

    def seal(self, path: str) -> None:
        """Give a folder, all below it done, its mode and time."""
        seal_entry(self._folder(path))

    def _folder(self, path: str) -> int:
        while self._open[-1][0] and not f"{path}/".startswith(f"{self._open[-1][0]}/"):
            os.close(self._open.pop()[1])
        reached = self._open[-1][0]
        for name in path[len(reached) :].split("/"):
            if name:
                reached = f"{reached}/{name}" if reached else name
                self._open.append((reached, os.open(name, READ_FOLDER, dir_fd=self._open[-1][1])))
        return self._open[-1][1]
