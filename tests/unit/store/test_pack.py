"""Packed content: what a hostile or damaged stream cannot do."""

import io
import os
import stat
from pathlib import Path

import pytest
import zstandard

from envmgr.manifest import FileEntry, FolderEntry, Manifest, manifest_of
from envmgr.model.digest import Digest
from envmgr.sealed import FIXED_TIME
from envmgr.store.pack import DamagedPackError, DamagedTreeError, pack, unpack
from envmgr.tree import MAX_DEPTH, MAX_NAME


def file(path: str, content: bytes, *, executable: bool = False) -> FileEntry:
    return FileEntry(path, len(content), executable, Digest.of(content).hex)


def compressed(content: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(content)


def refused(manifest: Manifest, stream: bytes, into: Path) -> DamagedPackError:
    into.mkdir()
    with pytest.raises(DamagedPackError) as caught:
        unpack(manifest, io.BytesIO(stream), into, where="the test")
    assert caught.value.where == "the test"
    return caught.value


def test_what_comes_out_has_the_modes_and_times_of_an_object(tmp_path: Path) -> None:
    manifest = Manifest((file("a", b"1"), FolderEntry("b"), file("b/c", b"2", executable=True)))
    old = os.umask(0o177)
    try:
        unpack(manifest, io.BytesIO(compressed(b"12")), tmp_path, where="")
    finally:
        os.umask(old)
    found = {path: (tmp_path / path).stat() for path in ("a", "b", "b/c")}
    assert {path: stat.S_IMODE(state.st_mode) for path, state in found.items()} == {
        "a": 0o444,
        "b": 0o555,
        "b/c": 0o555,
    }
    assert {state.st_mtime for state in found.values()} == {FIXED_TIME}


def test_a_path_longer_than_the_kernel_takes_at_once_is_no_obstacle(tmp_path: Path) -> None:
    names = [letter * MAX_NAME for letter in "abcdefghijklmnopqrstuvwxyz"][: MAX_DEPTH - 1]
    folders = [FolderEntry("/".join(names[: depth + 1])) for depth in range(len(names))]
    manifest = Manifest((*folders, file(folders[-1].path + "/x", b"deep")))
    unpack(manifest, io.BytesIO(compressed(b"deep")), tmp_path, where="")
    assert manifest_of(tmp_path) == manifest


@pytest.mark.parametrize("stream", [b"", b"<html>sign in</html>", compressed(b""), compressed(b"other")])
def test_another_stream_is_refused_and_the_file_named(tmp_path: Path, stream: bytes) -> None:
    assert refused(Manifest((file("a", b"right"),)), stream, tmp_path / "into").path == "a"


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    bomb = zstandard.ZstdCompressor().compressobj()
    refused(Manifest((file("a", b"small"),)), bomb.compress(bytes(2**26)) + bomb.flush(), tmp_path / "into")
    assert (tmp_path / "into" / "a").stat().st_size <= len(b"small")


def test_bytes_that_no_file_has_are_refused(tmp_path: Path) -> None:
    manifest = Manifest((file("a", b"right"),))
    assert refused(manifest, compressed(b"right!"), tmp_path / "one").path == ""
    assert refused(manifest, compressed(b"right") + b"!", tmp_path / "two").path == ""


def test_a_stream_that_is_endless_and_says_nothing_is_refused(tmp_path: Path) -> None:
    class Endless:
        def read(self, size: int) -> bytes:
            return (b"\x50\x2a\x4d\x18\x00\x00\x00\x00" * size)[:size]  # frames that zstd skips

    with pytest.raises(DamagedPackError, match="longer than"):
        unpack(Manifest((file("a", b"right"),)), Endless(), tmp_path, where="")


def test_a_stream_that_wants_much_memory_is_refused(tmp_path: Path) -> None:
    parameters = zstandard.ZstdCompressionParameters.from_level(3, window_log=27)
    stream = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    refused(Manifest((file("a", b"x"),)), stream.compress(bytes(2**25)) + stream.flush(), tmp_path / "into")


def test_a_damaged_object_is_not_packed(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"right")
    manifest = manifest_of(tmp_path)
    for content in (b"wrong", b"longer", b""):
        (tmp_path / "a").write_bytes(content)
        with pytest.raises(DamagedTreeError) as caught:
            pack(tmp_path, manifest, io.BytesIO())
        assert caught.value.path == "a"
