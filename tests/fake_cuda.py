"""CUDA as a test wants it: trees as installers lay them, and a driver that is compiled where there is a C compiler."""

import json
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

COMPILER = shutil.which("cc")
DRIVER, NVML = "libcuda.so.1", "libnvidia-ml.so.1"
UUID = "GPU-01234567-89ab-cdef-0123-456789abcdef"

DRIVER_SOURCE = """
#include <string.h>
int cuDriverGetVersion(int* version) { *version = 13000; return 0; }
int cuInit(unsigned flags) { return 0; }
int cuDeviceGetCount(int* count) { *count = 1; return 0; }
int cuDeviceGet(int* device, int ordinal) { *device = ordinal; return 0; }
int cuDeviceGetUuid(char* uuid, int device) {
  memcpy(uuid, "\\x01\\x23\\x45\\x67\\x89\\xab\\xcd\\xef\\x01\\x23\\x45\\x67\\x89\\xab\\xcd\\xef", 16);
  return 0;
}
int cuDeviceGetAttribute(int* value, int number, int device) { *value = number * 100; return 0; }
int cuGetErrorName(int code, const char** name) { *name = "CUDA_ERROR_TEST"; return 0; }
"""
"""A driver for CUDA 13.0 that shows the first of two GPUs."""

NVML_SOURCE = f"""
#include <stdio.h>
#include <string.h>
int nvmlInit_v2(void) {{ return 0; }}
const char* nvmlErrorString(int code) {{ return code == 15 ? "GPU is lost" : "Not Supported"; }}
int nvmlSystemGetDriverVersion(char* text, unsigned size) {{ strcpy(text, "580.65.06"); return 0; }}
int nvmlSystemGetCudaDriverVersion_v2(int* version) {{ *version = 13000; return 0; }}
int nvmlDeviceGetCount_v2(unsigned* count) {{ *count = 3; return 0; }}
int nvmlDeviceGetHandleByIndex_v2(unsigned index, void** handle) {{
  *handle = (void*)(index + 1L);
  return index == 2 ? 15 : 0;
}}
int nvmlDeviceGetName(void* handle, char* text, unsigned size) {{ sprintf(text, "Toy %ld", (long)handle); return 0; }}
int nvmlDeviceGetUUID(void* handle, char* text, unsigned size) {{
  strcpy(text, handle == (void*)1 ? "{UUID}" : "GPU-other");
  return 0;
}}
int nvmlDeviceGetMemoryInfo(void* handle, unsigned long long* memory) {{ memory[0] = 24ull << 30; return 0; }}
int nvmlDeviceGetCudaComputeCapability(void* handle, int* major, int* minor) {{ *major = 8; *minor = 6; return 0; }}
int nvmlDeviceGetMaxClockInfo(void* handle, int kind, unsigned* clock) {{
  *clock = kind * 1000;
  return handle == (void*)2 && kind == 2 ? 3 : 0;
}}
int nvmlDeviceGetPciInfo_v3(void* handle, char* pci) {{
  sprintf(pci + 36, "00000000:%02lX:00.0", (long)handle);
  return 0;
}}
"""
"""Three GPUs: a whole one, one that does not tell its memory's clock, and one that fell off the bus."""


def shared_library(file: Path, source: str) -> Path:
    """Compile a library whose name is its SONAME; skip the test where nothing compiles."""
    if COMPILER is None:
        pytest.skip("no C compiler here to make a fake driver with")
    command = [COMPILER, "-shared", "-fPIC", "-O0", "-w", f"-Wl,-soname,{file.name}", "-o", str(file), "-xc", "-"]
    file.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(command, input=source, text=True, check=True)
    return file


def empty_functions(names: Iterable[str]) -> str:
    """C for functions of these names that do nothing and return 0."""
    return "".join(f"int {name}(void) {{ return 0; }}\n" for name in sorted(set(names)))


def toolkit(
    root: Path, release: str, *, nvcc: str, version: str = "", cudnn: str = "", targets: bool = True, lib64: bool = True
) -> Path:
    """Lay a toolkit as NVIDIA's installers do; `version` is that of its version.json, which older ones lack."""
    folder = root / "targets" / "x86_64-linux" if targets else root
    (folder / "include").mkdir(parents=True)
    (folder / "include" / "cuda.h").write_text("#define CUDA_VERSION\n")
    (folder / "lib").mkdir()
    (folder / "lib" / "libcudart.so").write_text("not really\n")
    if targets:
        (root / "include").symlink_to("targets/x86_64-linux/include")
    if lib64:
        (root / "lib64").symlink_to("targets/x86_64-linux/lib" if targets else "lib")
    compiler(root / "bin" / "nvcc", f"Cuda compilation tools, release {release}, V{nvcc}")
    if version:
        (root / "version.json").write_text(json.dumps({"cuda": {"name": "CUDA SDK", "version": version}}))
    if cudnn:
        cudnn_of(folder, cudnn)
    return root


def cudnn_of(folder: Path, version: str) -> None:
    """Put a cuDNN into a folder with `include` and `lib`."""
    lines = zip(("MAJOR", "MINOR", "PATCHLEVEL"), version.split("."), strict=True)
    (folder / "include" / "cudnn_version.h").write_text("".join(f"#define CUDNN_{name} {n}\n" for name, n in lines))
    (folder / "lib" / f"libcudnn.so.{version}").write_text("not really\n")
    (folder / "lib" / "libcudnn.so").symlink_to(f"libcudnn.so.{version}")


def compiler(file: Path, says: str, *, ends: str = "exit 0") -> Path:
    """A `nvcc` that says something, and how it ends."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\necho 'nvcc: NVIDIA (R) Cuda compiler driver'\necho '{says}'\n{ends}\n")
    file.chmod(0o755)
    return file
