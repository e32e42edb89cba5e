"""The few files of the host that any program needs: loader, C and C++ runtime, `/bin/sh`. Found, and digested.

Wheels' programs expect them of every host. They are lent file by file, never /usr whole, and recorded with what was
built; that they don't matter is proved by the output digests that the lockfile pins.
"""

import functools
import hashlib
import platform
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from envmgr.model.errors import HostError

LOADERS = {"x86_64": "/lib64/ld-linux-x86-64.so.2", "aarch64": "/lib/ld-linux-aarch64.so.1"}
"""Where programs name the loader (System V ABI supplements)."""
LIBRARY_FOLDERS = (
    "/lib/{machine}-linux-gnu",
    "/usr/lib/{machine}-linux-gnu",
    "/lib64",
    "/usr/lib64",
    "/lib",
    "/usr/lib",
)
"""Where loaders look unless told otherwise: Debian's folders, then everybody else's."""
LIBRARIES = (
    "libc.so.6",
    "libm.so.6",
    "libpthread.so.0",
    "libdl.so.2",
    "librt.so.1",
    "libutil.so.1",
    "libstdc++.so.6",
    "libgcc_s.so.1",
    "libz.so.1",
)
SHELL = "/bin/sh"


@dataclass(frozen=True)
class BareHost:
    """What the host lends: `readable` maps places to host files, `library_place` is where its loader looks."""

    readable: Mapping[str, Path]
    library_place: str

    @functools.cached_property
    def digests(self) -> dict[str, str]:
        """File names to digests, as a realisation records them."""
        return {Path(place).name: file_digest(path) for place, path in sorted(self.readable.items())}


@functools.cache
def bare_host() -> BareHost:
    """Find the bare host runtime of this machine.

    Raises:
        HostError: there is no loader or no C library of GNU's.
    """
    machine = platform.machine()
    loader = LOADERS.get(machine, "")
    folders = [Path(folder.format(machine=machine)) for folder in LIBRARY_FOLDERS]
    library_folder = next((folder for folder in folders if (folder / "libc.so.6").exists()), None)
    if not Path(loader).is_file() or library_folder is None:
        raise HostError(
            f"this host ({machine}) has no GNU C library where programs expect it: {loader or 'no known loader'}",
            fix="use a Linux distribution with glibc 2.28 or newer on x86_64 or aarch64",
        )
    found = {name: folder / name for folder in reversed(folders) for name in LIBRARIES if (folder / name).exists()}
    found |= shared_libraries(Path(SHELL))
    readable = {f"{library_folder}/{name}": path.resolve() for name, path in found.items()}
    readable |= {loader: Path(loader).resolve(), SHELL: Path(SHELL).resolve()}
    return BareHost(readable, str(library_folder))


def shared_libraries(program: Path, modules: Iterable[str] = (), folder: Path = Path("/")) -> dict[str, Path]:
    """The libraries that a program and modules loaded into it need, by the names they ask for.

    The loader itself is asked (as `ldd` does), so run paths and its cache count; nothing of the program runs.

    Args:
        program: a program that runs on this host.
        modules: paths relative to `folder`, such as `./_ssl.so`; relative, because a blank would part an absolute one.
        folder: where to run.
    """
    environment = {"LD_TRACE_LOADED_OBJECTS": "1", "LD_PRELOAD": " ".join(modules)}
    traced = subprocess.run([program], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    pairs = (line.strip().partition(" => ") for line in traced.stdout.splitlines())
    located = ((name, target.rpartition(" (")[0]) for name, arrow, target in pairs if arrow)
    return {name: Path(target) for name, target in located if target.startswith("/")}


def file_digest(path: Path) -> str:
    """The digest of a host file, read once a process as long as the file stays as it is."""
    status = path.stat()
    return _digest(path, status.st_mtime_ns, status.st_size)


@functools.cache
def _digest(path: Path, _modified: int, _size: int) -> str:
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
