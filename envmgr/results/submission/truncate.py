"""An accuracy log as a submission carries it: its two ends, and the hash of the whole."""

import hashlib
import os
from pathlib import Path
from typing import BinaryIO

SHOWN = 4096
"""Bytes of each end; a log that has not even that many stays whole."""
GAP = b"\n\n...\n\n"
MOST = 10 * 1024
"""Bytes that a truncated log may have."""
HASH = "hash="
"""How the line of accuracy.txt begins that holds the SHA-256 of the whole log."""


def truncated(file: Path) -> tuple[bytes, str]:
    """What a submission carries of a log, and the SHA-256 of all of it, in hex."""
    with file.open("rb") as log:
        digest = hashlib.file_digest(log, "sha256").hexdigest()
        return _ends(log, log.seek(0, os.SEEK_END)), digest


def hash_line(digest: str) -> str:
    """The line for accuracy.txt; an empty one stands before it."""
    return f"\n{HASH}{digest}\n"


def _ends(log: BinaryIO, size: int) -> bytes:
    log.seek(0)
    if size < SHOWN:
        return log.read()
    start = log.read(SHOWN)
    log.seek(size - SHOWN)
    return start + GAP + log.read()
