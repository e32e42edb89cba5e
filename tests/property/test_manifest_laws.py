"""Laws of manifests, over trees that hypothesis makes up."""

import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from envmgr.manifest import Manifest, difference, manifest_of
from envmgr.model.canonical import canonical_text

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=8).filter(
    lambda name: name not in {".", ".."}
)
FILES = st.tuples(st.binary(max_size=40), st.booleans())
LINKS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20)
TREES = st.recursive(
    st.one_of(FILES, LINKS), lambda children: st.dictionaries(NAMES, children, max_size=4), max_leaves=12
).filter(lambda tree: isinstance(tree, dict))


def make(folder: Path, tree: Mapping[str, object], *, backwards: bool = False) -> None:
    """Write a tree down; `backwards` makes its entries in the other order, with other modes, times and owners."""
    folder.mkdir()
    for name, item in reversed(list(tree.items())) if backwards else tree.items():
        place = folder / name
        if isinstance(item, dict):
            make(place, item, backwards=backwards)
        elif isinstance(item, str):
            place.symlink_to(item)
        else:
            assert isinstance(item, tuple)
            content, executable = item
            place.write_bytes(content)
            place.chmod((0o755 if executable else 0o644) ^ (0o044 if backwards else 0))
    if backwards:
        os.utime(folder, (5, 5))
        folder.chmod(0o700)
        if os.geteuid() == 0:
            os.chown(folder, 1234, 1234)


@given(TREES)
def test_a_manifest_ignores_time_owner_mode_and_order_of_creation(tree: Mapping[str, object]) -> None:
    with tempfile.TemporaryDirectory() as name:
        make(Path(name, "one"), tree)
        make(Path(name, "two"), tree, backwards=True)
        one, two = manifest_of(Path(name, "one")), manifest_of(Path(name, "two"))
        assert one == two
        assert one.digest == two.digest
        assert difference(one, two) == []


@given(TREES)
def test_text_and_parse_are_a_circle(tree: Mapping[str, object]) -> None:
    with tempfile.TemporaryDirectory() as name:
        make(Path(name, "tree"), tree)
        manifest = manifest_of(Path(name, "tree"))
        assert Manifest.parse(manifest.text) == manifest
        assert Manifest.parse(manifest.text).text == manifest.text
        assert canonical_text(json.loads(manifest.text)) == manifest.text


@given(TREES, TREES)
def test_different_trees_have_different_digests(one: Mapping[str, object], two: Mapping[str, object]) -> None:
    with tempfile.TemporaryDirectory() as name:
        make(Path(name, "one"), one)
        make(Path(name, "two"), two)
        first, second = manifest_of(Path(name, "one")), manifest_of(Path(name, "two"))
        assert (one == two) == (first.digest == second.digest) == (difference(first, second) == [])


@given(TREES)
def test_a_copy_has_the_same_manifest(tree: Mapping[str, object]) -> None:
    with tempfile.TemporaryDirectory() as name:
        make(Path(name, "tree"), tree)
        shutil.copytree(Path(name, "tree"), Path(name, "copy"), symlinks=True)
        assert manifest_of(Path(name, "copy")) == manifest_of(Path(name, "tree"))
