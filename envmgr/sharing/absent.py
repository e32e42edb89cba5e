"""What a cache did not have a moment ago, so that the next command need not ask again.

One small file a cache: a line a name, with the second until which it is believed. It is a memory, not a record: it may
be lost, or be written by two commands at once, and nothing comes of it but questions that are asked again.
"""

import time
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

from envmgr.model.digest import Digest

SECONDS = 60.0
"""How long an absence is believed: longer than a build takes to be tried again, shorter than a colleague to push."""


class Absent:
    """The names that one cache does not have."""

    def __init__(self, folder: Path, place: str) -> None:
        """Take the folder of all such memories, and the place of the cache."""
        self._file = folder / "absent" / Digest.of(place.encode()).hex[:32]
        self._until = self._load()
        self._new = False

    def __contains__(self, name: str) -> bool:
        return name in self._until

    def note(self, name: str) -> None:
        """The cache does not have this."""
        self._until[name] = time.time() + SECONDS
        self._new = True

    def save(self) -> None:
        """Let later commands know."""
        if not self._new:
            return
        draft = self._file.with_name(f"{self._file.name}.{token_hex(4)}")
        with suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True)
            draft.write_text("".join(f"{until} {name}\n" for name, until in self._until.items()), encoding="ascii")
            draft.replace(self._file)

    def _load(self) -> dict[str, float]:
        now, known = time.time(), {}
        with suppress(OSError, ValueError):
            for line in self._file.read_text(encoding="ascii").splitlines():
                until, _, name = line.partition(" ")
                if now < float(until) <= now + SECONDS:
                    known[name] = float(until)
        return known


def forget(folder: Path) -> None:
    """Forget every absence: something was pushed."""
    with suppress(OSError):
        for file in (folder / "absent").iterdir():
            file.unlink(missing_ok=True)
