"""The strict reader of zip archives, and so of wheels.

A zip says everything twice: in the central directory at its end, and before each entry. Both are read and compared,
and together they must account for every byte of the file.
Source: PKWARE's APPNOTE 6.3.10.
"""

import stat
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from mmap import mmap
from typing import Final

from envmgr.archive.entry import Cause, Entry, UnsafeArchiveError, check_mode, entry_path

END = struct.Struct("<4s4H2LH")
END_64 = struct.Struct("<4sQ2H2L4Q")
LOCATOR_64 = struct.Struct("<4sLQL")
CENTRAL = struct.Struct("<4s6H3L5H2L")
LOCAL = struct.Struct("<4s5H3L2H")

FULL_16: Final = 0xFFFF
FULL_32: Final = 0xFFFFFFFF
"""What stands in a field whose value is in a zip64 record instead."""
ZIP64_EXTRA = 1
UNICODE_PATH_EXTRA = 0x7075
STORED, DEFLATED = 0, 8
ENCRYPTED = 0b10_0000_0100_0001
"""The flags of plain, strong and header encryption."""
SIZES_FOLLOW = 0b1000
UTF_8_NAME = 0b1000_0000_0000
DOS_FOLDER = 0x10
LONGEST_DESCRIPTOR = 24
CHUNK_BYTES = 2**20


@dataclass(frozen=True)
class _Directory:
    """Where the central directory lies, and how many entries it has."""

    offset: int
    end: int
    count: int


@dataclass(frozen=True)
class _Record:
    """What the central directory says about an entry."""

    name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    offset: int
    attributes: int


def zip_entries(data: mmap) -> Iterator[Entry]:
    """Read a zip archive: all of its structure first, then the entries in the order of the central directory.

    Raises:
        UnsafeArchiveError: there is a doubt about what it holds; while the content is read, it is damaged.
    """
    directory = _find_directory(data)
    records = list(_records(data, directory))
    starts = _check_layout(data, records, directory.offset)
    for record in records:
        yield _entry(data, record, starts[record.offset])


def _find_directory(data: mmap) -> _Directory:
    """Find the end record, which must be the last one and reach to the end of the file."""
    place = data.rfind(b"PK\5\6", max(0, len(data) - END.size - FULL_16))
    if place < 0 or place + END.size > len(data):
        raise UnsafeArchiveError(Cause.TRUNCATED, detail="no end of the central directory")
    _, *end, comment = END.unpack_from(data, place)
    if place + END.size + comment != len(data):
        raise UnsafeArchiveError(Cause.HIDDEN_BYTES, detail="after the end record")
    end_of_directory = place
    locator = place - LOCATOR_64.size
    if locator >= 0 and data[locator : locator + 4] == b"PK\6\7":
        end_of_directory, end = _end_64(data, locator, end)
    disk, start_disk, here, count, size, offset = end
    if (disk, start_disk) != (0, 0) or here != count:
        raise UnsafeArchiveError(Cause.MALFORMED, detail="an archive in several parts")
    if offset + size != end_of_directory:
        raise UnsafeArchiveError(Cause.HIDDEN_BYTES, detail="before or after the central directory")
    return _Directory(offset, end_of_directory, count)


def _end_64(data: mmap, locator: int, end: Sequence[int]) -> tuple[int, list[int]]:
    """Read the zip64 end record and its place; what the plain one says beside it is the same, or nothing."""
    _, disk, place, disks = LOCATOR_64.unpack_from(data, locator)
    if (disk, disks) != (0, 1) or place + END_64.size != locator:
        raise UnsafeArchiveError(Cause.HIDDEN_BYTES, detail="around the zip64 end record")
    signature, length, _, _, *large = END_64.unpack_from(data, place)
    if signature != b"PK\6\6" or length != END_64.size - 12:
        raise UnsafeArchiveError(Cause.MALFORMED, detail="the zip64 end record")
    full = [FULL_16] * 4 + [FULL_32] * 2
    if any(small not in (wide, none) for small, wide, none in zip(end, large, full, strict=True)):
        raise UnsafeArchiveError(Cause.CONTRADICTION, detail="the two end records")
    return place, large


