"""Equal files become one, and damage never spreads by that."""

import os
from pathlib import Path

import pytest

from envmgr.store.disk_use import disk_use
from envmgr.store.file_system import file_system
from envmgr.store.gc import collect, garbage
from envmgr.store.optimise import Saved, saved_by_sharing, shared_inodes, sweep
from envmgr.store.repair import repair
from envmgr.store.roots import Root
from envmgr.store.store import Store
from envmgr.store.verify import verify

from .conftest import Publish, derivation_of

SIZE = 5000
TEXT = "same" * (SIZE // 4)


def inode(file: Path) -> int:
    return file.stat().st_ino


def published(store: Store, publish: Publish, **files: str) -> list[Path]:
    """An object for each name, with a file `doc` that says the text; these files."""
    return [store.folder(publish(store, name, {"doc": text}).store_path) / "doc" for name, text in files.items()]


def share_all(store: Store) -> Saved:
    return store.share(store.database.objects())


def test_equal_files_of_different_objects_become_one(store: Store, publish: Publish) -> None:
    one, two, other = published(store, publish, one=TEXT, two=TEXT, other="o" * SIZE)
    assert share_all(store) == Saved(1, SIZE)
    assert inode(one) == inode(two) != inode(other)
    assert (one.read_text(), other.read_text()) == (TEXT, "o" * SIZE)
    assert saved_by_sharing(store.layout) == SIZE
    assert share_all(store) == Saved()
    assert verify(store) == []


def test_files_within_one_object_become_one_but_not_what_can_be_executed_with_what_cannot(store: Store) -> None:
    def make(out: Path) -> None:
        for name in ("a", "b", "run", "empty", "empty-too"):
            (out / name).write_text("" if name.startswith("empty") else TEXT)
        (out / "run").chmod(0o755)

    derivation = derivation_of("several")
    with store.stage("several") as staging:
        make(staging.out)
        made = store.publish(
            staging,
            derivation=derivation,
            resolved=derivation.digest,
            candidates=[],
            isolation="sandboxed",
            bare_host={},
        ).wait()
    top = store.folder(made.store_path)
    assert share_all(store) == Saved(1, SIZE)
    assert inode(top / "a") == inode(top / "b") != inode(top / "run")
    assert inode(top / "empty") != inode(top / "empty-too")
    assert verify(store) == []


def test_a_store_that_is_told_so_shares_what_is_new_at_its_end(root: Path, publish: Publish) -> None:
    with Store.open(root, optimise=True) as store:
        (one,) = published(store, publish, one=TEXT)
    with Store.open(root, optimise=True) as store:
        (two,) = published(store, publish, two=TEXT)
    assert inode(one) == inode(two)
    with Store.open(root) as store:
        (three,) = published(store, publish, three=TEXT)
    assert inode(three) != inode(one)


def test_a_damaged_file_takes_the_place_of_none_that_is_whole(store: Store, publish: Publish) -> None:
    one, two = published(store, publish, one=TEXT, two=TEXT)
    tamper(one)
    assert share_all(store) == Saved()
    assert (one.read_text(), two.read_text()) == ("S" + TEXT[1:], TEXT)
    assert [found.store_path.name for found in verify(store)] == ["one"]


def test_where_the_shared_file_was_damaged_the_next_whole_one_is_shared(store: Store, publish: Publish) -> None:
    one, two = published(store, publish, one=TEXT, two=TEXT)
    share_all(store)
    tamper(one)
    assert [found.store_path.name for found in verify(store)] == ["one", "two"]
    (three,) = published(store, publish, three=TEXT)
    assert share_all(store) == Saved()
    (four,) = published(store, publish, four=TEXT)
    assert share_all(store) == Saved(1, SIZE)
    assert inode(three) == inode(four)
    assert {three.read_text(), two.read_text()} == {TEXT, "S" + TEXT[1:]}


def test_an_object_that_shares_a_damaged_file_is_repaired_alone(store: Store, publish: Publish) -> None:
    one, two = published(store, publish, one=TEXT, two=TEXT)
    share_all(store)
    tamper(one)
    damaged = next(found.store_path for found in verify(store) if found.store_path.name == "one")
    repair(store, damaged, lambda _described: [lambda made: (made.out / "doc").write_text(TEXT) and None])
    assert [found.store_path.name for found in verify(store)] == ["two"]
    assert two.read_text() != TEXT


def test_what_becomes_free_is_what_nothing_else_shares(root: Path, publish: Publish) -> None:
    with Store.open(root) as store:
        kept, one, two = (file.parent.name for file in published(store, publish, kept=TEXT, one=TEXT, two="t" * SIZE))
        three = published(store, publish, three="t" * SIZE)[0].parent.name
        share_all(store)
        by_name = {path.text: path for path in store.database.objects()}
        store.add_root(Root("profile", "mine", (by_name[kept],), "root add"))
    with Store.open(root) as store:
        planned = garbage(store)
        assert {dead.store_path.text: dead.bytes for dead in planned.dead} == {three: 0, two: SIZE, one: 0}
        assert collect(store).bytes == planned.bytes == SIZE
        assert len(list(store.layout.shared.iterdir())) == 1
        store.remove_root("profile", "mine")
        assert collect(store).bytes == SIZE
        assert list(store.layout.shared.iterdir()) == []


def test_a_collection_forgets_what_only_a_killed_process_still_names(store: Store, publish: Publish) -> None:
    names = {f"part-{number}": str(number) * SIZE for number in range(9)}
    files = published(store, publish, **names)
    share_all(store)
    for file in list(store.layout.shared.iterdir()):
        os.link(file, store.layout.shared / f".{file.name}")
    for file in files:
        file.parent.chmod(0o755)
        file.unlink()
    sweep(store.layout)
    assert list(store.layout.shared.iterdir()) == []


def test_the_name_among_the_shared_ones_is_no_name_of_an_object(store: Store, publish: Publish) -> None:
    (one,) = published(store, publish, one=TEXT)
    share_all(store)
    (use,) = disk_use(one.parent, shared=shared_inodes(store.layout)).values()
    assert not use.named_elsewhere


def test_a_file_that_can_have_no_more_names_is_followed_by_another(root: Path, publish: Publish) -> None:
    with Store.open(root) as store:
        if file_system(root).kind != "ext4":
            pytest.skip("another file system's limit is not known, or larger")
        (one,) = published(store, publish, one=TEXT)
        share_all(store)
        (root / "names").mkdir()
        for number in range(65_000 - 2):
            os.link(one, root / "names" / str(number))
        two, three = published(store, publish, two=TEXT, three=TEXT)
        assert share_all(store) == Saved(1, SIZE)
        assert inode(two) == inode(three) != inode(one)
        assert verify(store) == []


def tamper(file: Path) -> None:
    """Change a byte and hide that."""
    file.chmod(0o644)
    file.write_text("S" + TEXT[1:])
    file.chmod(0o444)
    os.utime(file, (1, 1))
