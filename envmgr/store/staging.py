"""Where an object is made before it is one, and how what was left of that is cleared away.

The staging folders of a process stand in one folder, with a file `owner` in it that the process holds locked. When it
dies, however it dies, the lock is free, and the next start takes the folder away. Other trees are deleted from the
trash only: a rename takes them out of sight at once, and an interrupted deletion goes on at the next start.
"""

import itertools
import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from envmgr.store.layout import Layout
from envmgr.store.path_lock import LOCK_SECONDS, hold_new, is_free, shared
from envmgr.store.remove import GARBAGE, remove_tree
from envmgr.store.seal import VAULT, close_top, open_top

_OWNER = "owner"
_KEPT = "kept"


@dataclass(frozen=True)
class Staging:
    """A folder for one build, on the file system of the objects: an empty `out` to be filled, and an empty `work`."""

    folder: Path
    out: Path
    work: Path


class StagingFolders:
    """Those of this process; the folder that they stand in is made with the first."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._folder = layout.staging / f"{os.getpid()}-{secrets.token_hex(8)}"
        self._owner = -1
        self._numbers = itertools.count()
        self._mutex = threading.Lock()

    def make(self, label: str) -> Staging:
        """Make one; `label` is a name for people."""
        with self._mutex:
            if self._owner < 0:
                with shared(self._layout.collector_lock, timeout=LOCK_SECONDS):
                    self._folder.mkdir(mode=0o700)
                    self._owner = hold_new(self._folder / _OWNER)
        folder = self._folder / f"{label}-{next(self._numbers)}"
        made = Staging(folder, folder / "out", folder / "work")
        folder.mkdir(mode=0o700)
        made.out.mkdir(mode=0o755)
        made.work.mkdir(mode=0o755)
        return made

    def clear(self, staging: Staging) -> None:
        """Delete one with all that is left in it: mostly empty folders."""
        try:
            for left in (staging.folder / VAULT, staging.out, staging.work):
                with suppress(FileNotFoundError):
                    left.rmdir()
            staging.folder.rmdir()
        except OSError:
            with suppress(OSError):  # what can't be deleted now, the next start tries again
                remove_tree(staging.folder)

    def keep(self, staging: Staging) -> Path:
        """Leave one to people who want to look at it, where the returned path says; garbage collection takes it."""
        (staging.folder / _KEPT).touch()
        return staging.folder.rename(self._layout.staging / f"{staging.folder.name}-{secrets.token_hex(8)}")

    def close(self) -> None:
        """Delete all that is left, and let go."""
        with self._mutex:
            if self._owner >= 0:
                with suppress(OSError):
                    remove_tree(self._folder)
                os.close(self._owner)
                self._owner = -1


def discard(layout: Layout, tree: Path) -> Path:
    """Move a file or a tree out of sight, to the returned place in the trash; what is gone already is no error."""
    place = layout.trash / secrets.token_hex(8)
    is_folder = tree.is_dir() and not tree.is_symlink()
    with suppress(FileNotFoundError):
        if is_folder:
            open_top(tree)
        try:
            tree.rename(place)
        except OSError:
            if is_folder:
                close_top(tree)  # it may be an object after all, as far as the index is concerned
            raise
    return place


def empty_trash(layout: Layout) -> None:
    """Delete what is in the trash, but for what garbage collection deletes; several processes may do so at once.

    Raises:
        OSError: something cannot be deleted.
    """
    for tree in layout.trash.iterdir():
        if not tree.name.startswith(GARBAGE):
            remove_tree(tree)


def leftovers(layout: Layout, *, kept: bool) -> Iterator[Path]:
    """Staging folders without a living owner, `kept` ones too if asked for.

    Call it under the collector lock, exclusive: a folder that is just being made looks ownerless.
    """
    for folder in layout.staging.iterdir():
        if folder != layout.trash and is_free(folder / _OWNER) and (kept or not (folder / _KEPT).exists()):
            yield folder
