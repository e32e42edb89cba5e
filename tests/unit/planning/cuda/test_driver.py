"""The kernel's part of the driver, by a folder as the kernel shows it."""

from pathlib import Path

import pytest

from envmgr.model.host import CudaFacts
from envmgr.planning.cuda.driver import kernel_facts

OPEN = "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  Release Build  (root@host)\nGCC version:\n"
OLD = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  470.82.01  Wed Oct 27 21:21:55 UTC 2021\nGCC version:\n"


@pytest.mark.parametrize(("text", "version"), [(OPEN, "580.65.06"), (OLD, "470.82.01"), ("what is this\n", "")])
def test_its_version_and_its_gpus_are_read(tmp_path: Path, text: str, version: str) -> None:
    (tmp_path / "version").write_text(text)
    for address in ("0000:01:00.0", "0000:65:00.0"):
        (tmp_path / "gpus" / address).mkdir(parents=True)
    assert kernel_facts(tmp_path) == CudaFacts(driver=version, devices=2 if version else 0)


def test_without_it_there_is_no_driver(tmp_path: Path) -> None:
    assert kernel_facts(tmp_path) == CudaFacts(driver="", devices=0)
