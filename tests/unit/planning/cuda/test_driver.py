"""The kernel's part of the driver, by a folder as the kernel shows it."""

from pathlib import Path

import pytest

from envmgr.model.host import CudaFacts
from envmgr.planning.cuda.driver import driver, kernel_facts
from tests import fake_cuda

OPEN = "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  Release Build  (root@host)\nGCC version:\n"
OLD = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  470.82.01  Wed Oct 27 21:21:55 UTC 2021\nGCC version:\n"


@pytest.mark.parametrize(("text", "version"), [(OPEN, "580.65.06"), (OLD, "470.82.01"), ("what is this\n", "")])
def test_its_version_and_its_gpus_are_read(tmp_path: Path, text: str, version: str) -> None:
    (tmp_path / "version").write_text(text)
    for address in ("0000:65:00.0", "0000:01:00.0"):
        (tmp_path / "gpus" / address).mkdir(parents=True)
    (tmp_path / "gpus/0000:65:00.0/information").write_text("Model: \t\t NVIDIA A10\nIRQ:   \t\t 11\n")
    facts = CudaFacts(driver=version, devices=2, models=("", "NVIDIA A10")) if version else CudaFacts()
    assert kernel_facts(tmp_path) == facts


@pytest.mark.parametrize(("code", "problem"), [(0, ""), (803, "cuInit: CUDA_ERROR_TEST (803)")])
def test_a_driver_that_is_to_be_used_is_started(tmp_path: Path, code: int, problem: str) -> None:
    source = fake_cuda.DRIVER_SOURCE.replace(
        "cuInit(unsigned flags) { return 0; }", f"cuInit(int flags) {{ return {code}; }}"
    )
    environ = {"LD_LIBRARY_PATH": str(fake_cuda.shared_library(tmp_path / fake_cuda.DRIVER, source).parent)}
    assert driver(environ, tmp_path).problem == ""
    found = driver(environ, tmp_path, start=True)
    assert (found.cuda, found.problem) == ("13.0", problem)


def test_without_it_there_is_no_driver(tmp_path: Path) -> None:
    assert kernel_facts(tmp_path) == CudaFacts(driver="", devices=0)
