"""Deleting trees by descriptors, however deep they are and whatever modes they have, by several threads at once.

Deleting by recursion fails on a tree of some thousand levels, for want of stack, descriptors or length of path.
Here every folder found below the top is first moved up, to stand directly in the top under a new name. So no path is
longer than two names, three descriptors are enough, each folder is moved once, and any thread can go on with it.
Threads wait for the disk here, so there are more of them than cores. They wait while blocks are freed; for a folder the
kernel does that within `rmdir`, holding up all who work in the folder above, unless the folder is open: so each is
closed only after it was deleted.
"""

import os
import secrets
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from itertools import count, islice
from pathlib import Path
from typing import Self

from envmgr.model.errors import HostError
from envmgr.store.descriptor import open_folder
from envmgr.tree import READ_FOLDER

GARBAGE = "garbage-"
"""How the names of what a Remover takes begin."""

_THREADS = 8
_BATCH = 32


class NotDeletedError(HostError):
    """Something cannot be deleted; nothing needs it any more."""

    def __init__(self, folder: Path, error: OSError) -> None:
        self.folder, self.reason = folder, error.strerror or str(error)
        super().__init__(
            f"could not be deleted: {self.reason}",
            where=str(folder),
            fix="see whether the disk is whole and whose these files are; the next `envmgr gc` tries again",
        )


class Remover:
    """Deletes what stands in one folder while the caller goes on; the end of the block waits until that is done.

    An exception that leaves the block ends the work early.

    Raises:
        NotDeletedError: at the end of the block: something cannot be deleted; all else is gone.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._new_name = _names(GARBAGE)
        self._changed = threading.Condition()
        self._batches = 0
        self._failure: OSError | None = None

    def __enter__(self) -> Self:
        self._top = os.open(self._folder, READ_FOLDER)
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="remove")
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                with self._changed:
                    self._changed.wait_for(lambda: not self._batches)
        finally:
            self._pool.shutdown(cancel_futures=True)
            os.close(self._top)
        if kind is None and self._failure is not None:
            raise NotDeletedError(self._folder, self._failure) from self._failure

    def take(self, name: str, folder: int) -> str | None:
        """Move a file or a tree from another folder into this one, to be deleted; its name here, if it was there."""
        return _move(name, folder, self._top, self._new_name())

    def remove(self, names: Iterable[str]) -> None:
        """Begin to delete files and trees of the folder; what is gone already is no error."""
        names = iter(names)
        while batch := list(islice(names, _BATCH)):
            self._begin(partial(self._work, batch))

    def remove_after(self, act: Callable[[], object], names: Sequence[str]) -> None:
        """Begin to do something, and to delete once that is done; if it fails, these stay."""

        def work() -> None:
            act()
            self.remove(names)

        self._begin(work)

    def _work(self, names: Iterable[str]) -> None:
        for name in names:
            self.remove(_remove_one(name, self._top, self._new_name))

    def _begin(self, work: Callable[[], None]) -> None:
        with self._changed:
            self._batches += 1
        self._pool.submit(self._do, work)

    def _do(self, work: Callable[[], None]) -> None:
        try:
            work()
        except OSError as error:
            self._failure = error
        finally:
            with self._changed:
                self._batches -= 1
                self._changed.notify_all()


def remove_tree(tree: Path) -> None:
    """Delete a file, a symlink or a tree; what others delete at the same time is no error.

    Raises:
        OSError: something cannot be deleted.
    """
    parent = os.open(tree.parent, READ_FOLDER)
    try:
        if not unlink(tree.name, parent):
            with suppress(FileNotFoundError):
                _remove_folder(tree.name, parent)
    finally:
        os.close(parent)


def unlink(name: str, folder: int) -> bool:
    """Delete what is not a folder; whether it is gone now."""
    try:
        os.unlink(name, dir_fd=folder)
    except FileNotFoundError:
        return True
    except IsADirectoryError:
        return False
    return True


def _remove_folder(name: str, parent: int) -> None:
    new_name = _names(".lifted-")
    top = _open(name, parent)
    try:
        waiting = _folders_left(top)
        while waiting:
            waiting += _remove_one(waiting.pop(), top, new_name)
    finally:
        os.close(top)
    os.rmdir(name, dir_fd=parent)


def _remove_one(name: str, top: int, new_name: Callable[[], str]) -> list[str]:
    """Delete what stands in `top`; the folders of a folder are moved there, and their new names returned."""
    lifted: list[str | None] = []
    with suppress(FileNotFoundError):
        try:
            folder = _open(name, top)  # first, as most are folders
        except NotADirectoryError:
            unlink(name, top)
            return []
        try:
            lifted += [_move(below, folder, top, new_name()) for below in _folders_left(folder)]
            os.rmdir(name, dir_fd=top)  # while it is open, so that its blocks are freed when it is closed
        finally:
            os.close(folder)
    return [name for name in lifted if name]


def _folders_left(folder: int) -> list[str]:
    """Delete all in a folder but its folders, and name those."""
    names = os.listdir(folder)
    try:
        return [name for name in names if not unlink(name, folder)]
    except PermissionError:
        os.fchmod(folder, 0o700)
        return [name for name in names if not unlink(name, folder)]


def _open(name: str, parent: int) -> int:
    try:
        return os.open(name, READ_FOLDER, dir_fd=parent)
    except PermissionError:
        return open_folder(name, parent)


def _move(name: str, folder: int, top: int, new: str) -> str | None:
    """Move an entry of `folder` to `top`; its new name, if it was there."""
    with suppress(FileNotFoundError):
        try:
            os.rename(name, new, src_dir_fd=folder, dst_dir_fd=top)
        except PermissionError:  # to be moved, a folder must be writable: its `..` changes
            os.close(open_folder(name, folder))
            os.rename(name, new, src_dir_fd=folder, dst_dir_fd=top)
        return new
    return None


def _names(prefix: str) -> Callable[[], str]:
    """Names that nobody else gives."""
    token, numbers = secrets.token_hex(8), count()
    return lambda: f"{prefix}{token}-{next(numbers)}"
