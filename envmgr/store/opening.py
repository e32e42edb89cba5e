"""What comes before a store can be used: its folders are made, a lost index is refused, leftovers are cleared away."""

import os
from contextlib import suppress

from envmgr.store import staging
from envmgr.store.connection import DamagedIndexError
from envmgr.store.durable import room
from envmgr.store.layout import Layout
from envmgr.store.path_lock import PathLockTimeoutError, alone


def make_folders(layout: Layout) -> str:
    """Make the folders that are missing; returns why that cannot be, or nothing.

    Raises:
        DiskFullError: there is no room for them.
    """
    try:
        with room(layout.root):
            for folder in layout.folders():
                private = folder in {layout.locks, layout.staging, layout.trash}
                folder.mkdir(mode=0o700 if private else 0o755, parents=folder == layout.root, exist_ok=True)
    except OSError as error:
        return f"{error.strerror}: {error.filename}"
    if (owner := layout.objects.stat().st_uid) != os.geteuid():
        return f"it belongs to user {owner}, and this is user {os.geteuid()}"
    return "" if os.access(layout.objects, os.W_OK) else "its folders can't be written"


def refuse_lost_index(layout: Layout) -> None:
    """Refuse an index that is gone: made anew, empty, it would make every object rubbish.

    Raises:
        DamagedIndexError: it is gone or empty, and there are objects.
    """
    lost = not layout.index.exists() or layout.index.stat().st_size == 0
    if lost and any(layout.records.glob("*")):
        raise DamagedIndexError(layout.index, "its file is gone or empty, and there are objects")


def sweep(layout: Layout) -> None:
    """Clear away what dead processes left, unless somebody is busy: then the next start does."""
    if any(staging.leftovers(layout, kept=False)):
        with (
            suppress(PathLockTimeoutError),
            alone(layout.collector_lock, holder="clearing staging", timeout=0),
        ):
            for left in staging.leftovers(layout, kept=False):
                staging.discard(layout, left)
    with suppress(OSError):
        staging.empty_trash(layout)
