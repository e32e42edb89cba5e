"""System calls held at the door: the kernel asks us what becomes of each, before it does anything.

A process asks for that itself (`watch`, seccomp's user notification: Linux 5.9, no privilege needed) and hands the
asking end over; it and all that it starts are watched from then on. Whoever holds that end (`attend`) sees the calls of
all threads and processes in one order, and lets each go on, makes it fail, or kills the process in front of it. When
`attend` returns, none of them is left.
"""

import ctypes
import errno
import fcntl
import os
import platform
import select
import signal
import struct
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

NUMBERS = {
    "write": 1,
    "pwrite64": 18,
    "writev": 20,
    "sendfile": 40,
    "copy_file_range": 326,
    "fsync": 74,
    "fdatasync": 75,
    "syncfs": 306,
    "rename": 82,
    "renameat": 264,
    "renameat2": 316,
    "rmdir": 84,
    "unlink": 87,
    "unlinkat": 263,
    "read": 0,
    "pread64": 17,
    "openat": 257,
    "mkdir": 83,
}
"""Numbers of x86-64."""
NAMES = {number: name for name, number in NUMBERS.items()}

WRITES = ("write", "pwrite64", "writev", "sendfile", "copy_file_range")
SYNCS = ("fsync", "fdatasync", "syncfs")
RENAMES = ("rename", "renameat", "renameat2")
UNLINKS = ("unlink", "unlinkat", "rmdir")
READS = ("read", "pread64")
MAKES = ("mkdir", "openat")
"""What makes folders and files; of `openat` only the calls that may do so are asked about."""

_OF_A_DESCRIPTOR = {*WRITES, *SYNCS, *READS}
_OF_A_FOLDER_AND_A_NAME = {"openat", "unlinkat", "renameat", "renameat2"}

LET = 0
"""The call is made."""
KILL = -1
"""SIGKILL comes before it is made."""

Verdict = Callable[["Call"], int]
"""Says what becomes of a call: LET, KILL, or the error number with which it fails."""


@dataclass(frozen=True)
class Call:
    """One call that is about to be made, and the file that it means, as far as that can be told."""

    name: str
    path: str
    own: bool
    """Whether the watched process itself makes it, and none that it started."""


def watch(names: Collection[str]) -> int:
    """Let every such call of this process, and of all that it starts, wait for a verdict; the asking end."""
    if platform.machine() != "x86_64":
        raise OSError(errno.ENOSYS, "the numbers of system calls are known for x86-64 only")
    program = b"".join(_filter(sorted(NUMBERS[name] for name in names)))
    code = ctypes.create_string_buffer(program)
    described = struct.pack("<H6xQ", len(program) // 8, ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
    descriptor: int = libc.syscall(317, 1, 8, ctypes.c_char_p(described))  # seccomp, SET_MODE_FILTER, NEW_LISTENER
    if descriptor < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return descriptor


def attend(asking: int, process: int, verdict: Verdict, *, patience: float) -> None:
    """Answer what a process and those that it started ask, until none of them is left.

    Raises:
        TimeoutError: nothing was asked for so many seconds, and processes are left.
    """
    poll = select.poll()
    poll.register(asking, select.POLLIN)
    while True:
        events = poll.poll(patience * 1000)
        if not events:
            raise TimeoutError(f"processes are left, and have made no call for {patience} s")
        if not events[0][1] & select.POLLIN:
            return
        with suppress(FileNotFoundError):  # gone meanwhile, or its call interrupted: it will be made anew
            if _answer(asking, process, verdict) == KILL:
                verdict = _let  # its number may be another's from now on


def _let(_call: Call) -> int:
    return LET


def _answer(asking: int, process: int, verdict: Verdict) -> int:
    told = bytearray(80)  # struct seccomp_notif
    fcntl.ioctl(asking, 0xC0502100, told)
    number, thread, _, call, _, _, *arguments = struct.unpack("<QIIiIQ6Q", told)
    name, fate = NAMES[call], LET
    if name != "openat" or arguments[2] & os.O_CREAT:
        fate = verdict(Call(name, _path(name, thread, arguments), Path(f"/proc/{process}/task/{thread}").exists()))
    if fate == KILL:
        os.kill(process, signal.SIGKILL)
    else:
        fcntl.ioctl(asking, 0xC0182101, struct.pack("<QqiI", number, 0, -fate, 0 if fate else 1))
    return fate


def _filter(numbers: list[int]) -> list[bytes]:
    """The filter, as instructions of the kernel's packet filter: code, jump if true, jump if false, operand."""
    allow, ask = _instruction(0x06, 0, 0, 0x7FFF0000), _instruction(0x06, 0, 0, 0x7FC00000)
    of_x86_64 = [_instruction(0x20, 0, 0, 4), _instruction(0x15, 1, 0, 0xC000003E), allow]
    asked = [part for number in numbers for part in (_instruction(0x15, 0, 1, number), ask)]
    return [*of_x86_64, _instruction(0x20, 0, 0, 0), *asked, allow]


def _instruction(code: int, if_true: int, if_false: int, operand: int) -> bytes:
    return struct.pack("<HBBI", code, if_true, if_false, operand)


def _path(name: str, thread: int, arguments: list[int]) -> str:
    try:
        if name in _OF_A_DESCRIPTOR:
            position = 2 if name == "copy_file_range" else 0
            return str(Path(f"/proc/{thread}/fd/{arguments[position]}").readlink())
        if name not in _OF_A_FOLDER_AND_A_NAME:
            return _text(thread, arguments[0])
        text = _text(thread, arguments[1])
        if text.startswith("/"):
            return text
        folder = ctypes.c_int32(arguments[0] & 0xFFFFFFFF).value
        place = "cwd" if folder < 0 else f"fd/{folder}"
        return f"{Path(f'/proc/{thread}/{place}').readlink()}/{text}"
    except OSError:
        return ""


def _text(thread: int, address: int) -> str:
    with Path(f"/proc/{thread}/mem").open("rb", buffering=0) as memory:
        memory.seek(address)
        return os.fsdecode(memory.read(4096).partition(b"\0")[0])
