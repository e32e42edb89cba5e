"""Nothing to do, said at once: the answer of an earlier `realize`, when nothing that it rests on has changed.

`remember` writes an answer down: the paths to print, the objects that must be there, and every file and folder that
the plan was made from with its times, size and inode. `recall` holds them against the disk, one `lstat` each, and
imports nothing but `os` and `hashlib`. Any doubt (a missing memo, another time, a missing object, an option that it
does not know) means None, and the command is worked out in full.

A file that was changed in the very tick in which it was read would look unchanged later; so a memo that is not
clearly younger than all that it rests on is not written.
"""

import os
import sys
from hashlib import sha256

from envmgr import places

TICK_NANOSECONDS = 50_000_000
"""Longer than the step of file times on the file systems that we know."""


def recall(arguments: list[str]) -> list[str] | None:
    """The lines that `realize` with these arguments prints, or None where that is not known for sure."""
    if any(argument.startswith("-") and argument not in ("--set", "--lock") for argument in arguments):
        return None
    root = places.store(None, os.getcwd())
    try:
        with open(_memo(root, arguments), encoding="utf-8", errors="surrogateescape") as file:
            printed, objects, watched = (part.split("\n") for part in file.read().split("\n\n"))
        for line in watched:
            stamp, _, path = line.partition(" ")
            if stamp != _stamp(path):
                return None
        for name in objects:
            os.stat(f"{root}/objects/{name}")
    except (OSError, ValueError):
        return None
    return [f"{root}/objects/{name}" for name in printed]


def remember(
    arguments: list[str], root: str, *, printed: list[str], objects: list[str], watched: list[str], began: int
) -> None:
    """Write an answer down for `recall`; `began` is when the plan was made, in nanoseconds since 1970."""
    try:
        stamps = [(os.lstat(path).st_mtime_ns, _stamp(path), path) for path in watched]
        if any(changed > began - TICK_NANOSECONDS for changed, _, _ in stamps):
            return
        parts = (printed, objects, [f"{stamp} {path}" for _, stamp, path in stamps])
        memo = _memo(root, arguments)
        os.makedirs(os.path.dirname(memo), exist_ok=True)
        with open(f"{memo}.{os.getpid()}", "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write("\n\n".join("\n".join(part) for part in parts))
        os.replace(f"{memo}.{os.getpid()}", memo)
    except OSError:
        return  # a read-only or full store: the next call works it out again


def _memo(root: str, arguments: list[str]) -> str:
    """The memo's file: its name stands for all that an answer depends on beside files."""
    host = os.uname()
    question = "\0".join(
        [
            *arguments,
            os.getcwd(),
            sys.version,
            host.release,
            host.machine,
            str(os.path.exists("/proc/driver/nvidia/version")),
            __file__,
        ]
    )
    return f"{root}/answers/{sha256(os.fsencode(question)).hexdigest()[:32]}"


def _stamp(path: str) -> str:
    state = os.lstat(path)
    return f"{state.st_mtime_ns}:{state.st_ctime_ns}:{state.st_size}:{state.st_ino}"
