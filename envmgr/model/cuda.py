"""What a machine has of CUDA, as values: toolkits, the driver, and each GPU."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Cudnn(_Part):
    """A cuDNN that programs made with a toolkit would find: its own, else the host's."""

    version: str
    """Such as `9.12.0`."""
    header: Path | None
    """The file that says the version; without one it is the library's name that does."""
    library: Path | None


class Toolkit(_Part):
    """One CUDA toolkit; the first is the one that programs would take."""

    root: Path
    """Its folder, links followed."""
    version: str
    """Such as `12.4.1` (of its version.json), else nvcc's release, such as `12.4`; empty where neither says it."""
    nvcc: Path | None
    """The compiler; null where only libraries are installed."""
    nvcc_version: str
    """Such as `12.4.131`; empty where nvcc is not there or does not answer."""
    include: Path | None
    """The folder with `cuda.h`."""
    libraries: tuple[Path, ...]
    """Folders with the CUDA runtime: `lib64`, `lib`, `targets/*/lib`, those that are there."""
    cudnn: Cudnn | None
    problems: tuple[str, ...]
    """What is broken in it."""


class Driver(_Part):
    """The NVIDIA driver: a part in the kernel, and a library of the same release."""

    kernel: str
    """The version of the kernel's part, such as `580.65.06`; empty where it is not loaded."""
    library: Path | None
    """The `libcuda.so.1` that the loader finds, links followed."""
    cuda: str
    """The newest CUDA that the library serves, as it says itself, such as `13.0`."""
    problem: str
    """Why the library does not answer though it is there."""


class CudaHost(_Part):
    """The CUDA of a machine."""

    toolkits: tuple[Toolkit, ...]
    driver: Driver


class KernelLimits(_Part):
    """What a kernel may ask of a GPU at most; sizes by x, y and z."""

    multiprocessors: int
    warp_size: int
    threads_per_multiprocessor: int
    threads_per_block: int
    block: tuple[int, int, int]
    grid: tuple[int, int, int]
    shared_memory_per_block_bytes: int
    registers_per_block: int


class Gpu(_Part):
    """One GPU, as the management library (NVML) shows it; what it refuses to say is empty or 0."""

    index: int
    """NVML's number, in the order of PCI addresses."""
    name: str
    uuid: str
    pci: str
    """Such as `00000000:65:00.0`."""
    compute_capability: str
    """Such as `8.6`."""
    memory_bytes: int
    clock_mhz: int
    """The highest of the multiprocessors."""
    memory_clock_mhz: int
    limits: KernelLimits | None
    """What CUDA says; null where CUDA does not show this GPU (CUDA_VISIBLE_DEVICES)."""


class CudaDevices(_Part):
    """Every GPU of a machine, and the driver."""

    driver: str
    """Such as `580.65.06`; empty where there is no driver."""
    cuda: str
    """The newest CUDA that it serves, such as `13.0`; empty where NVML does not say it."""
    devices: tuple[Gpu, ...]
    problems: tuple[str, ...]
    """Why a library of the driver does not answer though it is there."""
