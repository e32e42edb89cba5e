"""Which file system a folder lies on, read from what the kernel says."""

from pathlib import Path

import pytest

from envmgr.store.file_system import FileSystem, file_system

LINE = "36 35 98:0 / {place} rw,noatime master:1 - {kind} {source} {options}\n"


def mounts(tmp_path: Path, *lines: tuple[str, str, str]) -> Path:
    """A file as the kernel's, with lines of place, kind and options."""
    file = tmp_path / "mountinfo"
    texts = [LINE.format(place=place, kind=kind, source="server:/x", options=options) for place, kind, options in lines]
    file.write_text("".join(texts))
    return file


def test_the_longest_place_counts_and_of_two_at_one_place_the_later(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    (tmp_path / "ab").mkdir()
    file = mounts(
        tmp_path,
        (f"{tmp_path}/a", "xfs", "rw"),
        (f"{tmp_path}/a", "nfs", "rw"),
        ("/", "ext4", "rw"),
        ("/z", "cifs", "rw"),
    )
    assert file_system(folder, file).kind == "nfs"
    assert file_system(tmp_path / "ab", file).kind == "ext4"
    assert str(file_system(folder, file)) == f"nfs (server:/x, mounted at {tmp_path}/a)"


def test_spaces_and_other_odd_characters_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "a b\\c"
    folder.mkdir()
    place = str(folder).replace("\\", "\\134").replace(" ", "\\040")
    assert file_system(folder, mounts(tmp_path, (place, "lustre", "rw"))).kind == "lustre"


def test_a_symlink_is_followed(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to("there")
    file = mounts(tmp_path, (f"{tmp_path}/there", "gpfs", "rw"))
    assert file_system(tmp_path / "link", file).kind == "gpfs"


def test_where_the_kernel_says_nothing_nothing_is_known(tmp_path: Path) -> None:
    found = file_system(tmp_path, tmp_path / "missing")
    assert (found.kind, found.is_local, bool(found.one_host)) == ("unknown", False, True)


@pytest.mark.parametrize(
    ("kind", "options", "sure"),
    [
        ("nfs4", "rw,vers=4.2,local_lock=none", True),
        ("nfs", "rw,vers=3,nolock,local_lock=none", False),
        ("nfs", "rw,vers=3,local_lock=all", False),
        ("lustre", "rw,flock", True),
        ("lustre", "rw,localflock", False),
        ("cifs", "rw,nobrl", False),
        ("ceph", "rw", True),
        ("9p", "rw,trans=virtio", False),
        ("fuse.sshfs", "rw", False),
        ("beegfs", "rw", False),
    ],
)
def test_mount_options_that_keep_locks_to_this_host_are_noticed(kind: str, options: str, *, sure: bool) -> None:
    found = FileSystem(Path("/x"), kind, "source", frozenset(options.split(",")))
    assert (found.is_local, not found.one_host) == (False, sure)


def test_this_host_says_what_it_has_mounted() -> None:
    assert file_system(Path("/proc")).kind == "proc"
