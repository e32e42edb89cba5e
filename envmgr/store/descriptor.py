"""Folders and files opened without following links, whatever mode a builder left them with."""

import os
import stat

from envmgr.content import READ_FILE
from envmgr.tree import READ_FOLDER

_HELD = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC


def open_folder(name: str, parent: int) -> int:
    """Open a folder for reading, and let its owner do all there.

    Raises:
        OSError: it is not a folder, or not ours.
    """
    held = _permit(name, parent, _HELD | os.O_DIRECTORY, stat.S_IRWXU)
    try:
        return os.open(".", READ_FOLDER, dir_fd=held)
    finally:
        os.close(held)


def open_file(name: str, parent: int) -> int:
    """Open a file for reading, and let its owner do so.

    Raises:
        OSError: it is not a file, or not ours.
    """
    try:
        return os.open(name, READ_FILE, dir_fd=parent)
    except PermissionError:
        os.close(_permit(name, parent, _HELD, stat.S_IRUSR))
        return os.open(name, READ_FILE, dir_fd=parent)


def _permit(name: str, parent: int, flags: int, mode: int) -> int:
    # What may not be read can be held by O_PATH only, which fchmod does not take; the path in /proc does.
    held = os.open(name, flags, dir_fd=parent)
    try:
        present = stat.S_IMODE(os.fstat(held).st_mode)
        if present & mode != mode:
            os.chmod(f"/proc/self/fd/{held}", present | mode)  # noqa: PTH101  a descriptor, not a path
    except BaseException:
        os.close(held)
        raise
    return held
