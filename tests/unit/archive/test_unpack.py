"""The strict unpacker: what is plain comes out right, and each way of being two things at once is refused."""

import bz2
import gzip
import io
import lzma
import os
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from envmgr.archive.entry import Cause, UnsafeArchiveError
from envmgr.archive.symlinks import StrayLinkError, check_symlinks
from envmgr.archive.unpack import Bounds, unpack
from envmgr.model.errors import IntegrityError

DEEP = "/".join("d" * 65)
Unpack = Callable[..., Path]
Member = tuple[tarfile.TarInfo, bytes]


@pytest.fixture
def unpacked(tmp_path: Path) -> Unpack:
    """Unpack some bytes, and give the folder."""

    def act(data: bytes, **bounds: int) -> Path:
        archive = tmp_path / "archive"
        archive.write_bytes(data)
        unpack(archive, tmp_path / "out", bounds=Bounds(**bounds))
        return tmp_path / "out"

    return act


def refusal(unpacked: Unpack, data: bytes, **bounds: int) -> Cause:
    with pytest.raises(UnsafeArchiveError) as caught:
        unpacked(data, **bounds)
    assert caught.value.exit_code == 7
    assert caught.value.where.endswith("archive")
    return caught.value.cause


def listing(folder: Path) -> dict[str, object]:
    """Say what is in a tree: content and executable bit, target, or None for a folder."""
    found: dict[str, object] = {}
    for path in folder.rglob("*"):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            found[name] = os.readlink(path)  # noqa: PTH115  a Path would tidy the text up
        elif path.is_dir():
            found[name] = None
        else:
            found[name] = (path.read_bytes(), bool(path.stat().st_mode & stat.S_IXUSR))
    return found


# Zip


