"""Equal files of different objects made one file with several names (hard links): a *shared file*.

`shared/<sha256>` is one more name of each, with `-x` behind it where the file can be executed, so that a new file finds
an equal one at once. Manifests say which files may be equal, and their bytes decide: a file that was damaged must not
take the place of one that was not. A file is replaced by renaming another name of the shared one over it, so at every
moment, and after a crash, the object has its file; only a folder may be left writable, which `verify` sees.

Only what is on the disk is shared: what the disk loses must be lost once. So new objects come to it when they are
settled, at the end of a command. Modes and times are equal, as objects are sealed. A file system that allows no more
names, or none at all, keeps what it has: nothing here is needed, and nothing is lost where it fails.
"""

import errno
import hashlib
import os
import secrets
import stat
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from envmgr.content import READ_FILE
from envmgr.files import AT_ONCE
from envmgr.manifest import FileEntry, Manifest
from envmgr.model.errors import EnvmgrError
from envmgr.model.store_path import StorePath
from envmgr.sealed import sealed_mode
from envmgr.store.layout import Layout
from envmgr.tree import READ_FOLDER, walk

_BLOCK = 2**18
_NO_LINKS = {errno.EPERM, errno.EOPNOTSUPP}
"""What a file system says that has no hard links."""


@dataclass(frozen=True)
class Saved:
    """Files that became names of shared ones, and their bytes."""

    files: int = 0
    bytes: int = 0

    def __add__(self, other: "Saved") -> "Saved":
        return Saved(self.files + other.files, self.bytes + other.bytes)


def share_objects(
    layout: Layout,
    paths: Collection[StorePath],
    manifest: Callable[[StorePath], Manifest],
    progress: Callable[[StorePath], None],
) -> Saved:
    """Let the files of objects that are on the disk be shared; nobody may delete these meanwhile.

    Those that are damaged, or that the disk refuses to change, stay as they are.
    """

    def act(path: StorePath) -> Saved:
        progress(path)
        with suppress(OSError, EnvmgrError):
            return share(layout, layout.object(path), manifest(path))
        return Saved()

    here = [path for path in paths if not layout.object(path).is_symlink()]
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="optimise") as pool:
        return sum(pool.map(act, here), start=Saved())


def share(layout: Layout, tree: Path, manifest: Manifest) -> Saved:
    """Let the files of a sealed tree be shared files, as far as equal ones are known; the others are known from now on.

    Nobody else may change or delete the tree meanwhile.

    Raises:
        UnfitTreeError, OSError: a part of it can't be read or written; the tree is what it was all the same.
    """
    layout.shared.mkdir(exist_ok=True)
    entries = {entry.path: entry for entry in manifest.entries if isinstance(entry, FileEntry) and entry.size}
    saved = Saved()
    shared = os.open(layout.shared, READ_FOLDER)
    try:
        for level in walk(tree):
            with _unchanged(level.descriptor):
                for file in level.files:
                    if (entry := entries.get(level.path(file))) is not None:
                        saved += _share(file.name, level.descriptor, entry, shared)
    finally:
        os.close(shared)
    return saved


def sweep(layout: Layout) -> None:
    """Forget the shared files that no object has any more.

    First the drafts that killed processes left: each is one more name of a shared file.
    """
    with suppress(FileNotFoundError):
        for file in sorted(layout.shared.iterdir(), key=lambda file: not file.name.startswith(".")):
            with suppress(FileNotFoundError):
                if file.name.startswith(".") or file.lstat().st_nlink == 1:
                    file.unlink()


def shared_inodes(layout: Layout) -> frozenset[int]:
    """The numbers of the shared files: each has one name more than objects have of it."""
    with suppress(FileNotFoundError), os.scandir(layout.shared) as found:
        return frozenset(entry.inode() for entry in found)
    return frozenset()