def _records(data: mmap, directory: _Directory) -> Iterator[_Record]:
    place = directory.offset
    for _ in range(directory.count):
        if place + CENTRAL.size > directory.end or data[place : place + 4] != b"PK\1\2":
            raise UnsafeArchiveError(Cause.MALFORMED, detail="fewer entries than the end record counts")
        fields = CENTRAL.unpack_from(data, place)
        _, _, _, flags, method, _, _, crc, packed, size, name_size, extra_size, comment_size = fields[:13]
        disk, _, attributes, offset = fields[13:]
        name_end = place + CENTRAL.size + name_size
        name = data[place + CENTRAL.size : name_end]
        extra = _extra(data[name_end : name_end + extra_size], name)
        size, packed, offset = _widened([size, packed, offset], extra, name)
        if disk:
            raise UnsafeArchiveError(Cause.MALFORMED, _shown(name), "on another disk")
        yield _Record(name, flags, method, crc, packed, size, offset, attributes)
        place = name_end + extra_size + comment_size
    if place != directory.end:
        raise UnsafeArchiveError(Cause.MALFORMED, detail="more entries than the end record counts")


def _extra(field: bytes, name: bytes) -> dict[int, bytes]:
    """Read the extra field: numbered values, each number once."""
    values: dict[int, bytes] = {}
    place = 0
    while place + 4 <= len(field):
        number, size = struct.unpack_from("<2H", field, place)
        value = field[place + 4 : place + 4 + size]
        if number in values or len(value) < size:
            raise UnsafeArchiveError(Cause.MALFORMED, _shown(name), "its extra field")
        values[number] = value
        place += 4 + size
    if place != len(field):
        raise UnsafeArchiveError(Cause.MALFORMED, _shown(name), "its extra field")
    if UNICODE_PATH_EXTRA in values and values[UNICODE_PATH_EXTRA][5:] != name:
        raise UnsafeArchiveError(Cause.CONTRADICTION, _shown(name), "a second name")
    return values


