"""What a tree contains, read from real folders."""

import hashlib
import json
import os
from pathlib import Path

import pytest

from envmgr.manifest import (
    Change,
    FileEntry,
    FolderEntry,
    Manifest,
    SymlinkEntry,
    difference,
    manifest_of,
    manifest_of_file,
)
from envmgr.model.errors import BuildError
from envmgr.tree import MAX_DEPTH, UnfitTreeError


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    top = tmp_path / "tree"
    (top / "lib" / "empty").mkdir(parents=True)
    (top / "lib" / "data").write_bytes(b"abc")
    (top / "lib-extra").write_bytes(b"")
    (top / "run").write_bytes(b"#!/bin/sh\n")
    (top / "run").chmod(0o755)
    (top / "link").symlink_to("lib/data")
    return top


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_entries_are_sorted_by_the_bytes_of_their_paths(tree: Path) -> None:
    assert manifest_of(tree).entries == (
        FolderEntry("lib"),
        FileEntry("lib-extra", 0, executable=False, sha256=sha256(b"")),
        FileEntry("lib/data", 3, executable=False, sha256=sha256(b"abc")),
        FolderEntry("lib/empty"),
        SymlinkEntry("link", "lib/data"),
        FileEntry("run", 10, executable=True, sha256=sha256(b"#!/bin/sh\n")),
    )


def test_the_digest_is_that_of_the_text_and_the_size_is_that_of_the_files(tree: Path) -> None:
    manifest = manifest_of(tree)
    assert manifest.digest.hex == sha256(manifest.text)
    assert manifest.size == 13


def test_many_files_in_one_folder_and_one_large_file_are_read_alike(tmp_path: Path) -> None:
    for number in range(600):
        (tmp_path / str(number)).write_bytes(b"%d" % number)
    large = bytes(range(256)) * 20_000
    (tmp_path / "large").write_bytes(large)
    found = {entry.path: entry for entry in manifest_of(tmp_path).entries}
    assert len(found) == 601
    assert found["large"] == FileEntry("large", len(large), executable=False, sha256=sha256(large))
    assert found["77"] == FileEntry("77", 2, executable=False, sha256=sha256(b"77"))


def test_names_are_left_out_wherever_they_stand(tree: Path) -> None:
    (tree / "lib" / "__pycache__").mkdir()
    (tree / "lib" / "__pycache__" / "x.pyc").write_bytes(b"x")
    assert manifest_of(tree, exclude={"__pycache__"}) != manifest_of(tree)
    paths = [entry.path for entry in manifest_of(tree, exclude={"__pycache__", "data"}).entries]
    assert paths == ["lib", "lib-extra", "lib/empty", "link", "run"]


def test_one_file_is_a_tree_of_that_file_whatever_it_was_called(tree: Path, tmp_path: Path) -> None:
    alone = tmp_path / "alone"
    alone.mkdir()
    (alone / "data").write_bytes(b"abc")
    assert manifest_of_file(tree / "lib" / "data", "data") == manifest_of(alone)
    assert manifest_of_file(tree / "link", "data") == manifest_of(alone)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b"])
def test_one_file_needs_the_name_of_a_file(tree: Path, name: str) -> None:
    with pytest.raises(UnfitTreeError):
        manifest_of_file(tree / "run", name)


def test_a_folder_is_not_one_file(tree: Path) -> None:
    with pytest.raises(UnfitTreeError):
        manifest_of_file(tree / "lib", "lib")


def test_a_fifo_is_refused(tree: Path) -> None:
    os.mkfifo(tree / "lib" / "fifo")
    with pytest.raises(UnfitTreeError) as caught:
        manifest_of(tree)
    assert caught.value.path == "lib/fifo"
    assert isinstance(caught.value, BuildError)


def test_a_name_that_is_not_utf8_is_refused_and_shown(tree: Path) -> None:
    (tree / os.fsdecode(b"caf\xe9")).touch()
    with pytest.raises(UnfitTreeError) as caught:
        manifest_of(tree)
    assert "caf\\xe9" in caught.value.message


