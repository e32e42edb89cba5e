"""Nothing to do, said at once: what an earlier `realize` printed, when nothing that it rests on has changed.

`remember` writes a memo: the question (arguments, folder, `ENVMGR_*` variables), the host, the store paths to print,
the objects that must be there, and every file that the answer was worked out from, with times, size and inode.
`recall` holds all of that against the world, one `stat` a file and one `access` an object. Any doubt (a missing,
damaged or other memo, another time, a missing object) means None, and the command is worked out in full. A memo is
not known to be durable, and need not be.

A file that was changed in the very tick in which it was read would look unchanged later; so a memo that is not
clearly younger than all that it rests on is not written.

What was printed stays for some minutes, by a root of the kind `printed`. In one section of the collector lock, shared,
`recall` makes that root young again and looks at the objects. Garbage collection deletes every memo first, and then
drops objects in sections in which it holds the lock alone and looks at the roots. So each of those comes later, and
finds the root young; or it came before, and a memo or an object is gone, which is a doubt.

The start of the interpreter is most of what this costs, so next to nothing is imported: see `places`.
"""

import marshal
import posix
import sys
from fcntl import LOCK_NB, LOCK_SH, flock

from envmgr import places

Seen = tuple[dict[str, tuple[list[str], int]], list[str]]
"""By folder the names of what is there and what stands for their stamps; and the paths at which nothing is."""

TICK = 50_000_000
"""Nanoseconds: longer than the step of file times on the file systems of Linux,"""
COARSE_TICK = 2_100_000_000
"""... but for those that count in whole seconds, or in two."""

HOST_FILES = ("/etc/os-release", "/usr/lib/os-release")

_NAMES, _MEMOS = 2**64 - 59, 2**30 - 35
"""Primes: by its remainder a question is known, and damage to a memo. A module for that would take longer to read."""
_CHECKSUM = 4
"""Bytes at the head of a memo."""
_READ_FOLDER = posix.O_RDONLY | posix.O_DIRECTORY | posix.O_CLOEXEC


def recall(arguments: list[str]) -> list[str] | None:
    """The paths that `envmgr` with these arguments prints, or None where that is not known for sure."""
    locks: list[int] = []
    try:
        root = places.store(None, posix.getcwd())
        for name in ("collector-turnstile", "collector"):
            locks.append(posix.open(f"{root}/locks/{name}", posix.O_RDWR | posix.O_NOFOLLOW | posix.O_CLOEXEC))
            flock(locks[-1], LOCK_SH | LOCK_NB)
        return _recall(root, _question(arguments))
    except (OSError, ValueError, EOFError, TypeError):
        return None
    finally:
        for lock in locks:
            posix.close(lock)


def _recall(root: str, question: str) -> list[str] | None:
    memo = _read(f"{root}/memos/{_name(question)}")
    body = memo[_CHECKSUM:]
    if memo[:_CHECKSUM] != _checksum(body):
        return None
    asked, host, place, spared, printed, objects, seen = marshal.loads(body)  # noqa: S302  it is ours, and whole
    if asked != question or host != _host() or not _is_same(f"{root}/memos", f"{place}/memos"):
        return None
    if not _is_as_seen(*seen):
        return None
    posix.utime(f"{root}/roots/printed/{spared}")
    return [f"{place}/objects/{path}" for path in printed] if _are_there(f"{root}/objects", objects) else None


def look(paths: list[str], began: int) -> Seen | None:
    """What files and folders are like now, for a memo; None if one of them is not clearly older than `began`.

    Args:
        paths: absolute, of all that an answer is worked out from; what is absent may be among them.
        began: when the first of them was read, in nanoseconds since 1970.
    """
    present: dict[str, list[str]] = {}
    absent: list[str] = []
    try:
        for path in {*paths, *HOST_FILES}:
            if _changed(path) > began:
                return None
            folder, _, name = path.rpartition("/")
            if posix.access(path, posix.F_OK):
                present.setdefault(f"{folder}/", []).append(name)
            else:
                absent.append(path)
        return {folder: (names, _stamps(folder, names)) for folder, names in present.items()}, absent
    except OSError:
        return None  # it went away meanwhile


def with_now(seen: Seen, file: str) -> Seen:
    """What was seen, and a file of our own that was written since: the root of a lockfile."""
    present, absent = seen
    folder, _, name = file.rpartition("/")
    return {**present, f"{folder}/": ([name], _stamps(folder, [name]))}, absent


