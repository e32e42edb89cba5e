"""System calls that no build may make, as the program that the kernel runs in front of each (seccomp).

Keys: a keyring is in no namespace, and what a build inherits or can guess of its user's keys it could read and spend.
Sockets of other families than are named: some lead out of every namespace, as that to the machine which runs this one.
Rings of calls, which the kernel makes past this program. Only the machine's own calling convention is let through, so
that no call is made by another number.
"""

import errno
import platform
import struct
from collections.abc import Collection, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Machine:
    """A machine's own convention (linux/audit.h), and its numbers of calls."""

    convention: int
    keys: tuple[int, ...]
    """Of add_key, request_key and keyctl."""
    socket: int


MACHINES = {
    "x86_64": Machine(0xC000003E, (248, 249, 250), 41),
    "aarch64": Machine(0xC00000B7, (217, 218, 219), 198),
}
IO_URING_SETUP = 425
"""On every machine."""
UNIX, INET, INET6, NETLINK = 1, 2, 10, 16
"""Families of sockets (linux/socket.h)."""
X32 = 0x40000000
"""What x86-64 adds to the numbers of a second convention that goes by the same name."""

LOAD, RETURN, EQUAL, NOT_LESS = 0x20, 0x06, 0x15, 0x35
"""Instructions of the program (linux/bpf_common.h): a word of the call, an answer, and two jumps."""
NUMBER, CONVENTION, FIRST_ARGUMENT = 0, 4, 16
"""Where the words stand in the call (struct seccomp_data)."""
ALLOW, REFUSE, REFUSE_FAMILY = 0x7FFF0000, 0x00050000 | errno.ENOSYS, 0x00050000 | errno.EAFNOSUPPORT
"""Refused is answered as by a kernel that has no such call, or no such sockets."""


def program(families: Collection[int]) -> bytes:
    """The program for this machine, which lets sockets of these families be opened; empty where it is not known."""
    machine = MACHINES.get(platform.machine())
    return b"".join(_instructions(machine, families)) if machine else b""


def _instructions(machine: Machine, families: Collection[int]) -> Iterator[bytes]:
    """One by one; a jump says how many to pass over if it is so, and if not."""
    yield _instruction(LOAD, CONVENTION)
    yield _instruction(EQUAL, machine.convention, if_so=1)
    yield _instruction(RETURN, REFUSE)
    yield _instruction(LOAD, NUMBER)
    yield _instruction(NOT_LESS, X32, if_not=1)
    yield _instruction(RETURN, REFUSE)
    for number in (*machine.keys, IO_URING_SETUP):
        yield _instruction(EQUAL, number, if_not=1)
        yield _instruction(RETURN, REFUSE)
    yield _instruction(EQUAL, machine.socket, if_so=1)
    yield _instruction(RETURN, ALLOW)
    yield _instruction(LOAD, FIRST_ARGUMENT)
    for family in families:
        yield _instruction(EQUAL, family, if_not=1)
        yield _instruction(RETURN, ALLOW)
    yield _instruction(RETURN, REFUSE_FAMILY)


def _instruction(code: int, operand: int, *, if_so: int = 0, if_not: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_so, if_not, operand)