def test_a_target_that_is_not_utf8_is_refused(tree: Path) -> None:
    (tree / "bad").symlink_to(os.fsdecode(b"\xff"))
    with pytest.raises(UnfitTreeError) as caught:
        manifest_of(tree)
    assert caught.value.path == "bad"


def test_the_depth_is_bounded(tmp_path: Path) -> None:
    deepest = tmp_path.joinpath(*["d"] * MAX_DEPTH)
    deepest.mkdir(parents=True)
    assert len(manifest_of(tmp_path).entries) == MAX_DEPTH
    (deepest / "file").touch()
    with pytest.raises(UnfitTreeError):
        manifest_of(tmp_path)


def test_a_symlink_is_not_a_tree(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "away").symlink_to(tree)
    with pytest.raises(UnfitTreeError):
        manifest_of(tmp_path / "away")


def test_a_folder_that_is_missing_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UnfitTreeError):
        manifest_of(tmp_path / "nowhere")


def test_no_descriptor_is_left_open_by_a_refused_tree(tree: Path) -> None:
    os.mkfifo(tree / "zz-fifo")
    before = list(Path("/proc/self/fd").iterdir())
    with pytest.raises(UnfitTreeError):
        manifest_of(tree)
    assert len(list(Path("/proc/self/fd").iterdir())) == len(before)


def test_the_difference_names_what_changed_came_and_went(tree: Path) -> None:
    before = manifest_of(tree)
    (tree / "run").chmod(0o644)
    (tree / "link").unlink()
    (tree / "new").mkdir()
    changes = difference(before, manifest_of(tree))
    run = FileEntry("run", 10, executable=True, sha256=sha256(b"#!/bin/sh\n"))
    assert changes == [
        Change("link", SymlinkEntry("link", "lib/data"), None),
        Change("new", None, FolderEntry("new")),
        Change("run", run, FileEntry("run", 10, executable=False, sha256=run.sha256)),
    ]
    assert difference(before, before) == []


def test_the_text_is_read_back(tree: Path) -> None:
    manifest = manifest_of(tree)
    assert Manifest.parse(manifest.text) == manifest


HASH = "0" * 64


def file(path: str, **fields: object) -> dict[str, object]:
    return {"type": "file", "path": path, "size": 1, "executable": False, "sha256": HASH, **fields}


def folder(path: str, **fields: object) -> dict[str, object]:
    return {"type": "folder", "path": path, **fields}


@pytest.mark.parametrize(
    "entries",
    [
        [file("../up")],
        [file("/root")],
        [file("a/b")],
        [folder(".")],
        [folder("a"), file("a/..")],
        [folder("")],
        [file("a\0b")],
        [file("b"), file("a")],
        [file("a"), file("a")],
        [file("a"), file("a/b")],
        [file("a", size=-1)],
        [file("a", size=2**53)],
        [file("a", size=True)],
        [file("a", executable=1)],
        [file("a", sha256="0")],
        [file("a", mode=7)],
        [folder("a", size=1)],
        [{"type": "symlink", "path": "a", "target": ""}],
        [{"type": "device", "path": "a"}],
        [{"path": "a"}],
        ["a"],
        [folder("x" * 256)],
        [folder("/".join(["d"] * depth)) for depth in range(1, MAX_DEPTH + 2)],
        [folder("\ud800")],
        "entries",
        None,
    ],
)
def test_a_text_that_no_tree_has_is_refused(entries: object) -> None:
    text = json.dumps({"entries": entries, "schema": 1}, sort_keys=True, separators=(",", ":")).encode()
    with pytest.raises(ValueError, match=r"."):
        Manifest.parse(text)


@pytest.mark.parametrize("text", [b"", b"[]", b'{"entries":[]}', b'{"schema":1}', b'{"schema":2,"entries":[]}'])
def test_a_text_that_is_no_manifest_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        Manifest.parse(text)


def test_a_text_that_is_spaced_otherwise_is_refused(tree: Path) -> None:
    with pytest.raises(ValueError, match="canonical"):
        Manifest.parse(manifest_of(tree).text + b"\n")
