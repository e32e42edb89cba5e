"""Finding store paths and forbidden places in the bytes of a tree."""

from pathlib import Path

import pytest

from envmgr.model.digest import Digest
from envmgr.model.store_path import StorePath
from envmgr.store import references
from envmgr.store.references import scan


def path_of(name: str) -> StorePath:
    return StorePath.of(kind="built", manifest=Digest.of(name.encode()), name=name, version="1")


A, B, C = path_of("a"), path_of("b"), path_of("c")


def test_only_candidates_that_are_named_are_found_and_sorted(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"\0\0x" + str(B).encode() + b"/lib\0" + A.base.encode() + b"\xff")
    found = scan(tmp_path, candidates=[C, B, A], forbidden=[])
    assert found.references == tuple(sorted([A, B]))
    assert found.leaks == ()


def test_a_name_within_a_longer_run_of_its_characters_is_found(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("abc234" + A.base + "zzz" + B.base)
    assert set(scan(tmp_path, candidates=[A, B], forbidden=[]).references) == {A, B}


def test_a_part_of_a_name_is_no_reference(tmp_path: Path) -> None:
    (tmp_path / "file").write_text(A.base[1:] + "-" + A.base[:-1] + " " + A.base.upper())
    assert scan(tmp_path, candidates=[A], forbidden=[]).references == ()


def test_names_of_files_and_targets_of_links_are_read_too(tmp_path: Path) -> None:
    (tmp_path / str(A)).mkdir()
    (tmp_path / "link").symlink_to(f"../../{B}/bin")
    (tmp_path / f"x-{C.base}").touch()
    assert set(scan(tmp_path, candidates=[A, B, C], forbidden=[]).references) == {A, B, C}


@pytest.mark.parametrize("before", range(30, 66, 5))
def test_what_lies_across_two_blocks_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: int) -> None:
    monkeypatch.setattr(references, "_BLOCK", 64)
    (tmp_path / "file").write_text("." * before + A.base + "." * before + "/the/forbidden/place" + "." * 200)
    found = scan(tmp_path, candidates=[A], forbidden=[b"/the/forbidden/place"])
    assert found.references == (A,)
    assert found.leaks == (("file", b"/the/forbidden/place"),)


def test_files_and_links_that_name_a_forbidden_place_are_told_with_the_place(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "a.so").write_bytes(b"\x7fELF /store/objects/x and /build/out and /store/objects/y")
    (tmp_path / "link").symlink_to("/build/out/bin")
    (tmp_path / "clean").write_text("/store")
    found = scan(tmp_path, candidates=[], forbidden=[b"/store/objects", b"/build/out"])
    assert found.leaks == (("lib/a.so", b"/build/out"), ("lib/a.so", b"/store/objects"), ("link", b"/build/out"))
