"""The three tables of the index, and how an older index becomes one of today.

A row in `objects` means: this object is whole, on the disk, and everything it refers to is valid as well. The last
is kept by the foreign keys: an object cannot be recorded before its references, nor dropped before its referrers.
Hence also a referrer's `id` is always larger than the ids of its references (SQLite gives a new row the largest id
plus one), so that `ORDER BY id DESC` is an order in which objects may be dropped.

The names are plain because the hot path reads them as well, without this package:

- `objects`: `id`, `store_path` (text), `manifest` (`sha256:<hex>`), `size` (bytes of all files)
- `refs`: `referrer` and `reference` (ids of objects; no object stands here with itself)
- `realisations`: `derivation` and `resolved` (`sha256:<hex>`), `object` (id), `isolation`, `bare_host` (JSON) and
  `origin`; two derivations that resolve to one are two rows with one object, and either is found without its inputs

The number of the schema stands in SQLite's `user_version`.
"""

import sqlite3
from pathlib import Path

from envmgr.model.errors import HostError

MIGRATIONS = (
    """
    CREATE TABLE objects (
        id INTEGER PRIMARY KEY,
        store_path TEXT NOT NULL UNIQUE,
        manifest TEXT NOT NULL,
        size INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE refs (
        referrer INTEGER NOT NULL REFERENCES objects (id) ON DELETE CASCADE,
        reference INTEGER NOT NULL REFERENCES objects (id),
        PRIMARY KEY (referrer, reference)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX refs_by_reference ON refs (reference);
    CREATE TABLE realisations (
        derivation TEXT NOT NULL,
        resolved TEXT NOT NULL,
        object INTEGER NOT NULL REFERENCES objects (id) ON DELETE CASCADE,
        isolation TEXT NOT NULL,
        bare_host TEXT NOT NULL,
        PRIMARY KEY (derivation, resolved)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX realisations_by_object ON realisations (object);
    CREATE INDEX realisations_by_resolved ON realisations (resolved);
    """,
    "ALTER TABLE realisations ADD COLUMN origin TEXT NOT NULL DEFAULT ''",
    "-- the tables are as they were, and the files beside the index others: see forward",
)
"""Step n leads from schema n to schema n + 1; a step that was released is never changed."""


_MAGIC = b"SQLite format 3\0"
_VERSION_END = 64
"""Where in the file `user_version` ends: four bytes, the most significant one first."""


class NewerStoreError(HostError):
    """The store was written by a newer envmgr, whose tables this one does not know."""

    def __init__(self, index: Path, found: int, known: int) -> None:
        super().__init__(
            f"the store has schema {found}, and this envmgr knows schemas up to {known}",
            where=str(index),
            fix="use the newer envmgr that wrote this store, or name another store with --store",
        )
        self.index = index
        self.found = found
        self.known = known


class OlderStoreError(HostError):
    """The store can only be read, and was written by an older envmgr, whose tables lack what this one reads."""

    def __init__(self, index: Path, found: int, known: int) -> None:
        super().__init__(
            f"the store has schema {found}, this envmgr reads schema {known}, and may not bring it forward here",
            where=str(index),
            fix="let the owner of the store use this envmgr once: the first command brings the index forward",
        )
        self.index = index
        self.found = found
        self.known = known


def refuse_older(connection: sqlite3.Connection, index: Path) -> None:
    """Refuse an index that would have to be brought forward.

    Raises:
        OlderStoreError: it is one.
    """
    if (found := _version(connection)) < len(MIGRATIONS):
        raise OlderStoreError(index, found, len(MIGRATIONS))


def refuse_newer(index: Path) -> None:
    """Refuse an index that a newer envmgr wrote.

    The number is read where SQLite's file format has it, so that no journal is played back into a newer index, and a
    damaged one can be asked as well.

    Raises:
        NewerStoreError: it is one.
    """
    if (found := written_version(index)) > len(MIGRATIONS):
        raise NewerStoreError(index, found, len(MIGRATIONS))


def written_version(index: Path) -> int:
    """The number of the schema that an index has, as its file says; 0 where it says none."""
    try:
        with index.open("rb") as file:
            header = file.read(_VERSION_END)
    except FileNotFoundError:
        return 0
    return int.from_bytes(header[_VERSION_END - 4 :], "big") if header.startswith(_MAGIC) else 0


def migrate(connection: sqlite3.Connection) -> None:
    """Bring an index forward to today's schema, in one transaction; two processes may try at once."""
    if _version(connection) == len(MIGRATIONS):
        return
    connection.execute("BEGIN EXCLUSIVE")
    try:
        for number in range(_version(connection), len(MIGRATIONS)):
            for statement in MIGRATIONS[number].split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number + 1}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
