"""Which file system a folder lies on, and what is known beforehand about locks there.

The kernel says it in `/proc/self/mountinfo`. Of some kinds it is known that all processes that can see a file are on
this host (`LOCAL`), of others that a lock is the server's affair and so holds between hosts (`SHARED`), unless a
mount option makes it this host's. Of all others nothing is known.
"""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

LOCAL = frozenset(
    {
        *(
            "bcachefs",
            "btrfs",
            "ext2",
            "ext3",
            "ext4",
            "f2fs",
            "jfs",
            "nilfs2",
            "overlay",
            "reiserfs",
            "ubifs",
            "xfs",
            "zfs",
        ),
        *("ramfs", "squashfs", "tmpfs"),
        *("exfat", "fuseblk", "hfsplus", "ntfs3", "vfat"),
    }
)
SHARED: Mapping[str, frozenset[str]] = {
    "ceph": frozenset(),
    "cifs": frozenset({"nobrl"}),
    "fuse.ceph-fuse": frozenset(),
    "fuse.glusterfs": frozenset(),
    "gfs2": frozenset({"localflocks"}),
    "gpfs": frozenset(),
    "lustre": frozenset({"localflock"}),
    "nfs": frozenset({"nolock", "local_lock=all", "local_lock=flock", "local_lock=posix"}),
    "nfs4": frozenset({"nolock", "local_lock=all", "local_lock=flock", "local_lock=posix"}),
    "ocfs2": frozenset({"localflocks"}),
    "smb3": frozenset({"nobrl"}),
}
"""Kinds whose locks hold between hosts, with the mount options that make them hold on one host only."""

MOUNTS = Path("/proc/self/mountinfo")
_OCTAL = re.compile(rb"\\([0-7]{3})")


@dataclass(frozen=True)
class FileSystem:
    """What is mounted at a place: its kind, such as `ext4`, what was mounted, and with which options."""

    place: Path
    kind: str
    source: str
    options: frozenset[str]

    def __str__(self) -> str:
        return f"{self.kind} ({self.source}, mounted at {self.place})"

    @property
    def is_local(self) -> bool:
        """Whether all that can see its files is on this host."""
        return self.kind in LOCAL

    @property
    def one_host(self) -> str:
        """Why it can't be told that a lock which this host holds is one to other hosts, too; empty where it can."""
        if self.kind not in SHARED:
            return "whether other hosts respect a lock on it is not known"
        spoiling = sorted(self.options & SHARED[self.kind])
        return f"it is mounted with {', '.join(spoiling)}, so a lock holds on this host only" if spoiling else ""


def file_system(folder: Path, mounts: Path = MOUNTS) -> FileSystem:
    """The file system of a folder that is there; of an unknown kind where the kernel doesn't say."""
    real = folder.resolve()
    found = FileSystem(Path("/"), "unknown", "unknown", frozenset())
    try:
        text = mounts.read_bytes()
    except OSError:
        return found
    for mount in _parse(text):  # of two at one place the later one hides the other
        if len(mount.place.parts) >= len(found.place.parts) and real.is_relative_to(mount.place):
            found = mount
    return found


def _parse(text: bytes) -> Iterator[FileSystem]:
    for line in text.splitlines():
        before, _, after = line.partition(b" - ")
        kind, source, super_options = [*after.split(b" "), b"", b""][:3]
        fields = before.split(b" ")
        options = b",".join((fields[5], super_options)).split(b",")
        yield FileSystem(Path(_plain(fields[4])), _plain(kind), _plain(source), frozenset(map(_plain, options)))


def _plain(field: bytes) -> str:
    r"""A field without the kernel's escapes: a space is `\040`."""
    return os.fsdecode(_OCTAL.sub(lambda match: bytes([int(match[1], 8)]), field))
