"""Deleting trees that were made to resist it."""

import os
from pathlib import Path

import pytest

from envmgr.store.remove import NotDeletedError, Remover, remove_tree


def make_deep(top: Path, levels: int) -> None:
    top.mkdir()
    folder = os.open(top, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir("d", dir_fd=folder)
        below = os.open("d", os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = below
    os.close(folder)


def test_a_tree_of_two_thousand_levels_is_deleted(tmp_path: Path) -> None:
    make_deep(tmp_path / "deep", 2_000)
    remove_tree(tmp_path / "deep")
    assert list(tmp_path.iterdir()) == []


def test_a_tree_without_any_permission_is_deleted(tmp_path: Path) -> None:
    top = tmp_path / "top"
    (top / "a" / "b").mkdir(parents=True)
    (top / "a" / "b" / "file").write_text("x")
    (top / "a" / "b" / "file").chmod(0)
    for folder in (top / "a" / "b", top / "a", top):
        folder.chmod(0)
    remove_tree(top)
    assert list(tmp_path.iterdir()) == []


def test_links_are_deleted_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").write_text("x")
    (tmp_path / "top" / "below").mkdir(parents=True)
    (tmp_path / "top" / "link").symlink_to(tmp_path / "kept")
    (tmp_path / "top" / "below" / "link").symlink_to("..")
    remove_tree(tmp_path / "top")
    assert [entry.name for entry in tmp_path.iterdir()] == ["kept"]
    assert [entry.name for entry in (tmp_path / "kept").iterdir()] == ["file"]


def test_names_like_those_used_on_the_way_do_not_get_in_the_way(tmp_path: Path) -> None:
    for name in (".lifted-0", ".lifted-1"):
        (tmp_path / "top" / name / "a" / "b").mkdir(parents=True)
        (tmp_path / "top" / name / ".lifted-0" / "c").mkdir(parents=True)
    (tmp_path / "top" / ".lifted-2").touch()
    remove_tree(tmp_path / "top")
    assert list(tmp_path.iterdir()) == []


def test_special_files_and_odd_names_are_deleted(tmp_path: Path) -> None:
    (tmp_path / "top").mkdir()
    os.mkfifo(tmp_path / "top" / "fifo")
    (tmp_path / "top" / os.fsdecode(b"\xff\n")).touch()
    remove_tree(tmp_path / "top")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("make", [Path.touch, lambda path: path.symlink_to("nowhere")], ids=["file", "link"])
def test_what_is_no_folder_is_deleted_as_well(tmp_path: Path, make: object) -> None:
    assert callable(make)
    make(tmp_path / "one")
    remove_tree(tmp_path / "one")
    assert list(tmp_path.iterdir()) == []


def test_what_is_gone_already_is_no_error(tmp_path: Path) -> None:
    remove_tree(tmp_path / "gone")


def test_many_trees_are_deleted_beside_one_another(tmp_path: Path) -> None:
    for number in range(40):
        make_deep(tmp_path / str(number), number)
        (tmp_path / str(number) / "file").touch()
        (tmp_path / str(number)).chmod(0o555)
    (tmp_path / "file").touch()
    with Remover(tmp_path) as remover:
        remover.remove(entry.name for entry in tmp_path.iterdir())
        remover.remove(["gone"])
    assert list(tmp_path.iterdir()) == []


def test_a_tree_that_is_taken_is_out_of_sight_before_it_is_deleted(tmp_path: Path) -> None:
    (tmp_path / "trash").mkdir()
    (tmp_path / "tree" / "below").mkdir(parents=True)
    (tmp_path / "tree").chmod(0o555)
    parent = os.open(tmp_path, os.O_RDONLY)
    with Remover(tmp_path / "trash") as remover:
        taken = remover.take("tree", parent)
        assert remover.take("tree", parent) is None
        assert [entry.name for entry in tmp_path.iterdir()] == ["trash"]
        assert [entry.name for entry in (tmp_path / "trash").iterdir()] == [taken]
    assert taken is not None
    with Remover(tmp_path / "trash") as remover:
        remover.remove([taken])
    os.close(parent)
    assert list((tmp_path / "trash").iterdir()) == []


def test_what_is_to_be_deleted_after_something_stays_when_that_fails(tmp_path: Path) -> None:
    for name in ("first", "second"):
        make_deep(tmp_path / name, 2)

    def delete() -> None:
        with Remover(tmp_path) as remover:
            remover.remove_after((tmp_path / "second").stat, ["first"])
            remover.remove_after((tmp_path / "third").stat, ["second"])

    with pytest.raises(NotDeletedError):
        delete()
    assert [entry.name for entry in tmp_path.iterdir()] == ["second"]
