"""One connection to the index for all threads of this process, and what is said when SQLite fails.

Rollback journal: WAL does not work on network file systems, and had a bug that could corrupt until SQLite 3.51.3. And
`synchronous=EXTRA`: with FULL the deletion of the journal, which is what commits, may itself be undone by a power cut.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from envmgr.model.errors import EnvmgrError, HostError, IntegrityError, LockTimeoutError
from envmgr.store.durable import DiskFullError
from envmgr.store.schema import migrate, refuse_newer, refuse_older

_BUSY_SECONDS = 60.0
_CACHE_KIB = 32 * 1024
"""Pages that SQLite may keep: a transaction that changes more of them waits for the disk in its midst, too."""


class DamagedIndexError(IntegrityError):
    """SQLite can't read the index, or it is gone."""

    def __init__(self, index: Path, reason: str) -> None:
        super().__init__(
            f"the index of the store is damaged: {reason}",
            where=str(index),
            fix="`envmgr verify --rebuild-db` makes it again from the files beside it",
        )
        self.index = index
        self.reason = reason


class Connection:
    """A connection that threads use in turn.

    A rebuilt index takes the place of the old file; that is noticed by the number of the file, and opened instead.
    """

    def __init__(self, index: Path, *, read_only: bool) -> None:
        self.index = index
        self._read_only = read_only
        self._mutex = threading.RLock()
        with _sqlite_faults(index):
            self._connection, self._number = self._connect()

    def close(self) -> None:
        """Let the file go, once no thread is about it: SQLite crashes where it is closed in the midst of a query."""
        with self._mutex:
            self._connection.close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """For a query.

        Raises:
            DamagedIndexError, HostError, LockTimeoutError: SQLite failed.
        """
        with self._mutex, _sqlite_faults(self.index):
            if self.index.stat().st_ino != self._number:
                self._connection.close()
                self._connection, self._number = self._connect()
            yield self._connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """For changes: all of them are on the disk at the end, or none.

        Raises:
            DamagedIndexError, HostError, LockTimeoutError: SQLite failed.
        """
        with self.reading() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def _connect(self) -> tuple[sqlite3.Connection, int]:
        refuse_newer(self.index)
        connection = sqlite3.connect(
            f"{self.index.as_uri()}?mode={'ro' if self._read_only else 'rwc'}",
            uri=True,
            timeout=_BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA synchronous = EXTRA")
            connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
            if self._read_only:
                refuse_older(connection, self.index)
            else:
                connection.execute("PRAGMA journal_mode = DELETE")
                migrate(connection)
            return connection, self.index.stat().st_ino
        except BaseException:
            connection.close()
            raise


@contextmanager
def _sqlite_faults(index: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise DamagedIndexError(index, "its file is gone") from error
    except OSError as error:
        raise _unusable(index, error.strerror or str(error)) from error
    except sqlite3.ProgrammingError:  # a fault of ours; or it was closed, and a thread goes on that was to be stopped
        raise
    except sqlite3.DatabaseError as error:
        raise _meaning(error, index) from error


def _meaning(error: sqlite3.DatabaseError, index: Path) -> EnvmgrError:
    name = error.sqlite_errorname
    if name == "SQLITE_FULL":
        return DiskFullError(index, str(error))
    if name == "SQLITE_BUSY":
        return LockTimeoutError(
            f"other processes wrote to the index for {_BUSY_SECONDS:g} s",
            where=str(index),
            fix="wait for them, or stop them, and try again",
        )
    if name.startswith(("SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_CANTOPEN")):
        return _unusable(index, str(error))
    return DamagedIndexError(index, str(error))


def _unusable(index: Path, reason: str) -> HostError:
    return HostError(
        f"the index of the store can't be used: {reason}",
        where=str(index),
        fix="see whether the disk is whole, mounted and writable for this user",
    )
