"""When a lasting root holds."""

import os
import time
from pathlib import Path

import pytest

from envmgr.model.store_path import StorePath
from envmgr.store import roots
from envmgr.store.roots import PRINTED_SECONDS, Root
from envmgr.store.store import Store

from .conftest import Publish


@pytest.fixture
def hello(store: Store, publish: Publish) -> StorePath:
    return publish(store, "hello", {"file": "x"}).store_path


def age(file: Path, seconds: float) -> None:
    """Make a file look as old as that."""
    then = time.time() - seconds
    os.utime(file, (then, then))


def test_what_was_printed_is_kept_for_some_minutes(store: Store, hello: StorePath) -> None:
    name = store.spare([hello], "realize hello")
    root = Root("printed", name, (hello,), "realize hello")
    assert store.roots() == [root]
    file = store.layout.roots / "printed" / name
    age(file, PRINTED_SECONDS - 60)
    assert store.roots() == [root]
    age(file, PRINTED_SECONDS + 60)
    assert store.roots() == []
    store.spare([hello], "realize hello")
    assert store.roots() == [root]


def test_a_torn_note_of_what_was_printed_keeps_nothing(store: Store, hello: StorePath) -> None:
    name = store.spare([hello], "realize hello")
    (store.layout.roots / "printed" / name).write_bytes(b"")
    assert store.roots() == []


def test_a_store_that_cannot_be_written_is_left_as_it_is(root: Path, store: Store, hello: StorePath) -> None:
    with Store.open(root, read_only=True) as other:
        other.spare([hello], "realize hello")
    assert not (store.layout.roots / "printed").exists()


def test_a_link_keeps_what_it_leads_to_and_nothing_else(
    store: Store, publish: Publish, hello: StorePath, tmp_path: Path
) -> None:
    other = publish(store, "other", {"file": "y"}).store_path
    link = tmp_path / "result"
    link.symlink_to(store.folder(hello))
    root = Root("link", "0", (hello,), "realize hello", anchor=str(link))
    store.add_root(root)
    assert store.roots() == [root]
    link.unlink()
    assert store.roots() == []
    link.symlink_to(store.folder(other))
    assert store.roots() == []
    link.unlink()
    link.mkdir()
    assert store.roots() == []


def test_a_name_that_is_no_file_name_is_refused() -> None:
    for name in ("", ".hidden", "a/b"):
        with pytest.raises(ValueError, match="not a name for a root"):
            Root("profile", name, (), "")


def test_the_text_of_a_root_is_read_back(hello: StorePath) -> None:
    root = Root("lockfile", "0", (hello,), "lockfile /somewhere", anchor="/somewhere")
    assert roots.Root.parse("lockfile", "0", root.text) == root
