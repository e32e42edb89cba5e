"""What the driver's libraries are asked, by a process that is started for it.

`python questions.py cuda|started|gpus|limits` prints one JSON object.

Interfaces: cuda.h (driver API), nvml.h. Nothing here imports envmgr.
"""

import ctypes
import json
import sys
from ctypes import byref, c_char, c_char_p, c_int, c_uint, c_ulonglong, c_void_p, create_string_buffer
from typing import Any

CUDA, NVML = "libcuda.so.1", "libnvidia-ml.so.1"
ABSENT = tuple(f"{name}: cannot open shared object file" for name in (CUDA, NVML))
TEXT_BYTES = 96
"""More than any text of NVML has."""
MULTIPROCESSOR_CLOCK, MEMORY_CLOCK = 1, 2
UUID_BYTES = 16
ATTRIBUTES: dict[str, int | tuple[int, ...]] = {
    "multiprocessors": 16,
    "warp_size": 10,
    "threads_per_multiprocessor": 39,
    "threads_per_block": 1,
    "block": (2, 3, 4),
    "grid": (5, 6, 7),
    "shared_memory_per_block_bytes": 8,
    "registers_per_block": 12,
}
"""Limits of a device: their numbers in cuda.h."""


class Memory(ctypes.Structure):
    """nvmlMemory_t."""

    _fields_ = (("total", c_ulonglong), ("free", c_ulonglong), ("used", c_ulonglong))


class Pci(ctypes.Structure):
    """nvmlPciInfo_t."""

    _fields_ = (("legacy", c_char * 16), ("numbers", c_uint * 5), ("address", c_char * 32))


class RefusedError(Exception):
    """A function of a library answered with an error."""


def cuda(*, start: bool = False) -> dict[str, Any]:
    """The driver library, and the newest CUDA that it serves; `start` has it find its GPUs as well."""
    library, version = ctypes.CDLL(CUDA), c_int()
    try:
        _cuda(library, "cuDriverGetVersion", byref(version))
        if start:
            _cuda(library, "cuInit", 0)
    except (RefusedError, AttributeError) as error:
        return {"file": _file(CUDA), "version": _release(version), "problem": str(error)}
    return {"file": _file(CUDA), "version": _release(version)}


def started() -> dict[str, Any]:
    """As `cuda`, of a driver that is ready: who starts it lets it make its nodes in /dev."""
    return cuda(start=True)


def limits() -> dict[str, Any]:
    """The limits of the devices that CUDA shows, by UUID."""
    library, count = ctypes.CDLL(CUDA), c_int()
    _cuda(library, "cuInit", 0)
    _cuda(library, "cuDeviceGetCount", byref(count))
    found = {}
    for ordinal in range(count.value):
        device, uuid = c_int(), create_string_buffer(UUID_BYTES)
        _cuda(library, "cuDeviceGet", byref(device), ordinal)
        _cuda(library, "cuDeviceGetUuid", uuid, device)
        found[_uuid(uuid.raw)] = {
            name: [_attribute(library, device, one) for one in number]
            if isinstance(number, tuple)
            else _attribute(library, device, number)
            for name, number in ATTRIBUTES.items()
        }
    return {"limits": found}


def gpus() -> dict[str, Any]:
    """Every GPU that NVML shows."""
    library, count = ctypes.CDLL(NVML), c_uint()
    _nvml(library, "nvmlInit_v2")
    _nvml(library, "nvmlDeviceGetCount_v2", byref(count))
    found: list[dict[str, Any]] = []
    lost: list[str] = []
    for index in range(count.value):
        handle = c_void_p()
        try:
            _nvml(library, "nvmlDeviceGetHandleByIndex_v2", c_uint(index), byref(handle))
            found.append({"index": index, **_gpu(library, handle)})
        except RefusedError as error:
            lost.append(f"GPU {index}: {error}")
    cuda = c_int()
    _tried(library, "nvmlSystemGetCudaDriverVersion_v2", byref(cuda))
    return {
        "driver": _text(library, "nvmlSystemGetDriverVersion"),
        "cuda": _release(cuda),
        "gpus": found,
        "lost": lost,
    }


