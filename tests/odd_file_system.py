"""A file system for tests: a folder shown through FUSE, with one thing broken that network file systems break.

`python odd_file_system.py FOLDER PLACE KIND FAULT` mounts, says `ready`, and serves until it is killed or unmounted.
It speaks the kernel's protocol (linux/fuse.h, 7.31) itself, one request after another, and needs root.
"""

import errno
import fcntl
import os
import stat
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

Fault = Literal["none", "flock refused", "flock granted", "flock orphaned", "fcntl refused", "fcntl granted", "rename"]
"""What is broken: locks that are refused, granted to everybody, or kept after death; renames that replace nothing."""

MESSAGE = 1 << 17
HEADER = struct.Struct("<IIQQIIII")
"""Length, operation, unique number, node, user, group, process, padding."""
ATTRIBUTES = struct.Struct("<QQQQQQIIIIIIIIII")
ENTRY = struct.Struct("<QQQQII")
LOCK = struct.Struct("<QQQQIIII")
"""File handle, owner, start, end, type, process, flags, padding."""
LONGEST_ANSWERS = {"flock": 1 << 10, "fcntl": 1 << 1}
"""The flags of INIT by which the server is asked for these locks; else the kernel keeps them for itself."""
MODE, UID, GID, SIZE, ATIME, MTIME = (1 << bit for bit in range(6))
FLOCK = 1
RELEASED = 1 << 1