def zipped(*members: tuple[str, bytes] | tuple[str, bytes, int], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Zip files given as name, content and, if there is one, mode."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content, *mode in members:
            info = zipfile.ZipInfo(name)
            info.compress_type = method
            info.external_attr = (mode[0] if mode else stat.S_IFREG | 0o644) << 16
            archive.writestr(info, content)
    return file.getvalue()


class _Pipe(io.BytesIO):
    """A file that cannot be sought in, so that sizes follow the content."""

    def seekable(self) -> bool:
        return False

    def seek(self, *_: int) -> int:
        raise OSError

    def tell(self) -> int:
        raise OSError


def streamed(name: str, content: bytes) -> bytes:
    file = _Pipe()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive, archive.open(name, "w") as member:
        member.write(content)
    return file.getvalue()


CENTRAL, LOCAL, END = b"PK\1\2", b"PK\3\4", b"PK\5\6"
ONE = zipped(("a", b"hello " * 100))


def patched(data: bytes, magic: bytes, offset: int, form: str, *values: int | bytes) -> bytes:
    """Overwrite fields of the last record that begins with a magic."""
    changed = bytearray(data)
    struct.pack_into("<" + form, changed, data.rindex(magic) + offset, *values)
    return bytes(changed)


def test_a_zip_comes_out_with_its_folders_links_and_executable_bits(unpacked: Unpack) -> None:
    data = zipped(
        ("empty/", b"", stat.S_IFDIR | 0o755),
        ("a/tool", b"#!", stat.S_IFREG | 0o755),
        ("a/text", b"x" * 3_000_000, 0o644),
        ("a/link", b"../a/tool", stat.S_IFLNK | 0o777),
        ("a/ünï", b"", 0),
    )
    assert listing(unpacked(data)) == {
        "empty": None,
        "a": None,
        "a/tool": (b"#!", True),
        "a/text": (b"x" * 3_000_000, False),
        "a/link": "../a/tool",
        "a/ünï": (b"", False),
    }


@pytest.mark.parametrize("data", [zipped(("a", b"hello"), method=zipfile.ZIP_STORED), streamed("a", b"hello")])
def test_a_zip_that_is_stored_or_streamed_comes_out(unpacked: Unpack, data: bytes) -> None:
    assert listing(unpacked(data)) == {"a": (b"hello", False)}


def test_a_zip_with_zip64_records_comes_out(unpacked: Unpack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 10)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in ("a", "b"):
            with archive.open(name, "w", force_zip64=True) as member:
                member.write(b"hello " * 5)
    assert listing(unpacked(file.getvalue())) == {"a": (b"hello " * 5, False), "b": (b"hello " * 5, False)}


def zip64_repeated(size: int) -> bytes:
    """Make a zip with zip64 sizes before an entry whose plain sizes are there as well."""
    one = zipped(("a", b"hello"), method=zipfile.ZIP_STORED)
    name_end = one.index(LOCAL) + 31
    extra = struct.pack("<2H2Q", 1, 16, size, 5)
    (directory,) = struct.unpack_from("<L", one, one.rindex(END) + 16)
    longer = patched(one[:name_end] + extra + one[name_end:], LOCAL, 28, "H", len(extra))
    return patched(longer, END, 16, "L", directory + len(extra))


def test_zip64_sizes_that_repeat_the_plain_ones_are_let_be(unpacked: Unpack) -> None:
    assert listing(unpacked(zip64_repeated(5))) == {"a": (b"hello", False)}


def test_a_zip_with_a_comment_or_with_nothing_comes_out(unpacked: Unpack) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.comment = b"a commit"
    assert listing(unpacked(file.getvalue())) == {}


CONTRADICTIONS = {
    "name": patched(ONE, LOCAL, 30, "s", b"b"),
    "method": patched(ONE, LOCAL, 8, "H", 0),
    "flags": patched(ONE, LOCAL, 6, "H", 0x800),
    "crc": patched(ONE, LOCAL, 14, "L", 1),
    "size": patched(ONE, LOCAL, 22, "L", 1),
    "packed size": patched(ONE, LOCAL, 18, "L", 1),
    "crc before streamed content": patched(streamed("a", b"hello"), LOCAL, 14, "L", 1),
    "zip64 sizes beside others": zip64_repeated(6),
    "zip64 sizes": patched(ONE, CENTRAL, 24, "L", 0xFFFFFFFF),
    "folder mode": zipped(("a", b"", stat.S_IFDIR | 0o755)),
    "folder name": zipped(("a/", b"", stat.S_IFREG | 0o644)),
    "folder with content": zipped(("a/", b"x", stat.S_IFDIR | 0o755)),
    "link with a folder's name": zipped(("a/", b"x", stat.S_IFLNK | 0o755)),
    "folder bit": patched(ONE, CENTRAL, 38, "L", 0x10),
}


@pytest.mark.parametrize("data", CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_a_zip_that_says_two_things_is_refused(unpacked: Unpack, data: bytes) -> None:
    assert refusal(unpacked, data) is Cause.CONTRADICTION


def with_gap(data: bytes, place: int) -> bytes:
    """Put bytes into a zip without any record knowing but the offset of the central directory."""
    (directory,) = struct.unpack_from("<L", data, data.rindex(END) + 16)
    return patched(data[:place] + b"gap" + data[place:], END, 16, "L", directory + 3)


def nested() -> bytes:
    """Make a zip in which the content of one entry holds another entry."""
    inner = zipped(("b", b"hello"), method=zipfile.ZIP_STORED)
    outer = zipped(("a", inner[: inner.index(CENTRAL)]), ("b", b"hello"), method=zipfile.ZIP_STORED)
    begin, end = outer.rindex(LOCAL), outer.index(CENTRAL)
    cut = outer[:begin] + outer[end:]
    return patched(patched(cut, CENTRAL, 42, "L", 31), END, 16, "L", begin)


def behind_compressed_content() -> bytes:
    """Make a zip whose deflated content ends before its packed size does."""
    packed = zlib.compressobj(wbits=-15)
    content = packed.compress(b"hello") + packed.flush() + b"gap"
    sizes = struct.pack("<3L", zlib.crc32(b"hello"), len(content), 5)
    head = struct.pack("<5H", 20, 0, 8, 0, 0)
    local = LOCAL + head + sizes + struct.pack("<2H", 1, 0) + b"a" + content
    central = CENTRAL + struct.pack("<H", 20) + head + sizes + struct.pack("<5H2L", 1, 0, 0, 0, 0, 0, 0) + b"a"
    return local + central + END + struct.pack("<4H2LH", 0, 0, 1, 1, len(central), len(local), 0)


HIDDEN = {
    "before": b"MZ" + ONE,
    "before, with offsets that count it": patched(with_gap(ONE, 0), CENTRAL, 42, "L", 3),
    "before the central directory": with_gap(ONE, ONE.rindex(CENTRAL)),
    "after the central directory": ONE[: ONE.rindex(END)] + b"gap" + ONE[ONE.rindex(END) :],
    "after the end": ONE + b"more",
    "a second end record in the comment": patched(ONE, END, 20, "H", 22) + ONE[ONE.rindex(END) :],
    "behind the compressed content": behind_compressed_content(),
    "an entry within another": nested(),
    "a zip in front": ONE + zipped(("b", b"other")),
    "an empty zip in front": zipped() + ONE,
}


@pytest.mark.parametrize("data", HIDDEN.values(), ids=HIDDEN)
def test_a_zip_with_bytes_of_no_entry_is_refused(unpacked: Unpack, data: bytes) -> None:
    assert refusal(unpacked, data) in {Cause.HIDDEN_BYTES, Cause.FORMAT}


ZIP_CAUSES = {
    "encrypted": (patched(patched(ONE, CENTRAL, 8, "H", 1), LOCAL, 6, "H", 1), Cause.ENCRYPTED),
    "lzma": (zipped(("a", b"x"), method=zipfile.ZIP_LZMA), Cause.COMPRESSION),
    "cp437 name": (zipped(("a", b"x")).replace(b"a", b"\xe9"), Cause.NAME),
    "not UTF-8": (zipped(("ü", b"x")).replace("ü".encode(), b"\xff\xff"), Cause.NAME),
    "set-user-id": (zipped(("a", b"x", stat.S_IFREG | 0o4755)), Cause.SET_ID),
    "set-group-id": (zipped(("a", b"x", stat.S_IFREG | 0o2755)), Cause.SET_ID),
    "device": (zipped(("a", b"x", stat.S_IFCHR | 0o644)), Cause.KIND),
    "fifo": (zipped(("a", b"x", stat.S_IFIFO | 0o644)), Cause.KIND),
    "wrong checksum": (patched(patched(ONE, CENTRAL, 16, "L", 1), LOCAL, 14, "L", 1), Cause.CORRUPT),
    "larger than declared": (patched(patched(ONE, CENTRAL, 24, "L", 5), LOCAL, 22, "L", 5), Cause.CORRUPT),
    "smaller than declared": (patched(patched(ONE, CENTRAL, 24, "L", 999), LOCAL, 22, "L", 999), Cause.CORRUPT),
    "too many counted": (patched(ONE, END, 8, "2H", 2, 2), Cause.MALFORMED),
    "too few counted": (patched(zipped(("a", b""), ("b", b"")), END, 8, "2H", 1, 1), Cause.MALFORMED),
    "two names for one content": (patched(zipped(("a", b"x"), ("b", b"x")), CENTRAL, 42, "L", 0), Cause.MALFORMED),
    "in parts": (patched(ONE, END, 4, "H", 1), Cause.MALFORMED),
    "cut": (ONE[:-30], Cause.TRUNCATED),
    "no end": (LOCAL + bytes(600), Cause.TRUNCATED),
}


@pytest.mark.parametrize(("data", "cause"), ZIP_CAUSES.values(), ids=ZIP_CAUSES)
def test_a_zip_is_refused_for_its_cause(unpacked: Unpack, data: bytes, cause: Cause) -> None:
    assert refusal(unpacked, data) is cause


def test_damaged_compressed_content_is_an_integrity_error(unpacked: Unpack) -> None:
    start = ONE.index(b"a", 30) + 1
    assert refusal(unpacked, ONE[:start] + b"\xff\xff" + ONE[start + 2 :]) is Cause.CORRUPT


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    "names", [("a", "a"), ("a", "a/b"), ("a/b", "a"), ("a/", "a"), ("a/b/", "a"), ("a/", "a/")], ids=repr
)
def test_a_path_that_stands_twice_is_refused(unpacked: Unpack, names: tuple[str, str]) -> None:
    assert refusal(unpacked, zipped(*((name, b"", 0) for name in names))) is Cause.DUPLICATE


def test_names_that_differ_by_case_only_are_two_names(unpacked: Unpack) -> None:
    assert set(listing(unpacked(zipped(("a", b""), ("A", b""))))) == {"a", "A"}


PATHS = ["/a", "../a", "a/../../b", "a/..", ".", "..", "./a", "a/./b", "a//b", "//a", "a\\b", "C:\\a", "", "/"]


@pytest.mark.parametrize("name", PATHS)
def test_a_path_that_is_not_plain_is_refused_in_a_zip(unpacked: Unpack, name: str) -> None:
    assert refusal(unpacked, zipped((name, b"", 0))) is Cause.PATH


def test_a_nul_in_a_name_is_refused(unpacked: Unpack) -> None:
    assert refusal(unpacked, zipped(("aXb", b"")).replace(b"aXb", b"a\0b")) is Cause.PATH


@pytest.mark.parametrize("name", [DEEP, "n" * 256, "/".join(["n" * 250] * 9)])
def test_a_path_that_is_too_deep_or_too_long_is_refused(unpacked: Unpack, name: str) -> None:
    assert refusal(unpacked, zipped((name, b""))) is Cause.TOO_LARGE


def test_more_bytes_or_entries_than_the_bounds_are_refused(unpacked: Unpack) -> None:
    assert refusal(unpacked, zipped(("a", b"x" * 6), ("b", b"x" * 5)), bytes=10) is Cause.TOO_LARGE
    assert refusal(unpacked, zipped(("c", b""), ("d", b"")), entries=1) is Cause.TOO_LARGE


# Tar


def member(name: str, content: bytes = b"", kind: bytes = tarfile.REGTYPE, **fields: object) -> Member:
    info = tarfile.TarInfo(name)
    info.type, info.size = kind, len(content)
    for key, value in fields.items():
        setattr(info, key, value)
    return info, content


def tarred(*members: Member, form: int = tarfile.USTAR_FORMAT) -> bytes:
    file = io.BytesIO()
    with tarfile.TarFile(fileobj=file, mode="w", format=form) as archive:
        for info, content in members:
            archive.addfile(info, io.BytesIO(content))
    return file.getvalue()


def resealed(data: bytes, place: int, change: bytes, header: int = 0) -> bytes:
    """Overwrite bytes of a header, and make its checksum right again."""
    block = bytearray(data[header : header + 512])
    block[place : place + len(change)] = change
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return data[:header] + bytes(block) + data[header + 512 :]


LONG = "/".join(["a long name"] * 30)
PLAIN = tarred(member("a", b"hello"))


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("compressed", [bytes, gzip.compress, bz2.compress, lzma.compress])
def test_a_tar_comes_out_in_each_form_and_compression(
    unpacked: Unpack, form: int, compressed: Callable[[bytes], bytes]
) -> None:
    data = tarred(
        member("./", kind=tarfile.DIRTYPE),
        member("./a/", kind=tarfile.DIRTYPE, mode=0o2755),
        member("a/tool", b"x" * 3_000_000, mode=0o755),
        member("a/text", b"hello", mtime=1.5),
        member("a/link", kind=tarfile.SYMTYPE, linkname="tool"),
        member("/".join(["long"] * 30), b"", mode=0o600),
        form=form,
    )
    found = listing(unpacked(compressed(data)))
    assert found["a/tool"] == (b"x" * 3_000_000, True)
    assert found["a/text"] == (b"hello", False)
    assert found["a/link"] == "tool"
    assert found["/".join(["long"] * 30)] == (b"", False)


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_names_and_targets_and_other_scripts_come_out(unpacked: Unpack, form: int) -> None:
    data = tarred(member(LONG, b"x"), member("ünï", kind=tarfile.SYMTYPE, linkname=LONG), form=form)
    found = listing(unpacked(data))
    assert found[LONG] == (b"x", False)
    assert found["ünï"] == LONG


def pax(records: dict[str, str], name: str = "a", content: bytes = b"hello") -> bytes:
    return tarred(member(name, content, pax_headers=records), form=tarfile.PAX_FORMAT)


def global_pax(records: dict[str, str]) -> bytes:
    file = io.BytesIO()
    with tarfile.TarFile(fileobj=file, mode="w", format=tarfile.PAX_FORMAT, pax_headers=records) as archive:
        archive.addfile(member("a")[0])
    return file.getvalue()


def test_the_comment_that_git_writes_for_all_entries_is_let_be(unpacked: Unpack) -> None:
    assert listing(unpacked(global_pax({"comment": "a commit"}))) == {"a": (b"", False)}


def test_a_size_in_pax_that_the_header_repeats_is_let_be(unpacked: Unpack) -> None:
    assert listing(unpacked(pax({"size": "5", "SCHILY.xattr.user.x": "y"}))) == {"a": (b"hello", False)}


TAR_CAUSES = {
    "hard link": (tarred(member("a", b"x"), member("b", kind=tarfile.LNKTYPE, linkname="a")), Cause.KIND),
    "device": (tarred(member("a", kind=tarfile.CHRTYPE)), Cause.KIND),
    "block device": (tarred(member("a", kind=tarfile.BLKTYPE)), Cause.KIND),
    "fifo": (tarred(member("a", kind=tarfile.FIFOTYPE)), Cause.KIND),
    "sparse file": (pax({"GNU.sparse.major": "1"}), Cause.KIND),
    "old sparse file": (resealed(PLAIN, 156, b"S"), Cause.KIND),
    "contiguous file": (resealed(PLAIN, 156, b"7"), Cause.KIND),
    "set-user-id": (tarred(member("a", mode=0o4755)), Cause.SET_ID),
    "set-group-id": (tarred(member("a", mode=0o2755)), Cause.SET_ID),
    "a size in pax that is another": (pax({"size": "600"}), Cause.CONTRADICTION),
    "a size in pax where the header has none": (
        resealed(pax({"size": "5"}), 124, b"%011o\0" % 0, 1024),
        Cause.CONTRADICTION,
    ),
    "a size in pax that is no number": (pax({"size": "-5"}), Cause.MALFORMED),
    "a path for all entries": (global_pax({"path": "b"}), Cause.CONTRADICTION),
    "binary names": (pax({"hdrcharset": "BINARY"}), Cause.NAME),
    "a name that is not UTF-8": (resealed(PLAIN, 0, b"\xff"), Cause.NAME),
    "a folder's name for a file": (tarred(member("a/", b"x")), Cause.CONTRADICTION),
    "a folder with content": (resealed(PLAIN, 156, b"5"), Cause.CONTRADICTION),
    "a wrong checksum": (b"b" + PLAIN[1:], Cause.CORRUPT),
    "a wrong checksum later": (
        (two := tarred(member("a", b"x"), member("b", b"x")))[:1024] + b"c" + two[1025:],
        Cause.CORRUPT,
    ),
    "a size that is no number": (resealed(PLAIN, 124, b"9"), Cause.MALFORMED),
    "a negative size": (resealed(PLAIN, 124, b"\xff" * 12), Cause.MALFORMED),
    "cut in the content": (PLAIN[:514], Cause.TRUNCATED),
    "cut before the end": (PLAIN[:1024], Cause.TRUNCATED),
    "cut in a header": (PLAIN[:300], Cause.TRUNCATED),
    "an end after an extension": (
        tarred(member(LONG), form=tarfile.GNU_FORMAT)[:1024] + bytes(1024),
        Cause.TRUNCATED,
    ),
    "entries after the end": (PLAIN + PLAIN, Cause.HIDDEN_BYTES),
    "garbage after the end": (PLAIN + b"x", Cause.HIDDEN_BYTES),
    "a huge extension": (resealed(tarred(member(LONG), form=tarfile.GNU_FORMAT), 124, b"77777777777"), Cause.TOO_LARGE),
    "the same twice": (tarred(member("a"), member("./a")), Cause.DUPLICATE),
    "a file below a link": (
        tarred(member("a", kind=tarfile.SYMTYPE, linkname="."), member("a/b", b"x")),
        Cause.DUPLICATE,
    ),
    "a link above a file": (
        tarred(member("a/b", b"x"), member("a", kind=tarfile.SYMTYPE, linkname=".")),
        Cause.DUPLICATE,
    ),
    "an empty target": (tarred(member("a", kind=tarfile.SYMTYPE)), Cause.PATH),
    "more than the bound": (resealed(PLAIN, 124, b"\x80" + bytes(4) + b"\x7f" + b"\xff" * 6), Cause.TOO_LARGE),
    "cut gzip": (gzip.compress(PLAIN)[:-20], Cause.TRUNCATED),
    "damaged gzip": (gzip.compress(PLAIN)[:-8] + bytes(8), Cause.CORRUPT),
    "damaged deflate": (gzip.compress(PLAIN)[:15] + b"\xff" * 50, Cause.CORRUPT),
    "damaged bzip2": (bz2.compress(PLAIN)[:20] + b"\xff" * 50, Cause.CORRUPT),
    "damaged xz": (lzma.compress(PLAIN)[:30] + b"\xff" * 50, Cause.CORRUPT),
    "garbage after gzip": (gzip.compress(PLAIN) + b"garbage", Cause.CORRUPT),
    "zstd": (b"\x28\xb5\x2f\xfd" + bytes(600), Cause.FORMAT),
    "no archive": (b"hello", Cause.FORMAT),
    "nothing": (b"", Cause.FORMAT),
}


@pytest.mark.parametrize(("data", "cause"), TAR_CAUSES.values(), ids=TAR_CAUSES)
def test_a_tar_is_refused_for_its_cause(unpacked: Unpack, data: bytes, cause: Cause) -> None:
    assert refusal(unpacked, data) is cause


def test_the_unread_compression_is_called_by_its_name(unpacked: Unpack) -> None:
    with pytest.raises(UnsafeArchiveError, match="zstd"):
        unpacked(b"\x28\xb5\x2f\xfd" + bytes(600))


@pytest.mark.parametrize("name", [path for path in PATHS if path not in {"./a", "", "/"}])
def test_a_path_that_is_not_plain_is_refused_in_a_tar(unpacked: Unpack, name: str) -> None:
    data = tarred(member("placeholder"))
    assert refusal(unpacked, resealed(data, 0, name.encode().ljust(100, b"\0"))) is Cause.PATH


def test_two_extensions_that_differ_are_refused(unpacked: Unpack) -> None:
    gnu = tarred(member(LONG), form=tarfile.GNU_FORMAT)[:1024]
    assert refusal(unpacked, gnu + pax({"path": "b"})) is Cause.CONTRADICTION
    assert refusal(unpacked, gnu + gnu + PLAIN) is Cause.CONTRADICTION


@pytest.mark.parametrize("records", [b"6 a=b\n", b"99 path=b\n", b"path=b\n", b"9 path=bX", b"9 path=b\n9 path=c\n"])
def test_pax_records_that_are_not_as_they_say_are_refused(unpacked: Unpack, records: bytes) -> None:
    extension = tarred(member("x", records, kind=tarfile.XHDTYPE))[:1024]
    if records == b"6 a=b\n":
        assert listing(unpacked(extension + PLAIN)) == {"a": (b"hello", False)}
    else:
        assert refusal(unpacked, extension + PLAIN) in {Cause.MALFORMED, Cause.CONTRADICTION}


# Links


def linked(*links: tuple[str, str]) -> bytes:
    return tarred(
        member("s/t", kind=tarfile.DIRTYPE),
        *(member(name, kind=tarfile.SYMTYPE, linkname=target) for name, target in links),
    )


STRAY = {
    "absolute": [("a", "/etc/passwd")],
    "climbing": [("a", "../b")],
    "climbing from below": [("s/a", "../../b")],
    "out and in again": [("a", "../out/s")],
    "through another link": [("s/t/up", ".."), ("a", "s/t/up/../..")],
    "through a link to a link": [("b", "s/t"), ("c", "b"), ("a", "c/../../..")],
    "through a link made later": [("a", "z/../.."), ("z", "s")],
    "a circle": [("a", "b"), ("b", "a")],
    "itself": [("a", "a/b")],
}


@pytest.mark.parametrize("links", STRAY.values(), ids=STRAY)
def test_a_link_that_leads_out_of_the_tree_is_refused(unpacked: Unpack, links: list[tuple[str, str]]) -> None:
    with pytest.raises(StrayLinkError) as caught:
        unpacked(linked(*links))
    assert isinstance(caught.value, IntegrityError)
    assert (caught.value.path, caught.value.target) in links


def test_links_that_stay_inside_come_out(unpacked: Unpack) -> None:
    links = [("a", "s/t"), ("s/b", "../a/../.."), ("c", "."), ("s/d", "./none/../t"), ("e", "nothing/here")]
    found = listing(unpacked(linked(*links)))
    assert {name: found[name] for name, _ in links} == dict(links)


def test_a_link_is_judged_by_where_the_kernel_would_go(tmp_path: Path) -> None:
    (tmp_path / "top/a/b").mkdir(parents=True)
    (tmp_path / "top/a/b/up").symlink_to("..")
    (tmp_path / "top/out").symlink_to("a/b/up/../..")
    assert os.path.realpath(tmp_path / "top/out") == str(tmp_path)
    with pytest.raises(StrayLinkError):
        check_symlinks(tmp_path / "top")


def test_the_umask_of_the_user_does_not_lose_the_executable_bit(unpacked: Unpack, umask: None) -> None:
    assert umask is None
    found = unpacked(zipped(("tool", b"#!", stat.S_IFREG | 0o755)))
    assert (found / "tool").stat().st_mode & 0o777 == 0o700


@pytest.fixture
def umask() -> Iterator[None]:
    before = os.umask(0o077)
    yield
    os.umask(before)