def remember(
    arguments: list[str], root: str, *, spared: str, printed: list[str], objects: list[str], seen: Seen
) -> None:
    """Write a memo for `recall`.

    Args:
        arguments: those of `envmgr`.
        root: the folder of the store.
        spared: the name of the root `printed` that keeps what is printed.
        printed: the store paths to print.
        objects: their closure.
        seen: what `look` saw.
    """
    question = _question(arguments)
    folders = [f"{path}/" for path in objects]  # with a slash behind it: a folder, or a link to one
    body = marshal.dumps((question, _host(), root, spared, printed, folders, seen))
    memo = f"{root}/memos/{_name(question)}"
    draft = f"{memo}.{posix.getpid()}"
    try:
        with open(draft, "wb") as file:
            file.write(_checksum(body) + body)
        posix.replace(draft, memo)
    except OSError:
        return  # a full store: the next call works it out again


def _checksum(body: bytes) -> bytes:
    """Never only zeros, as a file that a crash has left may be."""
    return (_MEMOS - int.from_bytes(body) % _MEMOS).to_bytes(_CHECKSUM)


def _name(question: str) -> str:
    return f"{int.from_bytes(question.encode()) % _NAMES:016x}"


def _question(arguments: list[str]) -> str:
    """What is asked, and all that the answer depends on beside the host and files: folder, variables, program."""
    folder = posix.getcwd()
    lie = (places.checkout(folder), places.store(None, folder), places.config())
    ours = sorted(item for item in places.variables().items() if item[0].startswith("ENVMGR_"))
    return ascii((arguments, folder, lie, ours, __file__))


def _host() -> str:
    """What any fact of the host (model/host.py) can be told to have changed by, but for HOST_FILES.

    The processor, its features and the memory stay what they are while the machine is up.

    Raises:
        OSError: this system does not say which boot it is.
    """
    boot = _read("/proc/sys/kernel/random/boot_id")
    kernel, cores, pages = posix.uname(), posix.sched_getaffinity(0), posix.sysconf("SC_PHYS_PAGES")
    return ascii((boot, *kernel, posix.confstr("CS_GNU_LIBC_VERSION"), len(cores), pages, sys.version, _cuda()))


def _cuda() -> object:
    try:
        return _read("/proc/driver/nvidia/version"), sorted(posix.listdir("/proc/driver/nvidia/gpus"))
    except OSError:
        return None


def _is_as_seen(present: dict[str, tuple[list[str], int]], absent: list[str]) -> bool:
    as_seen = all(_stamps(folder, names) == stamps for folder, (names, stamps) in present.items())
    return as_seen and not any(posix.access(path, posix.F_OK) for path in absent)


def _are_there(folder: str, objects: list[str]) -> bool:
    descriptor = posix.open(folder, _READ_FOLDER)
    for path in objects:
        if not posix.access(path, posix.F_OK, dir_fd=descriptor):
            return False
    posix.close(descriptor)
    return True


def _stamps(folder: str, names: list[str]) -> int:
    """One number for what some files of a folder are like; links are followed. A hash of numbers is never salted."""
    descriptor, stamps = posix.open(folder, _READ_FOLDER), 0
    for name in names:
        stamps = hash((stamps, *_stamp(name, descriptor)))
    posix.close(descriptor)
    return stamps


def _stamp(path: str, folder: int | None = None) -> tuple[int, int, int, int]:
    """When a file was written to, when anything of it was changed, its size, its inode."""
    state = posix.stat(path, dir_fd=folder)
    return state.st_mtime_ns, state.st_ctime_ns, state.st_size, state.st_ino


def _changed(path: str) -> int:
    """When it was clearly unchanged since, in nanoseconds since 1970; of what is absent, the folder around it."""
    try:
        written, changed, _, _ = _stamp(path)
    except FileNotFoundError:
        return _changed(path.rpartition("/")[0] or "/")
    return max(written, changed) + (TICK if changed % 1_000_000_000 else COARSE_TICK)


def _is_same(path: str, other: str) -> bool:
    one, two = posix.stat(path), posix.stat(other)
    return (one.st_dev, one.st_ino) == (two.st_dev, two.st_ino)


def _read(path: str) -> bytes:
    with open(path, "rb", buffering=0) as file:
        return file.read()
