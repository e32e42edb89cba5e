"""Pairing the objects of two closures."""

from envmgr.explain.closure_diff import ObjectChange, closure_diff
from envmgr.model.digest import Digest
from envmgr.model.store_path import StorePath


def path_of(name: str, version: str, content: str) -> StorePath:
    return StorePath.of(kind="built", manifest=Digest.of(content.encode()), name=name, version=version)


def test_what_both_have_is_no_difference() -> None:
    shared = path_of("a", "1", "x")
    assert closure_diff([shared], [shared]) == []


def test_objects_of_one_name_are_paired_by_version_before_they_are_paired_at_all() -> None:
    old = [path_of("a", "1", "x"), path_of("a", "2", "x")]
    new = [path_of("a", "2", "y"), path_of("a", "3", "y"), path_of("b", "1", "y")]
    assert closure_diff(old, new) == [
        ObjectChange("a", old[1], new[0]),
        ObjectChange("a", old[0], new[1]),
        ObjectChange("b", None, new[2]),
    ]
