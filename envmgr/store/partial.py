"""What an unfinished fetch of many files has so far: a folder for its resolved derivation, which outlives its process.

Who fetches holds the build lock of the resolved derivation all the time. Without a holder the folder waits for the next
try, or for garbage collection, which takes what nobody holds. A folder is made under the collector lock, shared: so a
collection sees either a held lock, or a folder that nobody has come to rely on.
"""

from pathlib import Path

from envmgr.model.digest import Digest
from envmgr.store.layout import Layout
from envmgr.store.path_lock import LOCK_SECONDS, is_free, shared


def open_partial(layout: Layout, resolved: Digest) -> Path:
    """The folder of what is being fetched, made if it is not there; the build lock of `resolved` is held."""
    folder = layout.partial / resolved.hex
    with shared(layout.collector_lock, timeout=LOCK_SECONDS):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def is_abandoned(layout: Layout, name: str) -> bool:
    """Whether nobody fetches into the folder of this name; call it under the collector lock, alone."""
    return is_free(layout.locks / f"build-{name}")
