"""What the files and folders of an object look like on the disk: read-only, with one time for all."""

import os
import stat

FIXED_TIME = 1
"""Seconds since 1970; not 0, which some programs take for "no time"."""


def sealed_mode(mode: int) -> int:
    """The permissions of an object's file or folder: what its owner can run stays executable."""
    return 0o555 if stat.S_ISDIR(mode) or mode & stat.S_IXUSR else 0o444


def is_sealed(status: os.stat_result) -> bool:
    """Whether a file or folder has the mode and time that an object's have."""
    is_fixed = status.st_mtime_ns == FIXED_TIME * 10**9
    return is_fixed and stat.S_IMODE(status.st_mode) == sealed_mode(status.st_mode)


def seal_entry(descriptor: int) -> None:
    """Give an open file or folder the mode and time that an object's have."""
    mode = os.fstat(descriptor).st_mode
    if stat.S_IMODE(mode) != sealed_mode(mode):
        os.fchmod(descriptor, sealed_mode(mode))
    os.utime(descriptor, (FIXED_TIME, FIXED_TIME))


def seal_symlink(name: str, folder: int) -> None:
    """Give a symlink in an open folder the time that an object's have."""
    os.utime(name, (FIXED_TIME, FIXED_TIME), dir_fd=folder, follow_symlinks=False)
