"""When an object was last used: the time of its record's file, which whoever comes to rely on the object sets anew.

It says in which order garbage goes, and nothing else rests on it. So it is not brought to the disk, and where it
cannot be set, it stays as it was. What an object refers to was used when the object was.
"""

import os
from collections.abc import Iterable
from contextlib import suppress

from envmgr.model.store_path import StorePath
from envmgr.store.layout import Layout

NEVER = 0.0
"""Of what has no record."""


def last_use(layout: Layout, path: StorePath) -> float:
    """When an object was last used, in seconds since 1970."""
    try:
        return os.stat(layout.record(path)).st_mtime  # noqa: PTH116  for each object of a store
    except FileNotFoundError:
        return NEVER


def used(layout: Layout, paths: Iterable[StorePath], when: float | None = None) -> None:
    """Say that objects were used then, or now; a later use is not forgotten."""
    for path in paths:
        with suppress(OSError):
            if when is None:
                os.utime(layout.record(path))
            elif when > last_use(layout, path):
                os.utime(layout.record(path), (when, when))
