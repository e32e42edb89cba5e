"""System calls that no build may make, as the program that the kernel runs in front of each (seccomp).

Keys: a keyring is in no namespace, and what a build inherits or can guess of its user's keys it could read and spend.
Only the machine's own calling convention is let through, so that no call is made by another number.
"""

import errno
import platform
import struct
from collections.abc import Iterator

CONVENTIONS = {"x86_64": (0xC000003E, (248, 249, 250)), "aarch64": (0xC00000B7, (217, 218, 219))}
"""A machine's name to its own convention (linux/audit.h), and its numbers of add_key, request_key and keyctl."""
X32 = 0x40000000
"""What x86-64 adds to the numbers of a second convention that goes by the same name."""

LOAD, RETURN, EQUAL, NOT_LESS = 0x20, 0x06, 0x15, 0x35
"""Instructions of the program (linux/bpf_common.h): a word of the call, an answer, and two jumps."""
NUMBER, CONVENTION = 0, 4
"""Where the words stand in the call (struct seccomp_data)."""
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | errno.ENOSYS
"""Refused is answered as by a kernel that has no such call."""


def program() -> bytes:
    """The program for this machine; empty where its numbers are not known."""
    return b"".join(_instructions(*CONVENTIONS[platform.machine()])) if platform.machine() in CONVENTIONS else b""


def _instructions(convention: int, refused: tuple[int, ...]) -> Iterator[bytes]:
    """One by one; a jump says how many to pass over if it is so, and if not."""
    yield _instruction(LOAD, CONVENTION)
    yield _instruction(EQUAL, convention, if_so=1)
    yield _instruction(RETURN, REFUSE)
    yield _instruction(LOAD, NUMBER)
    yield _instruction(NOT_LESS, X32, if_not=1)
    yield _instruction(RETURN, REFUSE)
    for number in refused:
        yield _instruction(EQUAL, number, if_not=1)
        yield _instruction(RETURN, REFUSE)
    yield _instruction(RETURN, ALLOW)


def _instruction(code: int, operand: int, *, if_so: int = 0, if_not: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_so, if_not, operand)