def _widened(fields: list[int], extra: dict[int, bytes], name: bytes) -> list[int]:
    """Take those fields that are full from the zip64 value, which holds just these, in this order.

    Some writers (Bazel's) add it where no field is full; then it repeats what the fields say.
    """
    wide = extra.get(ZIP64_EXTRA, b"")
    values = [value for (value,) in struct.iter_unpack("<Q", wide[: len(wide) // 8 * 8])]
    full = fields.count(FULL_32)
    if len(wide) % 8 or (values != fields[: len(values)] if not full else len(values) != full):
        raise UnsafeArchiveError(Cause.CONTRADICTION, _shown(name), "its zip64 sizes")
    remaining = iter(values)
    return [next(remaining) if field == FULL_32 else field for field in fields]


def _check_layout(data: mmap, records: Sequence[_Record], end: int) -> dict[int, int]:
    """Check that entries follow one another without gap or overlap; return where the content of each begins."""
    ordered = sorted(records, key=lambda record: record.offset)
    bounds = [*(record.offset for record in ordered), end]
    if bounds[0] != 0:
        raise UnsafeArchiveError(Cause.HIDDEN_BYTES, detail="before the first entry")
    starts: dict[int, int] = {}
    for record, next_offset in zip(ordered, bounds[1:], strict=True):
        starts[record.offset] = start = _check_local_header(data, record, next_offset)
        content_end = start + record.packed
        fits = content_end <= next_offset <= content_end + LONGEST_DESCRIPTOR
        if not fits or data[content_end:next_offset] not in _descriptors(record):
            raise UnsafeArchiveError(Cause.HIDDEN_BYTES, _shown(record.name), "after it, or it overlaps another")
    return starts


def _check_local_header(data: mmap, record: _Record, end: int) -> int:
    """Compare what stands before an entry with the central directory; return where its content begins."""
    entry = _shown(record.name)
    if record.offset + LOCAL.size > end or data[record.offset : record.offset + 4] != b"PK\3\4":
        raise UnsafeArchiveError(Cause.MALFORMED, entry, "no header before it")
    fields: tuple[int, ...] = LOCAL.unpack_from(data, record.offset)
    _, _, flags, method, _, _, crc, packed, size, name_size, extra_size = fields
    name_end = record.offset + LOCAL.size + name_size
    name = data[record.offset + LOCAL.size : name_end]
    size, packed = _widened([size, packed], _extra(data[name_end : name_end + extra_size], name), name)
    said = replace(record, name=name, flags=flags, method=method, crc=crc, packed=packed, size=size)
    # Where the sizes follow the content, they need not be known before it.
    if record.flags & SIZES_FOLLOW and not (crc or packed or size):
        said = replace(said, crc=record.crc, packed=record.packed, size=record.size)
    if said != record:
        raise UnsafeArchiveError(Cause.CONTRADICTION, entry, "its two headers")
    return name_end + extra_size


def _descriptors(record: _Record) -> set[bytes]:
    """All that may stand after the content: nothing, or checksum and sizes once more where the flags say so."""
    if not record.flags & SIZES_FOLLOW:
        return {b""}
    forms = {struct.pack("<L2Q", record.crc, record.packed, record.size)}
    if max(record.packed, record.size) <= FULL_32:
        forms.add(struct.pack("<3L", record.crc, record.packed, record.size))
    return forms | {b"PK\7\x08" + form for form in forms}


def _entry(data: mmap, record: _Record, start: int) -> Entry:
    if not record.name.isascii() and not record.flags & UTF_8_NAME:
        raise UnsafeArchiveError(Cause.NAME, _shown(record.name), "of an encoding that is not said")
    path = entry_path(record.name)
    if record.flags & ENCRYPTED:
        raise UnsafeArchiveError(Cause.ENCRYPTED, path)
    if record.method not in {STORED, DEFLATED}:
        raise UnsafeArchiveError(Cause.COMPRESSION, path, f"method {record.method}")
    mode = record.attributes >> 16
    is_folder = record.name.endswith(b"/")
    kind = {0: "folder" if is_folder else "file", stat.S_IFREG: "file", stat.S_IFDIR: "folder", stat.S_IFLNK: "symlink"}
    match kind.get(stat.S_IFMT(mode)):
        case "folder" if is_folder and not record.size:
            return Entry(path, "folder")
        case "file" | "symlink" as found if not is_folder and not record.attributes & DOS_FOLDER:
            check_mode(mode, path)
            content = partial(_content, data, record, start)
            return Entry(path, found, record.size, bool(mode & stat.S_IXUSR), content)
        case None:
            raise UnsafeArchiveError(Cause.KIND, path)
    raise UnsafeArchiveError(Cause.CONTRADICTION, path, "a folder by one sign, a file by another")


def _content(data: mmap, record: _Record, start: int) -> Iterator[bytes]:
    """Unpack the content in pieces, never more than is declared."""
    crc, left = 0, record.size
    for chunk in _inflated(data, record, start) if record.method == DEFLATED else _stored(data, record, start):
        left -= len(chunk)
        if left < 0:
            break
        crc = zlib.crc32(chunk, crc)
        yield chunk
    if left or crc != record.crc:
        raise UnsafeArchiveError(Cause.CORRUPT, _shown(record.name), "size or checksum")


def _stored(data: mmap, record: _Record, start: int) -> Iterator[bytes]:
    for place in range(start, start + record.packed, CHUNK_BYTES):
        yield data[place : min(place + CHUNK_BYTES, start + record.packed)]


def _inflated(data: mmap, record: _Record, start: int) -> Iterator[bytes]:
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    for piece in _stored(data, record, start):
        packed = piece
        while packed and not inflater.eof:
            yield inflater.decompress(packed, CHUNK_BYTES)
            packed = inflater.unconsumed_tail
        if packed or inflater.unused_data:
            raise UnsafeArchiveError(Cause.HIDDEN_BYTES, _shown(record.name), "behind its compressed form")
    while not inflater.eof and (chunk := inflater.decompress(b"", CHUNK_BYTES)):
        yield chunk
    if not inflater.eof:
        raise UnsafeArchiveError(Cause.CORRUPT, _shown(record.name), "its compressed form ends too early")


def _shown(name: bytes) -> str:
    return name.decode(errors="backslashreplace")
