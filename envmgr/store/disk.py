"""The disk below a store, brought up to what was written: as a whole where that can be relied on, else file by file.

One `syncfs` costs little more than the fsync of one file, however many files there are. (It waits for what others
wrote to the file system, too.) Whether it may stand for the fsyncs depends on whether it tells what could not be
written: Linux does since 5.8, to every descriptor that was open when the write failed, where the file system keeps the
account itself. So a Disk is made before the first file is written. Elsewhere (overlays, network file systems, older
kernels) each file is synced by itself.
"""

import os
import re
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

from envmgr.store.durable import sync_file, sync_folder, sync_tree
from envmgr.store.file_system import file_system
from envmgr.tree import READ_FOLDER

TELLING_KERNEL = (5, 8)
TELLING_FILE_SYSTEMS = frozenset({"btrfs", "ext2", "ext3", "ext4", "tmpfs", "xfs"})


class Disk:
    """The disk below a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._descriptor = os.open(folder, READ_FOLDER)

    def close(self) -> None:
        """Let the folder go."""
        os.close(self._descriptor)

    def sync(self, *, trees: Iterable[Path] = (), files: Iterable[Path] = (), folders: Iterable[Path] = ()) -> None:
        """Bring to the disk trees with all that is in them, files, and the names in folders; perhaps more.

        Raises:
            OSError: the disk would not take something. Never to be tried again: a second try would report success for
                data that is lost.
        """
        if self._is_synced_as_a_whole:
            _syncfs(self._descriptor)
            return
        for tree in trees:
            sync_tree(tree)
        for file in files:
            sync_file(file)
        for folder in folders:
            sync_folder(folder)

    @cached_property
    def _is_synced_as_a_whole(self) -> bool:
        return _kernel() >= TELLING_KERNEL and file_system(self._folder).kind in TELLING_FILE_SYSTEMS


def _syncfs(descriptor: int) -> None:
    import ctypes

    if ctypes.CDLL(None, use_errno=True).syncfs(descriptor) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def _kernel() -> tuple[int, int]:
    version = re.match(r"(\d+)\.(\d+)", os.uname().release)
    return (int(version[1]), int(version[2])) if version else (0, 0)
