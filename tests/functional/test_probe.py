"""`envmgr probe`: the facts of this host, its CUDA, its GPUs."""

import os
import platform
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import fake_cuda
from tests.functional.conftest import Checkout


def test_the_facts_are_those_of_this_host(checkout: Checkout) -> None:
    facts = checkout("probe", "--json").data
    assert facts["system"] == f"{platform.machine()}-linux"
    assert facts["kernel"] == platform.release()
    assert facts["cpu"]["cores"] == len(os.sched_getaffinity(0))
    assert facts["python"]["abi"] == f"cp3{sys.version_info.minor}"


def test_people_see_a_fact_a_line(checkout: Checkout) -> None:
    lines = checkout("probe").stdout.splitlines()
    assert lines == sorted(lines)
    assert f"python.version   {platform.python_version()}" in lines


def test_recipes_and_a_store_are_not_needed(checkout: Checkout) -> None:
    (checkout.top / "recipes").rmdir()
    checkout("probe")
    assert not checkout.store.exists()


def cuda_of(checkout: Checkout, what: str, **environ: str) -> dict[str, Any]:
    return checkout("probe", what, "--json", expect=0, **environ).data


def test_every_toolkit_is_told_and_the_one_that_is_named_comes_first(checkout: Checkout, tmp_path: Path) -> None:
    old = fake_cuda.toolkit(tmp_path / "cuda-11.3", "11.3", nvcc="11.3.109", version="11.3.1", cudnn="8.2.1")
    new = fake_cuda.toolkit(tmp_path / "cuda 13", "13.0", nvcc="13.0.88")
    environ = {"CUDA_HOME": str(old), "PATH": f"{new}/bin:{os.environ['PATH']}"}
    first, second = cuda_of(checkout, "cuda", **environ)["toolkits"][:2]
    assert (first["root"], first["version"], first["cudnn"]["version"]) == (str(old), "11.3.1", "8.2.1")
    assert first["libraries"] == [f"{old}/lib64", f"{old}/targets/x86_64-linux/lib"]
    assert (second["nvcc"], second["nvcc_version"]) == (f"{new}/bin/nvcc", "13.0.88")
    assert "toolkit 13.0:" in checkout("probe", "cuda", expect=0, **environ).stdout


def test_the_driver_is_asked_for_the_cuda_that_it_serves(checkout: Checkout, tmp_path: Path) -> None:
    library = fake_cuda.shared_library(tmp_path / "driver" / fake_cuda.DRIVER, fake_cuda.DRIVER_SOURCE)
    found = cuda_of(checkout, "cuda", LD_LIBRARY_PATH=str(library.parent))["driver"]
    assert (found["library"], found["cuda"], found["problem"]) == (str(library), "13.0", "")


def test_every_gpu_is_told_with_the_limits_of_those_that_cuda_shows(checkout: Checkout, tmp_path: Path) -> None:
    fake_cuda.shared_library(tmp_path / fake_cuda.DRIVER, fake_cuda.DRIVER_SOURCE)
    fake_cuda.shared_library(tmp_path / fake_cuda.NVML, fake_cuda.NVML_SOURCE)
    found = cuda_of(checkout, "cuda-devices", LD_LIBRARY_PATH=str(tmp_path))
    first, second = found["devices"]
    assert (found["driver"], found["cuda"]) == ("580.65.06", "13.0")
    assert found["problems"] == ["GPU 2: nvmlDeviceGetHandleByIndex_v2: GPU is lost"]
    assert (first["name"], first["uuid"], first["pci"]) == ("Toy 1", fake_cuda.UUID, "00000000:01:00.0")
    assert (first["compute_capability"], first["memory_bytes"]) == ("8.6", 24 << 30)
    assert (first["clock_mhz"], first["memory_clock_mhz"], second["memory_clock_mhz"]) == (1000, 2000, 0)
    assert (first["limits"]["warp_size"], first["limits"]["grid"]) == (1000, [500, 600, 700])
    assert (second["name"], second["limits"]) == ("Toy 2", None)


BROKEN = {
    "crashes": ("int cuDriverGetVersion(int* v) { return *(volatile int*)0; }", "crashed (signal 11)"),
    "ends": ("#include <stdlib.h>\n__attribute__((constructor)) void end(void) { _Exit(3); }", "exit code 3"),
    "lacks": ("int nothing;", "cuDriverGetVersion"),
    "refuses": (
        """
        int cuDriverGetVersion(int* version) { return 999; }
        int cuGetErrorName(int code, const char** name) { *name = "CUDA_ERROR_UNKNOWN"; return 0; }
        """,
        "CUDA_ERROR_UNKNOWN (999)",
    ),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_driver_is_a_problem_and_breaks_nothing_else(checkout: Checkout, tmp_path: Path, how: str) -> None:
    source, problem = BROKEN[how]
    fake_cuda.shared_library(tmp_path / fake_cuda.DRIVER, source)
    result = checkout("probe", "cuda", "--json", LD_LIBRARY_PATH=str(tmp_path))
    assert problem in result.data["driver"]["problem"]
    assert problem in result.json()["warnings"][-1]


def test_a_driver_that_is_a_text_or_a_dangling_link_is_told_or_not_there(checkout: Checkout, tmp_path: Path) -> None:
    library = tmp_path / fake_cuda.DRIVER
    library.write_text("this is no library\n" * 100)
    environ = {"LD_LIBRARY_PATH": str(tmp_path)}
    found = cuda_of(checkout, "cuda", **environ)["driver"]
    assert (found["library"], "invalid ELF header" in found["problem"]) == (None, True)
    assert "invalid ELF header" in cuda_of(checkout, "cuda-devices", **environ)["problems"][0]
    library.unlink()
    library.symlink_to("nowhere")
    if not Path("/proc/driver/nvidia").exists():
        assert cuda_of(checkout, "cuda", **environ)["driver"] == {
            "kernel": "", "library": None, "cuda": "", "problem": "",
        }  # fmt: skip
        assert cuda_of(checkout, "cuda-devices", **environ) == {
            "driver": "", "cuda": "", "devices": [], "problems": [],
        }  # fmt: skip
        assert checkout("probe", "cuda", expect=0, **environ).stdout.endswith("no NVIDIA driver\n")
        assert checkout("probe", "cuda-devices", expect=0, **environ).stdout.startswith("no GPU")
