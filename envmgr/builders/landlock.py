"""How a process gives up rights for good: over files and other processes (Landlock), root's, to make system calls.

The interface: https://docs.kernel.org/userspace-api/landlock.html and linux/landlock.h, prctl(2), capset(2).
"""

import ctypes
import os
import stat
import struct

Rule = tuple[int, str]
"""Rights that are left, and the file or folder below which they are."""

LEAST_ABI = 2
"""Linux 5.19. Before it no file could be moved from one folder to another, as every compiler's cache does."""

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
"""System calls. They are so young that their numbers are the same on every architecture that we build on."""
WHICH_VERSION = 1
PATH_BENEATH = 1

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
MAKE_CHAR, MAKE_BLOCK = 1 << 6, 1 << 11
TRUNCATE, IOCTL_DEV = 1 << 14, 1 << 15
OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
"""The rights that a rule on a file may leave; all others are of folders."""

LIST = READ_DIR
USE = READ_FILE | WRITE_FILE
STEER = USE | READ_DIR | IOCTL_DEV
READ = EXECUTE | READ_FILE | READ_DIR
WRITE = ((1 << 15) - 1) & ~(MAKE_CHAR | MAKE_BLOCK)
"""Everything but making devices and steering them."""

FILE_SYSTEM = ((1, (1 << 13) - 1), (2, 1 << 13), (3, TRUNCATE), (5, IOCTL_DEV))
"""Rights over files: since which version they can be taken away, and their bits."""
SCOPES = ((6, 0b11),)
"""To reach, of those who are not confined with it, abstract sockets and, by signals, processes."""
LATER = ((3, "emptying files"), (5, "steering devices"), (6, "abstract sockets"), (6, "signals"))

NO_NEW_PRIVILEGES, DROP_FROM_BOUNDING_SET, SECCOMP, FILTER = 38, 24, 22, 2
"""Of prctl(2)."""
INSTRUCTION = 8
"""Bytes (struct sock_filter)."""
CAPABILITY_VERSION = 0x20080522

LIBC = ctypes.CDLL(None, use_errno=True)


def abi() -> int:
    """The version of Landlock that this kernel speaks.

    Raises:
        OSError: ENOSYS, EOPNOTSUPP: it has none, or it is switched off; EPERM: a container forbids to ask.
    """
    return _checked(LIBC.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), WHICH_VERSION))


def left_open(version: int) -> list[str]:
    """What a kernel of this version can't take away, of what is taken away by later ones."""
    return [what for since, what in LATER if version < since]


def confine(version: int, rules: list[Rule], refused: bytes) -> None:
    """Take from this thread, and from all that it starts, every right but those of the rules, and root's privileges.

    `refused` is a program that the kernel runs in front of each system call (seccomp); empty, it refuses none.

    Raises:
        OSError: a path is not there, or the kernel refuses: EPERM, this thread has not given up new privileges yet.
    """
    attributes = struct.pack("=QQQ", _handled(FILE_SYSTEM, version), 0, _handled(SCOPES, version))
    ruleset = _checked(LIBC.syscall(CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0))
    for rights, path in rules:
        _leave(ruleset, rights & _handled(FILE_SYSTEM, version), path)
    _drop_capabilities()
    _checked(LIBC.syscall(RESTRICT_SELF, ruleset, 0))
    os.close(ruleset)
    if refused:
        program = ctypes.create_string_buffer(refused)
        described = struct.pack("HP", len(refused) // INSTRUCTION, ctypes.addressof(program))
        _checked(LIBC.prctl(SECCOMP, FILTER, described, 0, 0))


def _handled(table: tuple[tuple[int, int], ...], version: int) -> int:
    return sum(rights for since, rights in table if since <= version)


def _leave(ruleset: int, rights: int, path: str) -> None:
    place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            rights &= OF_FILES
        _checked(LIBC.syscall(ADD_RULE, ruleset, PATH_BENEATH, struct.pack("=Qi", rights, place), 0))
    finally:
        os.close(place)


def _drop_capabilities() -> None:
    """Leave no capability, and none to be had by becoming another program; who is not root has none anyway."""
    capability = 0
    while LIBC.prctl(DROP_FROM_BOUNDING_SET, capability, 0, 0, 0) == 0:  # -1: behind the last, or not root
        capability += 1
    _checked(LIBC.capset(struct.pack("=Ii", CAPABILITY_VERSION, 0), bytes(24)))


def _checked(result: int) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result
