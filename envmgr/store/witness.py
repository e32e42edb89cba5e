"""A process that tries locks as it is told: two of them prove whether locks hold (see `lock_proof`).

It is started by its path, and imports nothing of envmgr. Each line on stdin is an act and a path; it is answered on
stdout by `yes`, `no`, or a line that says what went wrong.
"""

import fcntl
import os
import sqlite3
import sys
from pathlib import Path

_held: dict[str, int] = {}
_written: dict[str, sqlite3.Connection] = {}


def exclusive(path: str) -> bool:
    """Lock a file alone, without waiting; whether that was granted."""
    return _lock(path, fcntl.LOCK_EX)


def shared(path: str) -> bool:
    """Lock a file together with others; whether that was granted."""
    return _lock(path, fcntl.LOCK_SH)


def release(path: str) -> bool:
    """Let a locked file go."""
    os.close(_held.pop(path))
    return True


def write(path: str) -> bool:
    """Begin to write a database, and do not end; whether that was granted."""
    connection = _written.setdefault(path, sqlite3.connect(path, timeout=0, isolation_level=None))
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorname == "SQLITE_BUSY":
            return False
        raise
    return True


def replace(path: str) -> bool:
    """Rename a new file to the name of an old one."""
    for name in (path, f"{path}.new"):
        os.close(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
    Path(f"{path}.new").replace(path)
    return True


def _lock(path: str, operation: int) -> bool:
    if path not in _held:
        _held[path] = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(_held[path], operation | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


ACTS = {act.__name__: act for act in (exclusive, shared, release, write, replace)}


def main() -> None:
    """Answer until stdin ends."""
    for line in sys.stdin:
        act, _, path = line.rstrip("\n").partition(" ")
        try:
            answer = "yes" if ACTS[act](path) else "no"
        except (OSError, sqlite3.Error) as error:
            answer = " ".join(str(error).split())
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
