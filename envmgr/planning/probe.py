"""Asks this machine for its facts: the one place where the host is looked at to choose variants.

Everything is read from files of the kernel and from the interpreter; no process is started. More of CUDA than chooses
variants is asked in the room `cuda`.
"""

import os
import platform
import sys
from pathlib import Path

from envmgr.model.host import CpuFacts, HostFacts, PythonFacts
from envmgr.planning.cuda.driver import kernel_facts

TOLD_FEATURES = frozenset(
    {"avx", "avx2", "avx512f", "avx512_bf16", "avx512_vnni", "amx_bf16", "amx_int8", "avx_vnni", "f16c", "fma",
     "sse4_2", "asimd", "asimddp", "bf16", "i8mm", "sve", "sve2"}
)  # fmt: skip
"""Instruction sets that decide which kernels inference engines pick."""


def probe() -> HostFacts:
    """The facts of this machine, now."""
    return HostFacts(
        system=f"{platform.machine()}-{sys.platform}",
        distribution=_distribution(),
        kernel=platform.release(),
        libc=" ".join(platform.libc_ver()).strip(),
        cpu=_cpu(),
        memory_bytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        python=PythonFacts(
            abi=f"cp{sys.version_info.major}{sys.version_info.minor}", version=platform.python_version()
        ),
        cuda=kernel_facts(),
    )


def _cpu() -> CpuFacts:
    fields: dict[str, str] = {}
    for line in _read(Path("/proc/cpuinfo")).splitlines():
        key, _, value = line.partition(":")
        fields.setdefault(key.strip(), value.strip())
    flags = set((fields.get("flags") or fields.get("Features") or "").split())
    return CpuFacts(
        model=fields.get("model name") or platform.machine(),
        cores=len(os.sched_getaffinity(0)),
        features=tuple(sorted(flags & TOLD_FEATURES)),
    )


def _distribution() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return "unknown"


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