def _gpu(library: ctypes.CDLL, handle: c_void_p) -> dict[str, Any]:
    memory, pci, major, minor = Memory(), Pci(), c_int(), c_int()
    _tried(library, "nvmlDeviceGetMemoryInfo", handle, byref(memory))
    _tried(library, "nvmlDeviceGetPciInfo_v3", handle, byref(pci))
    _tried(library, "nvmlDeviceGetCudaComputeCapability", handle, byref(major), byref(minor))
    return {
        "name": _text(library, "nvmlDeviceGetName", handle),
        "uuid": _text(library, "nvmlDeviceGetUUID", handle),
        "pci": pci.address.decode(errors="replace"),
        "compute_capability": f"{major.value}.{minor.value}" if major.value else "",
        "memory_bytes": memory.total,
        "clock_mhz": _clock(library, handle, MULTIPROCESSOR_CLOCK),
        "memory_clock_mhz": _clock(library, handle, MEMORY_CLOCK),
    }


def _clock(library: ctypes.CDLL, handle: c_void_p, kind: int) -> int:
    clock = c_uint()
    told = _tried(library, "nvmlDeviceGetMaxClockInfo", handle, c_uint(kind), byref(clock))
    return clock.value if told else 0


def _text(library: ctypes.CDLL, function: str, *arguments: Any) -> str:  # noqa: ANN401  as C takes them
    text = create_string_buffer(TEXT_BYTES)
    _tried(library, function, *arguments, text, c_uint(TEXT_BYTES))
    return text.value.decode(errors="replace")


def _tried(library: ctypes.CDLL, function: str, *arguments: Any) -> bool:  # noqa: ANN401  as C takes them
    """Call; whether the library knows the function and does not refuse it for this GPU."""
    try:
        _nvml(library, function, *arguments)
    except (RefusedError, AttributeError):
        return False
    return True


def _nvml(library: ctypes.CDLL, function: str, *arguments: Any) -> None:  # noqa: ANN401  as C takes them
    code = getattr(library, function)(*arguments)
    if code:
        library.nvmlErrorString.restype = c_char_p
        raise RefusedError(f"{function}: {library.nvmlErrorString(code).decode(errors='replace')}")


def _cuda(library: ctypes.CDLL, function: str, *arguments: Any) -> None:  # noqa: ANN401  as C takes them
    code = getattr(library, function)(*arguments)
    if code:
        name = c_char_p()
        library.cuGetErrorName(code, byref(name))
        raise RefusedError(f"{function}: {(name.value or b'error').decode(errors='replace')} ({code})")


def _attribute(library: ctypes.CDLL, device: c_int, number: int) -> int:
    value = c_int()
    _cuda(library, "cuDeviceGetAttribute", byref(value), number, device)
    return value.value


def _release(version: c_int) -> str:
    """As people write it: 12040 is `12.4`."""
    return f"{version.value // 1000}.{version.value % 1000 // 10}" if version.value else ""


def _uuid(raw: bytes) -> str:
    """As NVML writes it."""
    digits = raw.hex()
    return f"GPU-{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def _file(name: str) -> str | None:
    """Where a library that is loaded lies, links followed: as the kernel has it."""
    stem = name.partition(".so")[0]
    with open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as maps:  # noqa: PTH123  starts quickly
        places = [line.rstrip("\n").split(None, 5)[-1] for line in maps]
    return next((place for place in places if place.rpartition("/")[2].startswith(f"{stem}.so")), None)


def main(question: str) -> dict[str, Any]:
    """The answer; `problem` where a library is there and does not answer."""
    try:
        return {"cuda": cuda, "started": started, "gpus": gpus, "limits": limits}[question]()
    except OSError as error:
        return {} if str(error).startswith(ABSENT) else {"problem": str(error)}
    except (RefusedError, AttributeError) as error:
        return {"problem": str(error)}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1])))  # noqa: T201  it is what was asked for
