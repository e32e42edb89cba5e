"""The files of a tree, more of them than are read without another process."""

import os
import resource
import sys
import threading
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from envmgr.files import Found, Readers
from envmgr.tree import READ_FOLDER, Level, UnfitTreeError, walk

LARGE = 2**24
"""Bytes of a file: the first one is read here, and for others readers are started."""


@pytest.fixture
def top(tmp_path: Path) -> Path:
    """Large files, mostly holes, in one folder, and small ones in others."""
    for number in range(4):
        (file := tmp_path / "top" / "large" / str(number)).parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"%d" % number)
        os.truncate(file, LARGE)
    for number in range(600):
        (file := tmp_path / "top" / str(number % 3) / str(number)).parent.mkdir(exist_ok=True)
        file.write_bytes(b"%d" % number)
        file.chmod(0o755 if number % 2 else 0o644)
    return tmp_path / "top"


def described(top: Path) -> list[Found]:
    """What is to be found, by other means."""
    files = sorted(path for path in top.rglob("*") if path.is_file())
    states = [(path, path.stat()) for path in files]
    return [
        (str(path.relative_to(top)), state.st_size, bool(state.st_mode & 0o100), sha256(path.read_bytes()).hexdigest())
        for path, state in states
    ]


def read(levels: Iterator[Level], place: int | None = None) -> list[Found]:
    with Readers() as readers:
        return sorted(readers.begin(levels, place).results())


def test_every_file_is_found_whoever_reads_it(top: Path) -> None:
    assert read(walk(top)) == sorted(described(top))


def test_copies_are_what_was_read(top: Path, tmp_path: Path) -> None:
    (out := tmp_path / "out").mkdir()
    for folder in ("large", "0", "1", "2"):
        (out / folder).mkdir()
    place = os.open(out, READ_FOLDER)
    assert read(walk(top), place) == sorted(described(top)) == sorted(described(out))
    os.close(place)


def test_several_trees_are_read_at_the_same_time(top: Path) -> None:
    with Readers() as readers:
        begun = {name: readers.begin(walk(top / name)) for name in ("large", "0", "1")}
        assert {name: sorted(one.results()) for name, one in begun.items()} == {
            name: sorted(described(top / name)) for name in begun
        }


def test_a_file_that_a_reader_cannot_read_is_named(top: Path) -> None:
    with pytest.raises(UnfitTreeError) as caught:
        read(replaced_by_a_folder(top, "large/3"))
    assert (caught.value.path, caught.value.reason) == ("large/3", "it cannot be read: it is not a file")


def replaced_by_a_folder(top: Path, path: str) -> Iterator[Level]:
    """A walk in which a file is another thing when it is read."""
    for level in walk(top):
        if level.prefix == f"{Path(path).parent}/":
            (top / path).unlink()
            (top / path).mkdir()
        yield level


def test_a_copy_that_a_reader_cannot_write_is_no_fault_of_the_tree(top: Path, tmp_path: Path) -> None:
    (tmp_path / "out" / "3").mkdir(parents=True)
    place = os.open(tmp_path / "out", READ_FOLDER)
    with pytest.raises(FileExistsError) as caught:
        read(walk(top / "large"), place)
    assert caught.value.filename == "3"
    os.close(place)


def test_what_comes_late_fails_the_tree_that_it_belongs_to_alone(top: Path) -> None:
    with Readers() as readers:
        whole = readers.begin(walk(top / "large"))
        broken = readers.begin(replaced_by_a_folder(top, "0/0"))
        assert len(whole.results()) == 4
        with pytest.raises(UnfitTreeError):
            broken.results()


@pytest.mark.parametrize("spare", [4, 5, 6])
def test_where_no_descriptor_is_left_for_a_reader_the_files_are_read_all_the_same(top: Path, spare: int) -> None:
    os.close(free := os.dup(0))
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free + spare, limits[1]))
    try:
        found = read(walk(top))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert found == sorted(described(top))


def test_where_no_reader_can_be_started_the_files_are_read_all_the_same(
    top: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "uninstalled"))
    assert read(walk(top)) == sorted(described(top))


def test_a_reader_finds_its_libraries_as_this_process_did(top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LD_LIBRARY_PATH", "/nowhere")
    others = children()
    with Readers() as readers:
        begun = readers.begin(walk(top))
        environs = [Path(f"/proc/{process}/environ").read_bytes() for process in children() - others]
        assert len(begun.results()) == 604
    assert environs
    assert all(b"LD_LIBRARY_PATH=/nowhere" in environ.split(b"\0") for environ in environs)


def children() -> set[str]:
    """The processes that this thread has started."""
    return {*Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text().split()}
