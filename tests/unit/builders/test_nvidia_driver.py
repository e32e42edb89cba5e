"""What of NVIDIA's driver is lent, and how a box sees it; the driver is a fake one, and its nodes are files."""

from dataclasses import replace
from pathlib import Path

import pytest

from envmgr.builders.action import Executor
from envmgr.builders.bare_host import bare_host
from envmgr.builders.nvidia_driver import NoDriverLibraryError, NvidiaDriver, nvidia_driver
from envmgr.model.cuda import Driver
from tests import fake_cuda
from tests.unit.builders.box import Box

PLACE = bare_host().library_place


def driver(library: Path | None, problem: str = "") -> Driver:
    return Driver(kernel="580.65.06", library=library, cuda="13.0", problem=problem)


@pytest.fixture
def lent(tmp_path: Path) -> NvidiaDriver:
    folder = tmp_path / "driver"
    library = fake_cuda.shared_library(folder / "libcuda.so.580.65.06", fake_cuda.DRIVER_SOURCE)
    (folder / fake_cuda.DRIVER).symlink_to(library.name)
    for name in ("libnvidia-ptxjitcompiler.so.1", "libnvidia-gpucomp.so.580.65.06", "libGLX_nvidia.so.0"):
        (folder / name).write_text(f"{name}\n")
    (folder / "libnvidia-ml.so.1").symlink_to("nowhere")
    dev = tmp_path / "dev"
    (dev / "nvidia-caps").mkdir(parents=True)
    for name in ("nvidia0", "nvidiactl", "nvidia-uvm", "nvidia-caps/nvidia-cap1", "sda"):
        (dev / name).write_text(f"{name}\n")
    return nvidia_driver(driver(library), dev)


def test_the_library_its_companions_and_the_nodes_are_lent_and_nothing_beside_them(lent: NvidiaDriver) -> None:
    libraries = {Path(place).name for place in lent.readable}
    assert libraries == {
        "libcuda.so.1", "libcuda.so.580.65.06", "libnvidia-ptxjitcompiler.so.1", "libnvidia-gpucomp.so.580.65.06",
    }  # fmt: skip
    assert {Path(place).parent for place in lent.readable} == {Path(PLACE)}
    assert list(lent.devices) == ["/dev/nvidia-caps", "/dev/nvidia-uvm", "/dev/nvidia0", "/dev/nvidiactl"]
    assert lent.record.keys() == libraries


def test_a_box_sees_the_driver_where_its_loader_looks_and_the_nodes_in_dev(
    sandbox: Executor, tmp_path: Path, lent: NvidiaDriver
) -> None:
    box = Box(sandbox, tmp_path)
    program = (
        "import ctypes, os; library = ctypes.CDLL('libcuda.so.1'); print(library.cuInit(0))\n"
        "print(*sorted(name for name in os.listdir('/dev') if name.startswith('nvidia')))\n"
        "print(open('/dev/nvidia0').read(), end=''); open('/dev/nvidia0', 'a').write('written\\n')\n"
        "print(open('/dev/nvidia-caps/nvidia-cap1').read(), end='')\n"
    )
    action = box.python(program)
    action = replace(action, readable={**action.readable, **lent.readable}, devices=lent.devices)
    assert box.said(action).splitlines() == [
        "0", "nvidia-caps nvidia-uvm nvidia0 nvidiactl", "nvidia0", "nvidia-caps/nvidia-cap1",
    ]  # fmt: skip
    assert (tmp_path / "dev/nvidia0").read_text() == "nvidia0\nwritten\n"


def test_nodes_can_be_used_without_namespaces_as_well(
    any_executor: Executor, tmp_path: Path, lent: NvidiaDriver
) -> None:
    box = Box(any_executor, tmp_path)
    node = lent.devices["/dev/nvidia0"] if any_executor.isolation != "sandboxed" else Path("/dev/nvidia0")
    script = f"read -r line < {node} && echo $line; echo more >> {node}"
    assert box.said(replace(box.action(script), devices=lent.devices)) == "nvidia0\n"


def test_a_driver_without_a_library_is_refused_and_the_error_says_what_is_there(tmp_path: Path) -> None:
    with pytest.raises(NoDriverLibraryError) as refused:
        nvidia_driver(driver(None), tmp_path)
    assert "580.65.06" in refused.value.fix
    with pytest.raises(NoDriverLibraryError, match="crashed"):
        nvidia_driver(driver(tmp_path / "libcuda.so.1", "it crashed"), tmp_path)
