"""NVIDIA's driver of the host, closed over so that it can be used in a bare sandbox: libraries by file, device nodes.

Like an interpreter it is a host tool: lent and recorded, never part of an object.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from envmgr.builders.bare_host import SHELL, bare_host, file_digest, shared_libraries
from envmgr.model.cuda import Driver
from envmgr.model.errors import HostError

LIBRARY = "libcuda.so.1"
COMPANIONS = (
    "libcuda.so.*",
    "libcudadebugger.so.*",
    "libnvidia-gpucomp.so.*",
    "libnvidia-ml.so.*",
    "libnvidia-nvvm*.so.*",
    "libnvidia-pkcs11*.so.*",
    "libnvidia-ptxjitcompiler.so.*",
)
"""What the library opens while it runs: its release, in its folder."""
NODES = ("nvidia*", "dxg")
"""Device nodes in /dev; the last is that of Windows' subsystem for Linux."""


class NoDriverLibraryError(HostError):
    """The kernel has the driver, and programs would not find its library, or it does not answer."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        super().__init__(
            f"{LIBRARY} of the NVIDIA driver can't be used: {driver.problem or 'the loader finds none'}",
            fix="install the driver's libraries of the same release as its kernel part "
            f"({driver.kernel or 'none'}); in a container, start it with GPUs",
        )


@dataclass(frozen=True)
class NvidiaDriver:
    """The driver and what it needs of the host."""

    readable: Mapping[str, Path]
    """Place to host path: its libraries, where the box's loader looks."""
    devices: Mapping[str, Path]
    """Place to host path: its device nodes."""

    @property
    def record(self) -> dict[str, str]:
        """What a run records of it: names of libraries to their digests."""
        return {Path(place).name: file_digest(path) for place, path in sorted(self.readable.items())}


def nvidia_driver(driver: Driver, dev: Path = Path("/dev")) -> NvidiaDriver:
    """What of the driver is lent.

    Args:
        driver: as it was probed.
        dev: where the device nodes are.

    Raises:
        NoDriverLibraryError: the driver has no library, or one that does not answer.
    """
    if driver.library is None or driver.problem:
        raise NoDriverLibraryError(driver)
    folder, host = driver.library.parent, bare_host()
    found = {file.name: file for pattern in COMPANIONS for file in folder.glob(pattern) if file.exists()}
    needed = shared_libraries(Path(SHELL), [f"./{driver.library.name}"], folder)
    places = {
        f"{host.library_place}/{name}": path for name, path in {**needed, **found, LIBRARY: driver.library}.items()
    }
    return NvidiaDriver(
        readable={place: path.resolve() for place, path in places.items() if place not in host.readable},
        devices={f"/dev/{node.name}": node for pattern in NODES for node in sorted(dev.glob(pattern))},
    )
