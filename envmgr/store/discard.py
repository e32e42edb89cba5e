"""Removing runs: the folder of one goes, and with it the root that keeps what it ran on.

A folder is first moved into the trash, at once and as a whole: a run is there, or it is not. Its root hangs on the
folder and holds nothing from then on. So whoever is interrupted leaves a root without a run and a tree in the trash,
and whoever removes runs next, or collects garbage, deletes both.
"""

import os
from collections.abc import Collection, Iterable

from envmgr.model.errors import UsageError
from envmgr.model.store_path import StorePath
from envmgr.store import roots
from envmgr.store.db import DeadObject
from envmgr.store.keepers import all_roots
from envmgr.store.path_lock import remove_free
from envmgr.store.remove import Remover
from envmgr.store.store import Store
from envmgr.tree import READ_FOLDER


class RunUnderWayError(UsageError):
    """A run that is to be removed has not ended."""

    def __init__(self, run: str, place: str) -> None:
        self.run = run
        super().__init__(
            f"run {run} is under way; nothing was removed",
            where=place,
            fix="wait until it has ended, or end it with Ctrl-C where it was started",
        )


def discard(store: Store, runs: Collection[str]) -> None:
    """Remove runs by their ids, whether they have a record or not; of those that are gone, only what was left.

    Raises:
        RunUnderWayError: one has not ended; none is removed.
        ReadOnlyStoreError: the store cannot be written.
        NotDeletedError: a file cannot be deleted; the runs are gone all the same.
    """
    store.require_writable()
    layout = store.layout
    for run in runs:
        if not remove_free(layout.run_lock(run)):
            raise RunUnderWayError(run, str(layout.runs / run))
    folder = os.open(layout.runs, READ_FOLDER)
    try:
        with Remover(layout.trash) as remover:
            for run in runs:
                remover.take(run, folder)
            for kind, file in roots.files(layout):
                if kind == "run" and roots.held(layout, kind, file) is None:
                    store.remove_root(kind, file.name)
            remover.remove([tree.name for tree in layout.trash.iterdir()])
    finally:
        os.close(folder)


def unkept(store: Store, paths: Iterable[StorePath]) -> list[DeadObject]:
    """Those of some objects that no root keeps, so that the next collection takes them."""
    asked = set(paths)
    kept = (path for root in all_roots(store) for path in root.paths)
    return [item for item in store.database.dead(kept) if item.store_path in asked]
