"""What boxes may read, laid out in a mount namespace of this process's own, so that a box needs a single mount for it.

Bubblewrap takes 0.3 ms to bind one part, and more the more there are; here it is a tenth, and nothing for a view that
an earlier box had. Files are copied into memory, which is cheaper for every box than a mount; folders are bound,
read-only, without set-id bits and without devices.
"""

import ctypes
import os
import resource
import sys

Lent = tuple[tuple[str, str], ...]
"""Places, outer ones first, each with what of the host is there (nothing: an empty folder)."""

ROOM = os.path.dirname(__file__)
"""Where views are laid out: a folder that is there, and that no box is lent. Only this process finds it covered."""
MOST_COPIED = 2**24
"""Bytes of a file that is copied; a larger one is bound."""

NEW_USERS_AND_MOUNTS = 0x10000000 | 0x00020000
BIND, RECURSIVE, PRIVATE, DETACH = 0x1000, 0x4000, 1 << 18, 2
SHUT = 1 | 2 | 4
"""Read-only, no set-id bits, no devices."""
MOUNT_SETATTR, HERE, WHOLE_TREE, ATTRIBUTES_BYTES = 442, -100, 0x8000, 32
"""A system call (its number is the same on every architecture that we build on), and what it takes."""

LIBC = ctypes.CDLL(None, use_errno=True)


class Views:
    """The views of this process, which is in a namespace of its own from now on and can't leave it."""

    def __init__(self) -> None:
        """Raises OSError where the host refuses that."""
        _enter_namespace()
        self._kept: dict[Lent, str] = {}
        self._number = 0

    @classmethod
    def are_possible(cls) -> bool:
        """Whether the host allows them; tried by another process, as a namespace half made can't be left."""
        child = os.fork()
        if child == 0:
            try:
                _enter_namespace()
            except OSError:
                os._exit(1)
            os._exit(0)
        return os.waitpid(child, 0)[1] == 0

    def kept(self, lent: Lent) -> str:
        """A view that is there from its first use to the end."""
        if lent not in self._kept:
            self._kept[lent] = self.laid_out(lent)
        return self._kept[lent]

    def laid_out(self, lent: Lent) -> str:
        """A new view.

        Raises:
            OSError: something that is to be lent is not there.
        """
        self._number += 1
        view = f"{ROOM}/{self._number}"
        os.mkdir(view)
        try:
            _mount("view", view, "tmpfs")
            folders: set[str] = set()
            for place, path in lent:
                _show(path, view + place, inside=not folders.isdisjoint(_above(place)))
                if os.path.isdir(path):
                    folders.add(place)
        except OSError:
            self.clear_away(view)
            raise
        return view

    def clear_away(self, view: str) -> None:
        """Drop a view; who has it mounted keeps it."""
        LIBC.umount2(os.fsencode(view), DETACH)
        os.rmdir(view)


def _above(place: str) -> list[str]:
    """The folders that a place stands in."""
    parts = place.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


def _show(path: str, target: str, *, inside: bool) -> None:
    """Let something of the host be seen at a place; `inside` says that the place is in a folder of the host's."""
    if not path or os.path.isdir(path):
        os.makedirs(target, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        if not inside and os.path.getsize(path) <= min(MOST_COPIED, _most_bytes()):
            _copy(path, target)
            return
        os.close(os.open(target, os.O_CREAT | os.O_CLOEXEC))
    if path:
        _mount(path, target, flags=BIND | RECURSIVE)
        _set_attributes(target, SHUT)
    elif inside:
        _mount("empty", target, "tmpfs", SHUT)


def _copy(path: str, target: str) -> None:
    with open(path, "rb") as source, open(target, "wb") as copy:
        copy.write(source.read())
    os.chmod(target, 0o555 if os.access(path, os.X_OK) else 0o444)


def _most_bytes() -> int:
    limit, _ = resource.getrlimit(resource.RLIMIT_FSIZE)
    return MOST_COPIED if limit == resource.RLIM_INFINITY else limit


def _enter_namespace() -> None:
    user, group = os.geteuid(), os.getegid()
    _checked(LIBC.unshare(NEW_USERS_AND_MOUNTS))
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)
    _mount("none", "/", flags=RECURSIVE | PRIVATE)
    _mount("views", ROOM, "tmpfs")
    _set_attributes(ROOM, 0)  # fails where there is no such call


def _mount(source: str, target: str, kind: str = "", flags: int = 0) -> None:
    options = b"mode=755" if kind else None
    _checked(LIBC.mount(os.fsencode(source), os.fsencode(target), os.fsencode(kind), ctypes.c_ulong(flags), options))


def _set_attributes(target: str, added: int) -> None:
    attributes = added.to_bytes(8, sys.byteorder) + bytes(ATTRIBUTES_BYTES - 8)
    size = ctypes.c_size_t(ATTRIBUTES_BYTES)
    _checked(LIBC.syscall(MOUNT_SETATTR, HERE, os.fsencode(target), WHOLE_TREE, attributes, size))


def _checked(result: int) -> None:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
