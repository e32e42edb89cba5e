"""A store of schema 2, with four files beside the index for each object, becomes one of today."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from envmgr.store.rebuild import open_without_index, rebuild_db
from envmgr.store.record import Record, read
from envmgr.store.schema import OlderStoreError
from envmgr.store.store import Store
from envmgr.store.verify import verify
from tests.schema_2 import FOLDERS, said, turn_back

from .conftest import Publish, derivation_of

THEN = 86400


@pytest.fixture
def records(root: Path, publish: Publish) -> dict[str, Record]:
    """What the records of a store said before it was made one of schema 2."""
    with Store.open(root) as store:
        lib = publish(store, "lib", {"lib.so": "x"})
        publish(store, "app", {"app": str(lib.store_path)}, uses=[lib.store_path])
        store.bind(lib, derivation_of("lib", flag="1"))
    for file in (root / "records").iterdir():
        os.utime(file, (THEN, THEN))
    return turn_back(root)


def assert_whole(root: Path, records: dict[str, Record]) -> None:
    with Store.open(root) as store:
        assert (verify(store), store.database.faults()) == ([], [])
        assert {store.layout.record(path).stat().st_mtime for path in store.database.objects()} == {THEN}
    assert said(root) == records
    assert not any((root / name).exists() for name in FOLDERS)


def test_everything_is_as_it_was_and_the_old_files_are_gone(root: Path, records: dict[str, Record]) -> None:
    assert_whole(root, records)
    assert list((root / "staging" / "trash").iterdir()) == []
    assert_whole(root, records)


@pytest.mark.parametrize("damage", [Path.unlink, lambda index: index.write_bytes(b"rubbish" * 1000)])
def test_a_damaged_index_is_made_again_from_the_old_files(
    root: Path, records: dict[str, Record], damage: Callable[[Path], object]
) -> None:
    damage(root / "db.sqlite")
    rebuilt = rebuild_db(root)
    assert (rebuilt.objects, rebuilt.realisations, rebuilt.unused) == (2, 3, ())
    assert_whole(root, records)


def test_what_was_damaged_is_damaged_still_and_costs_nothing_else(root: Path, records: dict[str, Record]) -> None:
    (lib,) = (root / "manifests").glob("*-lib-1.json")
    lib.write_text("{}")
    next((root / "realisations").iterdir()).write_text("{}")
    with Store.open(root) as store:
        assert lib.stem in {str(damage.store_path) for damage in verify(store)}
        assert read(store.layout.records / lib.stem).manifest == records[lib.stem].manifest
        assert sum(len(read(file).written) for file in store.layout.records.iterdir()) == 2


@pytest.mark.usefixtures("records")
def test_what_can_only_be_read_is_refused(root: Path, tmp_path: Path) -> None:
    with pytest.raises(OlderStoreError) as caught:
        Store.open(root, read_only=True)
    assert caught.value.found == 2
    with pytest.raises(OlderStoreError):
        open_without_index(root, tmp_path)
    assert not (root / "records").exists()