def saved_by_sharing(layout: Layout) -> int:
    """The bytes that the files of all objects would take more if none were shared."""
    with suppress(FileNotFoundError), os.scandir(layout.shared) as found:
        states = [entry.stat(follow_symlinks=False) for entry in found]
        return sum(state.st_size * max(0, state.st_nlink - 2) for state in states)
    return 0


@contextmanager
def _unchanged(folder: int) -> Iterator[None]:
    """Give a folder back the mode and times that it had."""
    before = os.fstat(folder)
    try:
        yield
    finally:
        after = os.fstat(folder)
        if after.st_mode != before.st_mode:
            os.fchmod(folder, stat.S_IMODE(before.st_mode))
        if after.st_mtime_ns != before.st_mtime_ns:
            os.utime(folder, ns=(before.st_atime_ns, before.st_mtime_ns))


def _share(name: str, folder: int, entry: FileEntry, shared: int) -> Saved:
    key = f"{entry.sha256}-x" if entry.executable else entry.sha256
    own = os.stat(name, dir_fd=folder, follow_symlinks=False)
    if own.st_size != entry.size or stat.S_IMODE(own.st_mode) != sealed_mode(own.st_mode):
        return Saved()  # damaged: `verify` will tell
    try:
        known = _known(name, folder, key, shared)
        if known.st_ino == own.st_ino:
            return Saved()
        if known.st_mode == own.st_mode and _are_equal((name, folder), (key, shared)):
            _rename_over(key, shared, name, folder)
            return Saved(1, entry.size)
        if _sha256(name, folder) == entry.sha256:  # so the shared one is damaged
            _replace(name, folder, key, shared)
    except FileNotFoundError:  # a collection forgot it this moment: it will be known the next time
        return Saved()
    except OSError as error:
        if error.errno == errno.EMLINK:  # it can have no more names: from now on this one gets them
            _replace(name, folder, key, shared)
        elif error.errno not in _NO_LINKS:
            raise
    return Saved()


def _known(name: str, folder: int, key: str, shared: int) -> os.stat_result:
    """The shared file; where none is known, this one from now on."""
    with suppress(FileExistsError):
        os.link(name, key, src_dir_fd=folder, dst_dir_fd=shared, follow_symlinks=False)
    return os.stat(key, dir_fd=shared, follow_symlinks=False)


def _rename_over(key: str, shared: int, name: str, folder: int) -> None:
    """Give a shared file one more name, in the place of a file."""
    draft = f".{secrets.token_hex(8)}"
    os.link(key, draft, src_dir_fd=shared, dst_dir_fd=shared, follow_symlinks=False)
    try:
        os.rename(draft, name, src_dir_fd=shared, dst_dir_fd=folder)
    except PermissionError:  # an object's folders are read-only for their owner, too
        os.fchmod(folder, 0o755)
        os.rename(draft, name, src_dir_fd=shared, dst_dir_fd=folder)


def _replace(name: str, folder: int, key: str, shared: int) -> None:
    """Let a file be the shared one from now on, in the place of the one that is known."""
    draft = f".{secrets.token_hex(8)}"
    os.link(name, draft, src_dir_fd=folder, dst_dir_fd=shared, follow_symlinks=False)
    os.rename(draft, key, src_dir_fd=shared, dst_dir_fd=shared)


def _are_equal(*files: tuple[str, int]) -> bool:
    """Whether two files have the same bytes."""
    first, second = (os.open(name, READ_FILE, dir_fd=folder) for name, folder in files)
    try:
        while (block := os.read(first, _BLOCK)) == os.read(second, _BLOCK):
            if not block:
                return True
        return False
    finally:
        os.close(first)
        os.close(second)


def _sha256(name: str, folder: int) -> str:
    sha256 = hashlib.sha256()
    descriptor = os.open(name, READ_FILE, dir_fd=folder)
    try:
        while block := os.read(descriptor, _BLOCK):
            sha256.update(block)
    finally:
        os.close(descriptor)
    return sha256.hexdigest()
