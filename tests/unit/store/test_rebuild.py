"""The index made again from the files beside it."""

import sqlite3
from pathlib import Path

import pytest

from envmgr.store.rebuild import rebuild_db
from envmgr.store.schema import NewerStoreError
from envmgr.store.store import NoStoreError, Store
from envmgr.store.verify import verify

from .conftest import Publish, derivation_of


def fill(root: Path, publish: Publish) -> None:
    with Store.open(root) as store:
        lib = publish(store, "lib", {"lib.so": "x"})
        publish(store, "app", {"app": str(lib.store_path)}, uses=[lib.store_path])
        publish(store, "lib", {"lib.so": "x"}, flag="1")
        store.bind(lib, derivation_of("lib", flag="2"))


def rows(root: Path) -> list[object]:
    with Store.open(root) as store:
        paths = store.database.objects()
        objects = sorted(map(str, map(store.database.object, paths)))
        realisations = sorted(str(one) for path in paths for one in store.database.realisations_of(path))
        return [objects, realisations, store.statistics()]


def dump(index: Path) -> dict[str, list[str]]:
    """Every column of every table, objects by their store paths instead of their numbers."""
    connection = sqlite3.connect(index)
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    numbers = dict(connection.execute("SELECT id, store_path FROM objects"))
    found = {}
    for table in tables:
        rows = connection.execute(f"SELECT * FROM {table}")  # noqa: S608  a table of ours
        is_number = [column in {"id", "object", "referrer", "reference"} for column, *_ in rows.description]
        named = [[numbers[cell] if is_number[place] else cell for place, cell in enumerate(row)] for row in rows]
        found[table] = sorted(map(repr, named))
    connection.close()
    return found


def test_every_byte_of_the_tables_is_as_it_was(root: Path, publish: Publish) -> None:
    fill(root, publish)
    before = dump(root / "db.sqlite")
    assert {table: len(rows) for table, rows in before.items()} == {"objects": 2, "refs": 1, "realisations": 4}
    (root / "db.sqlite").unlink()
    rebuild_db(root)
    assert dump(root / "db.sqlite") == before


@pytest.mark.parametrize(
    "damage",
    [
        lambda index: None,
        lambda index: index.unlink(),
        lambda index: index.write_bytes(b""),
        lambda index: index.write_bytes(b"rubbish" * 1000),
        lambda index: index.with_name("db.sqlite-journal").write_bytes(
            b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + b"\0" * 600
        ),
    ],
    ids=["whole", "gone", "empty", "rubbish", "journal"],
)
def test_nothing_is_lost(root: Path, publish: Publish, damage: object) -> None:
    fill(root, publish)
    before = rows(root)
    assert callable(damage)
    damage(root / "db.sqlite")
    rebuilt = rebuild_db(root)
    assert (rebuilt.objects, rebuilt.realisations, rebuilt.unused) == (2, 4, ())
    assert rows(root) == before
    with Store.open(root) as store:
        assert verify(store) == []
        assert store.database.faults() == []


def test_a_process_that_has_the_old_index_open_goes_on_with_the_new_one(root: Path, publish: Publish) -> None:
    with Store.open(root) as store:
        publish(store, "before", {"file": "x"})
        rebuild_db(root)
        made = publish(store, "after", {"file": "y"})
        with Store.open(root) as other:
            assert other.realisation(made.resolved) == made
            assert other.statistics().objects == 2


def test_what_cannot_be_used_is_named_and_left_out(root: Path, publish: Publish) -> None:
    fill(root, publish)
    with Store.open(root) as store:
        lib, app = store.database.objects()
        record = store.layout.record(app)
        folder = store.folder(lib)
        folder.chmod(0o755)
        folder.rename(root / "away")
    rebuilt = rebuild_db(root)
    assert (rebuilt.objects, rebuilt.realisations) == (0, 0)
    assert record.relative_to(root) in [file for file, _ in rebuilt.unused]
    (root / "away").rename(folder)
    record.write_text("{")
    rebuilt = rebuild_db(root)
    assert (rebuilt.objects, rebuilt.realisations) == (1, 3)


def test_a_newer_store_is_left_alone(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Store.open(root).close()
    before = (root / "db.sqlite").read_bytes()
    monkeypatch.setattr("envmgr.store.schema.MIGRATIONS", ())
    with pytest.raises(NewerStoreError):
        rebuild_db(root)
    assert (root / "db.sqlite").read_bytes() == before


def test_where_there_is_no_store_nothing_is_made(root: Path) -> None:
    with pytest.raises(NoStoreError):
        rebuild_db(root)
    assert not root.exists()
