"""A finished tree made into what an object is: out of the build's reach, read-only, with one time for all.

Sealing comes first: the tree moves from the folder that the build knew to one that no build ever saw. Only then
are modes and times set, by descriptors and without following links, so that nothing outside can be meant.
"""

import os
import shutil
import stat
from pathlib import Path

from envmgr.sealed import seal_entry, seal_symlink
from envmgr.store.descriptor import open_file, open_folder
from envmgr.tree import MAX_DEPTH, READ_FOLDER, UnfitTreeError, check_name, reading

VAULT = "sealed"
"""The name of the folder that no build ever saw."""


def seal(tree: Path, reach: Path) -> Path:
    """Move a finished tree into a new folder of mode 700 in `reach`, and make it an object's tree there.

    Every process of the build must be gone. The top stays writable by its owner (it could not be moved otherwise)
    until `close_top`.

    Raises:
        UnfitTreeError: the tree holds what an object may not hold.
    """
    vault = reach / VAULT
    vault.mkdir(mode=0o700)
    sealed = vault / "tree"
    with reading(".", str(tree)):
        open_top(tree)  # refuses a file or a link in its place, too
    tree.rename(sealed)
    descriptor = _open_top(sealed)
    try:
        _canonicalise(descriptor, "", 1, str(tree))
    finally:
        os.close(descriptor)
    return sealed


def close_top(tree: Path) -> None:
    """Make the top folder of an object read-only, as all below it is."""
    descriptor = os.open(tree, READ_FOLDER)
    try:
        seal_entry(descriptor)
    finally:
        os.close(descriptor)


def open_top(tree: Path) -> None:
    """Make the top folder of an object writable for its owner, so that it can be moved."""
    os.close(_open_top(tree))


def _open_top(tree: Path) -> int:
    parent = os.open(tree.parent, READ_FOLDER)
    try:
        return open_folder(tree.name, parent)
    finally:
        os.close(parent)


def _canonicalise(folder: int, prefix: str, depth: int, where: str) -> None:
    names = os.listdir(folder)
    if names and depth > MAX_DEPTH:
        raise UnfitTreeError(prefix, f"it holds something more than {MAX_DEPTH} levels deep", where=where)
    for name in names:
        check_name(name, prefix + name, where)
        mode = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
        if stat.S_ISLNK(mode):
            seal_symlink(name, folder)
        elif stat.S_ISREG(mode):
            _canonicalise_file(name, folder)
        elif stat.S_ISDIR(mode):
            _canonicalise_folder(name, folder, f"{prefix}{name}/", depth + 1, where)
        else:
            raise UnfitTreeError(prefix + name, "it is neither a folder, a file nor a symlink", where=where)


def _canonicalise_folder(name: str, parent: int, prefix: str, depth: int, where: str) -> None:
    folder = open_folder(name, parent)
    try:
        _canonicalise(folder, prefix, depth, where)
        seal_entry(folder)
    finally:
        os.close(folder)


def _canonicalise_file(name: str, folder: int) -> None:
    descriptor = open_file(name, folder)
    try:
        if os.fstat(descriptor).st_nlink > 1:
            descriptor = _own_copy(name, folder, descriptor)
        seal_entry(descriptor)
    finally:
        os.close(descriptor)


def _own_copy(name: str, folder: int, descriptor: int) -> int:
    """Replace a file that has other names, by which it could be changed, with a copy; takes and gives a descriptor."""
    draft = ".envmgr-copy"
    mode = os.fstat(descriptor).st_mode & stat.S_IXUSR | stat.S_IRUSR | stat.S_IWUSR
    copy = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode, dir_fd=folder)
    with open(descriptor, "rb") as source, open(copy, "wb", closefd=False) as target:
        shutil.copyfileobj(source, target)
    os.rename(draft, name, src_dir_fd=folder, dst_dir_fd=folder)
    return copy
