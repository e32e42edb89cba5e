"""Deleting a tree by descriptors, however deep it is and whatever modes it has.

Deleting by recursion fails on a tree of some thousand levels, for want of stack, descriptors or length of path.
Here every folder found below the top is first moved up, to stand directly in the top under a new name. So no path
is longer than two names, three descriptors are enough, and each folder is moved once.
"""

import errno
import os
from contextlib import suppress
from itertools import count
from pathlib import Path

from envmgr.store.descriptor import open_folder
from envmgr.tree import READ_FOLDER


def remove_tree(tree: Path) -> None:
    """Delete a file, a symlink or a tree; what others delete at the same time is no error.

    Raises:
        OSError: something cannot be deleted.
    """
    parent = os.open(tree.parent, READ_FOLDER)
    try:
        if not _remove_entry(tree.name, parent):
            with suppress(FileNotFoundError):
                _remove_folder(tree.name, parent)
    finally:
        os.close(parent)


def _folders_left(folder: int) -> list[str]:
    """Delete all in a folder but its folders, and name those."""
    return [name for name in os.listdir(folder) if not _remove_entry(name, folder)]


def _remove_entry(name: str, parent: int) -> bool:
    """Delete what is not a folder; whether it is gone."""
    try:
        os.unlink(name, dir_fd=parent)
    except FileNotFoundError:
        return True
    except IsADirectoryError:
        return False
    return True


def _remove_folder(name: str, parent: int) -> None:
    top = open_folder(name, parent)
    try:
        waiting = _folders_left(top)
        numbers = count()
        while waiting:
            with suppress(FileNotFoundError):
                waiting += _remove_lifted(waiting.pop(), top, numbers)
    finally:
        os.close(top)
    os.rmdir(name, dir_fd=parent)


def _remove_lifted(name: str, top: int, numbers: "count[int]") -> list[str]:
    """Delete a folder that stands in `top`; its folders are moved there, and their new names returned."""
    folder = open_folder(name, top)
    try:
        lifted = [_lift(below, folder, top, numbers) for below in _folders_left(folder)]
    finally:
        os.close(folder)
    os.rmdir(name, dir_fd=top)
    return lifted


def _lift(name: str, folder: int, top: int, numbers: "count[int]") -> str:
    os.close(open_folder(name, folder))  # to be moved, a folder must be writable: its `..` changes
    while True:
        new = f".lifted-{next(numbers)}"
        try:
            os.rename(name, new, src_dir_fd=folder, dst_dir_fd=top)
        except OSError as error:
            if error.errno not in {errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR}:  # the new name is taken
                raise
        else:
            return new
