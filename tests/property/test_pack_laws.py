"""Laws of packed content, over trees that hypothesis makes up, and streams that it damages."""

import io
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from envmgr.manifest import Manifest, manifest_of
from envmgr.store.pack import DamagedPackError, pack, unpack
from envmgr.store.remove import remove_tree

from .test_manifest_laws import TREES, make


@contextmanager
def packed(tree: Mapping[str, object]) -> Iterator[tuple[Manifest, bytes, Path]]:
    """A tree's manifest, its packed content, and an empty folder."""
    with tempfile.TemporaryDirectory() as name:
        make(Path(name, "tree"), tree)
        manifest, sink = manifest_of(Path(name, "tree")), io.BytesIO()
        assert pack(Path(name, "tree"), manifest, sink) == len(sink.getvalue())
        Path(name, "into").mkdir()
        yield manifest, sink.getvalue(), Path(name, "into")
        remove_tree(Path(name, "into"))


@given(TREES)
def test_what_is_packed_comes_out_again(tree: Mapping[str, object]) -> None:
    with packed(tree) as (manifest, stream, into):
        unpack(manifest, io.BytesIO(stream), into, where="test")
        assert manifest_of(into) == manifest


@given(TREES, st.data())
def test_a_damaged_stream_gives_the_right_tree_or_none(tree: Mapping[str, object], data: st.DataObject) -> None:
    with packed(tree) as (manifest, stream, into):
        at = data.draw(st.integers(0, len(stream) - 1))
        damage = st.sampled_from(
            [stream[:at], stream[:at] + bytes([stream[at] ^ 1]) + stream[at + 1 :], stream[at:], stream * 2]
        )
        try:
            unpack(manifest, io.BytesIO(data.draw(damage)), into, where="test")
        except DamagedPackError:
            return
        assert manifest_of(into) == manifest
