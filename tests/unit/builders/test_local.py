"""What is taken in from the checkout is an object's tree, and its manifest is the tree's."""

import os
from pathlib import Path

import pytest

from envmgr.builders.local import take_in
from envmgr.manifest import manifest_of
from envmgr.sealed import FIXED_TIME
from envmgr.tree import UnfitTreeError

LARGE = 2**23


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """A tree with a file of each kind: empty, small, executable, so large that a second thread writes it."""
    top = tmp_path / "origin"
    for folder in ("many", "deep/er", "empty", "skipped"):
        (top / folder).mkdir(parents=True)
    for number in range(600):
        (top / "many" / f"file-{number}").write_text("x" * number)
    (top / "deep" / "er" / "run").write_text("#!/bin/sh\n")
    (top / "deep" / "er" / "run").chmod(0o777)
    (top / "deep" / "link").symlink_to("er/run")
    (top / "large").write_bytes(os.urandom(LARGE + 1))
    (top / "skipped" / "file").write_text("x")
    return top


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


def test_a_tree_is_copied_without_what_is_excluded(origin: Path, out: Path) -> None:
    manifest = take_in(origin, out, exclude={"skipped"})
    assert manifest == manifest_of(out) == manifest_of(origin, exclude={"skipped"})
    assert (out / "large").read_bytes() == (origin / "large").read_bytes()


def test_modes_and_times_are_those_of_an_object(origin: Path, out: Path) -> None:
    take_in(origin, out)
    found = {str(path.relative_to(out)): path.lstat() for path in out.rglob("*")}
    modes = {path: found[path].st_mode & 0o7777 for path in ("deep", "empty", "many/file-0", "deep/er/run", "large")}
    assert modes == {"deep": 0o555, "empty": 0o555, "many/file-0": 0o444, "deep/er/run": 0o555, "large": 0o444}
    assert {state.st_mtime for state in found.values()} == {FIXED_TIME}


@pytest.mark.parametrize("size", [0, 1, LARGE])
def test_a_file_becomes_a_tree_of_one_file(tmp_path: Path, out: Path, size: int) -> None:
    (tmp_path / "file").write_bytes(os.urandom(size))
    manifest = take_in(tmp_path / "file", out)
    assert manifest == manifest_of(out)
    assert ([entry.path for entry in manifest.entries], manifest.size) == (["file"], size)


def test_what_no_object_can_hold_is_refused(origin: Path, out: Path) -> None:
    os.mkfifo(origin / "many" / "fifo")
    with pytest.raises(UnfitTreeError):
        take_in(origin, out)


@pytest.mark.skipif(os.geteuid() == 0, reason="root can read everything")
def test_a_file_that_cannot_be_read_is_named(origin: Path, out: Path) -> None:
    (origin / "many" / "file-7").chmod(0)
    with pytest.raises(UnfitTreeError) as caught:
        take_in(origin, out)
    assert caught.value.path == "many/file-7"
