"""Where an object is made before it is one, and how what was left of that is cleared away.

A staging folder is made with a file `owner` in it that its process holds locked. When the process dies, however it
dies, the lock is free, and the next start takes the folder away. Trees are deleted from the trash only: a rename
takes them out of sight at once, and an interrupted deletion goes on at the next start.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from envmgr.store.layout import Layout
from envmgr.store.path_lock import hold_new, is_free
from envmgr.store.remove import remove_tree
from envmgr.store.seal import open_top

_OWNER = "owner"
_KEPT = "kept"


@dataclass(frozen=True)
class Staging:
    """A folder for one build, on the file system of the objects: an empty `out` to be filled, and an empty `work`."""

    folder: Path
    out: Path
    work: Path
    owner: int
    """The descriptor that holds the folder."""


def make(layout: Layout, label: str) -> Staging:
    """Make a staging folder; `label` is a name for people. Call it under the collector lock, shared."""
    folder = layout.staging / f"{label}-{secrets.token_hex(8)}"
    out, work = folder / "build" / "out", folder / "build" / "work"
    folder.mkdir(mode=0o700)
    owner = hold_new(folder / _OWNER)
    for below in (folder / "build", out, work):
        below.mkdir(mode=0o755)
    return Staging(folder, out, work, owner)


def clear(layout: Layout, staging: Staging) -> None:
    """Delete a staging folder with all that is left in it."""
    with suppress(OSError):  # what can't be deleted now, the next start tries again
        remove_tree(discard(layout, staging.folder))
    os.close(staging.owner)


def keep(staging: Staging) -> None:
    """Leave a staging folder to people who want to see why the build failed; garbage collection takes it."""
    (staging.folder / _KEPT).touch()
    os.close(staging.owner)


def discard(layout: Layout, tree: Path) -> Path:
    """Move a file or a tree out of sight, to the returned place in the trash; what is gone already is no error."""
    place = layout.trash / secrets.token_hex(8)
    with suppress(FileNotFoundError):
        if tree.is_dir() and not tree.is_symlink():
            open_top(tree)
        tree.rename(place)
    return place


def empty_trash(layout: Layout) -> None:
    """Delete what is in the trash; several processes may do so at once.

    Raises:
        OSError: something cannot be deleted.
    """
    for tree in layout.trash.iterdir():
        remove_tree(tree)


def leftovers(layout: Layout, *, kept: bool) -> Iterator[Path]:
    """Staging folders without a living owner, `kept` ones too if asked for.

    Call it under the collector lock, exclusive: a folder that is just being made looks ownerless.
    """
    for folder in layout.staging.iterdir():
        if folder != layout.trash and is_free(folder / _OWNER) and (kept or not (folder / _KEPT).exists()):
            yield folder
