"""Trees out of archives: all of one, or what the settings name."""

import io
import os
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from envmgr.archive.entry import Cause, UnsafeArchiveError
from envmgr.archive.symlinks import StrayLinkError
from envmgr.builders.builder import BuildReport, BuildTask, Limits
from envmgr.builders.sandbox import executor
from envmgr.builders.unpack import MissingEntryError, PlaceError, UnpackBuilder
from envmgr.builders.workplace import InvalidSettingsError

MakeTask = Callable[..., BuildTask]
Unpack = Callable[..., BuildTask]
ARCHIVE = {"pkg/lib/libx.so.1.2": "lib", "pkg/lib/other": "o", "pkg/include/x.h": "h", "LICENSE": "l"}


def zipped(files: Mapping[str, str]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return file.getvalue()


def linked(links: Mapping[str, str]) -> bytes:
    """Make a tar with links and the files that they lead to."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for name, target in links.items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = (tarfile.SYMTYPE, target) if target else (tarfile.REGTYPE, "")
            archive.addfile(info)
    return file.getvalue()


@pytest.fixture
def unpack(make_task: MakeTask) -> Unpack:
    """Build from one archive, and give the finished task."""

    def act(data: bytes, limits: Limits | None = None, **settings: Mapping[str, str]) -> BuildTask:
        task = make_task(executor("none"), "unpack", settings, {"archive": {"a.zip": data}}, limits)
        assert UnpackBuilder().build(task) == BuildReport("sandboxed")
        return task

    return act


def files(folder: Path) -> dict[str, str]:
    """Say what the files of a tree hold, and where its links lead."""
    leaves = (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    return {
        str(path.relative_to(folder)): f"-> {path.readlink()}" if path.is_symlink() else path.read_text()
        for path in leaves
    }


def test_without_settings_the_whole_archive_is_the_tree(unpack: Unpack) -> None:
    assert files(unpack(zipped(ARCHIVE)).out) == ARCHIVE


def test_named_files_and_folders_go_to_their_places(unpack: Unpack) -> None:
    found = files(unpack(zipped(ARCHIVE), files={"lib": "pkg/lib", "deep/er/x.h": "pkg/include/x.h"}).out)
    assert found == {"lib/libx.so.1.2": "lib", "lib/other": "o", "deep/er/x.h": "h"}


@pytest.mark.parametrize("top", ["", "."])
def test_a_folder_can_become_the_top_and_others_go_into_it(unpack: Unpack, top: str) -> None:
    found = files(unpack(zipped(ARCHIVE), files={top: "pkg", "lib/LICENSE": "LICENSE"}).out)
    assert found == {"lib/libx.so.1.2": "lib", "lib/other": "o", "include/x.h": "h", "lib/LICENSE": "l"}


def test_symlinks_are_added(unpack: Unpack) -> None:
    task = unpack(zipped(ARCHIVE), files={".": "pkg"}, symlinks={"lib/libx.so.1": "libx.so.1.2", "so": "lib/libx.so.1"})
    found = files(task.out)
    assert (found["lib/libx.so.1"], found["so"]) == ("-> libx.so.1.2", "-> lib/libx.so.1")
    assert (task.out / "so").read_text() == "lib"


def test_what_the_archive_has_not_is_named_with_near_names(unpack: Unpack) -> None:
    with pytest.raises(MissingEntryError) as caught:
        unpack(zipped(ARCHIVE), files={".": "pkg/lib/libx.so.1.3"})
    assert caught.value.exit_code == 5
    assert caught.value.entry == "pkg/lib/libx.so.1.3"
    assert caught.value.near[0] == "pkg/lib/libx.so.1.2"


REFUSED = {
    "a place that climbs": {"files": {"../a": "LICENSE"}},
    "an absolute place": {"files": {"/a": "LICENSE"}},
    "an entry that climbs": {"files": {"a": "pkg/../LICENSE"}},
    "a file as the top": {"files": {".": "LICENSE"}},
    "a place that is taken": {"files": {".": "pkg", "lib/other": "LICENSE"}},
    "a place below a file": {"files": {"a": "LICENSE", "a/b": "pkg"}},
    "an entry taken twice": {"files": {"a": "LICENSE", "b": "LICENSE"}},
    "an entry taken with its folder": {"files": {"a": "pkg/lib/other", "b": "pkg"}},
    "an entry taken with all": {"files": {".": ".", "b": "pkg"}},
    "a link to nothing": {"symlinks": {"a": "none"}},
    "a link that climbs": {"symlinks": {"../a": "LICENSE"}},
    "a link in a taken place": {"symlinks": {"LICENSE": "pkg"}},
}


@pytest.mark.parametrize("settings", REFUSED.values(), ids=REFUSED)
def test_settings_that_do_not_go_together_are_refused(unpack: Unpack, settings: dict[str, dict[str, str]]) -> None:
    with pytest.raises(PlaceError) as caught:
        unpack(zipped(ARCHIVE), **settings)
    assert caught.value.exit_code == 5


def test_no_place_goes_through_a_link_of_the_archive(unpack: Unpack) -> None:
    data = linked({"far/a": "", "near/down": "../far", "x": ""})
    with pytest.raises(PlaceError, match="go through"):
        unpack(data, files={"near": "near", "near/down/b": "x"})


def test_a_link_that_leaves_the_tree_once_only_a_part_is_taken_is_refused(unpack: Unpack) -> None:
    with pytest.raises(StrayLinkError):
        unpack(linked({"a/link": "../b", "b": ""}), files={".": "a"})


def test_a_link_of_the_settings_that_leaves_the_tree_is_refused(unpack: Unpack) -> None:
    with pytest.raises(StrayLinkError):
        unpack(zipped(ARCHIVE), symlinks={"a": os.sep})


def test_an_archive_of_more_than_the_limit_is_refused(unpack: Unpack) -> None:
    with pytest.raises(UnsafeArchiveError) as caught:
        unpack(zipped({"a": "x" * 2000}), Limits(output_bytes=1000))
    assert caught.value.cause is Cause.TOO_LARGE


def test_an_input_that_is_not_one_file_is_refused(make_task: MakeTask) -> None:
    for inputs in ({}, {"archive": {"a": "", "b": ""}}, {"archive": {"a/b": ""}}):
        with pytest.raises(PlaceError):
            UnpackBuilder().build(make_task(executor("none"), "unpack", {}, inputs))


def test_settings_of_another_kind_are_refused(unpack: Unpack) -> None:
    with pytest.raises(InvalidSettingsError):
        unpack(zipped(ARCHIVE), folders={"a": "b"})