class Server:
    """Answers the kernel; nodes are descriptors, so that renaming changes nothing for who holds one."""

    def __init__(self, device: int, folder: str, fault: str) -> None:
        self.device, self.fault = device, fault
        self.nodes = {1: os.open(folder, os.O_PATH)}
        self.numbers: dict[tuple[int, int], int] = {}
        self.owner: int | None = None
        self.acts: dict[int, Callable[[int, bytes], bytes | None]] = {
            1: self.lookup,
            3: lambda node, _: struct.pack("<QII", 0, 0, 0) + self.attributes(self.nodes[node]),
            4: self.change,
            5: lambda node, _: os.readlink("", dir_fd=self.nodes[node]).encode(),
            6: self.symlink,
            9: self.mkdir,
            10: self.unlink,
            11: self.rmdir,
            12: lambda node, data: self.rename(node, data, data[8:]),
            13: self.link,
            14: self.open,
            15: self.read,
            16: self.write,
            17: self.statistics,
            18: self.release,
            20: self.sync,
            25: lambda node, data: b"",
            26: self.begin,
            27: self.open,
            28: self.list,
            29: self.close,
            30: self.sync,
            32: self.lock,
            33: self.lock,
            35: self.create,
            45: lambda node, data: self.rename(node, data, data[16:]),
        }

    def serve(self) -> None:
        """Answer until it is unmounted."""
        while True:
            try:
                message = os.read(self.device, MESSAGE)
            except OSError as error:
                if error.errno == errno.ENODEV:
                    return
                continue
            _, operation, unique, node, *_ = HEADER.unpack_from(message)
            if operation in (2, 42):  # forget: nodes stay, a test is short
                continue
            self.answer(operation, unique, node, message[HEADER.size :])

    def answer(self, operation: int, unique: int, node: int, data: bytes) -> None:
        """Do what is asked, and say how it went."""
        fault, said = 0, b""
        try:
            act = self.acts.get(operation)
            said = (act(node, data) or b"") if act else b""
            fault = 0 if act else errno.ENOSYS
        except OSError as error:
            fault = error.errno or errno.EIO
        os.write(self.device, struct.pack("<IiQ", 16 + len(said), -fault, unique) + said)

    def unlink(self, node: int, data: bytes) -> None:
        os.unlink(_name(data), dir_fd=self.nodes[node])

    def rmdir(self, node: int, data: bytes) -> None:
        os.rmdir(_name(data), dir_fd=self.nodes[node])

    def sync(self, _node: int, data: bytes) -> None:
        os.fsync(_handle(data))

    def close(self, _node: int, data: bytes) -> None:
        os.close(_handle(data))

    def begin(self, _node: int, data: bytes) -> bytes:
        major, minor, ahead, offered = struct.unpack_from("<IIII", data)
        flags = offered & (LONGEST_ANSWERS.get(self.fault.split()[0], 0) | 1 << 5)
        return struct.pack("<IIIIHHIIHH28x", major, min(minor, 31), ahead, flags, 12, 10, MESSAGE - 4096, 1, 31, 0)

    def attributes(self, descriptor: int) -> bytes:
        s = os.fstat(descriptor)
        times = [s.st_atime_ns, s.st_mtime_ns, s.st_ctime_ns]
        whole, rest = [t // 10**9 for t in times], [t % 10**9 for t in times]
        owner = [s.st_mode, s.st_nlink, s.st_uid, s.st_gid, 0, 4096, 0]
        return ATTRIBUTES.pack(s.st_ino, s.st_size, s.st_blocks, *whole, *rest, *owner)

    def entry(self, parent: int, name: str) -> bytes:
        descriptor = os.open(name, os.O_PATH | os.O_NOFOLLOW, dir_fd=self.nodes[parent])
        s = os.fstat(descriptor)
        number = self.numbers.setdefault((s.st_dev, s.st_ino), len(self.nodes) + 1)
        if number in self.nodes:
            os.close(descriptor)
        else:
            self.nodes[number] = descriptor  # which keeps the inode, so its number means nothing else
        return ENTRY.pack(number, 0, 0, 0, 0, 0) + self.attributes(self.nodes[number])

    def lookup(self, node: int, data: bytes) -> bytes:
        return self.entry(node, _name(data))

    def path(self, node: int) -> str:
        return f"/proc/self/fd/{self.nodes[node]}"

    def change(self, node: int, data: bytes) -> bytes:
        valid, _, _, size, _, atime, mtime, _, an, mn, _, mode, _, uid, gid, _ = struct.unpack_from(
            "<IIQQQQQQIIIIIIII", data
        )
        if valid & MODE:
            os.chmod(self.path(node), stat.S_IMODE(mode))
        if valid & (UID | GID):
            os.chown(self.path(node), uid if valid & UID else -1, gid if valid & GID else -1)
        if valid & SIZE:
            os.truncate(self.path(node), size)
        if valid & (ATIME | MTIME):
            s = os.fstat(self.nodes[node])
            times = (
                atime * 10**9 + an if valid & ATIME else s.st_atime_ns,
                mtime * 10**9 + mn if valid & MTIME else s.st_mtime_ns,
            )
            if not stat.S_ISLNK(s.st_mode):
                os.utime(self.path(node), ns=times)
        return struct.pack("<QII", 0, 0, 0) + self.attributes(self.nodes[node])

    def symlink(self, node: int, data: bytes) -> bytes:
        name, target = data.split(b"\0")[:2]
        os.symlink(target, name, dir_fd=self.nodes[node])
        return self.entry(node, os.fsdecode(name))

    def mkdir(self, node: int, data: bytes) -> bytes:
        mode, _ = struct.unpack_from("<II", data)
        os.mkdir(_name(data[8:]), mode, dir_fd=self.nodes[node])
        return self.entry(node, _name(data[8:]))

    def link(self, node: int, data: bytes) -> bytes:
        (old,) = struct.unpack_from("<Q", data)
        os.link(self.path(old), _name(data[8:]), dst_dir_fd=self.nodes[node], follow_symlinks=True)
        return self.entry(node, _name(data[8:]))

    def rename(self, node: int, head: bytes, data: bytes) -> None:
        (new,) = struct.unpack_from("<Q", head)
        old_name, new_name = (os.fsdecode(name) for name in data.split(b"\0")[:2])
        if self.fault == "rename" and new_name in os.listdir(self.path(new)):
            raise OSError(errno.EPERM, "that name is taken")
        os.rename(old_name, new_name, src_dir_fd=self.nodes[node], dst_dir_fd=self.nodes[new])

    def open(self, node: int, data: bytes) -> bytes:
        (flags,) = struct.unpack_from("<I", data)
        return struct.pack("<QII", os.open(self.path(node), flags & ~(os.O_NOFOLLOW | os.O_EXCL | os.O_CREAT)), 1, 0)

    def create(self, node: int, data: bytes) -> bytes:
        flags, mode = struct.unpack_from("<II", data)
        name = _name(data[16:])
        handle = os.open(name, flags | os.O_CREAT, mode, dir_fd=self.nodes[node])
        return self.entry(node, name) + struct.pack("<QII", handle, 1, 0)

    def read(self, _node: int, data: bytes) -> bytes:
        handle, offset, size = struct.unpack_from("<QQI", data)
        return os.pread(handle, size, offset)

    def write(self, _node: int, data: bytes) -> bytes:
        handle, offset, size = struct.unpack_from("<QQI", data)
        return struct.pack("<II", os.pwrite(handle, data[40 : 40 + size], offset), 0)

    def statistics(self, node: int, _data: bytes) -> bytes:
        v = os.statvfs(self.path(node))
        return struct.pack(
            "<QQQQQIIII24x", v.f_blocks, v.f_bfree, v.f_bavail, v.f_files, v.f_ffree, v.f_bsize, 255, v.f_frsize, 0
        )

    def list(self, _node: int, data: bytes) -> bytes:
        handle, offset, size = struct.unpack_from("<QQI", data)
        listed = b""
        for place, name in list(enumerate(sorted(os.listdir(handle)), 1))[offset:]:
            text = os.fsencode(name)
            item = struct.pack("<QQII", 1, place, len(text), 0) + text
            item += bytes(-len(item) % 8)
            if len(listed) + len(item) > size:
                break
            listed += item
        return listed

    def release(self, _node: int, data: bytes) -> None:
        handle, _, flags, owner = struct.unpack_from("<QIIQ", data)
        if self.owner == owner and flags & RELEASED and self.fault != "flock orphaned":
            self.owner = None
        os.close(handle)

    def lock(self, _node: int, data: bytes) -> None:
        _, owner, _, _, kind, *_ = LOCK.unpack_from(data)
        if self.fault.endswith("refused"):
            raise OSError(errno.ENOLCK, "no locks")
        if self.fault == "flock orphaned" and kind != fcntl.F_UNLCK:
            if self.owner not in (None, owner):
                raise OSError(errno.EAGAIN, "somebody has it")
            self.owner = owner


def _name(data: bytes) -> str:
    return os.fsdecode(data.split(b"\0", 1)[0])


def _handle(data: bytes) -> int:
    return int(struct.unpack_from("<Q", data)[0])


def main(folder: str, place: str, kind: str, fault: str) -> None:
    """Mount and serve."""
    os.umask(0)
    device = os.open("/dev/fuse", os.O_RDWR)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions"
    subprocess.run(["mount", "-i", "-t", kind, "-o", options, "odd", place], pass_fds=[device], check=True)
    print("ready", flush=True)  # noqa: T201
    Server(device, folder, fault).serve()


@contextmanager
def mounted(folder: Path, place: Path, *, kind: str, fault: Fault) -> Iterator[str]:
    """Show `folder` at `place` as long as the block lasts; why that can't be, or nothing."""
    server = subprocess.Popen(
        [sys.executable, __file__, folder, place, kind, fault],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    ready = server.stdout.readline() == "ready\n"
    try:
        yield "" if ready else "nothing can be mounted here"
    finally:
        if ready:
            subprocess.run(["umount", "--lazy", place], check=True)
        server.kill()
        server.communicate()


if __name__ == "__main__":
    main(*sys.argv[1:])
