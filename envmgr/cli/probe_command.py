"""`envmgr probe`: the facts of this host, its CUDA, its GPUs."""

import os

import click

from envmgr.cli.answer import Answer, answers
from envmgr.model.cuda import CudaDevices, CudaHost, Driver, Gpu, Toolkit
from envmgr.model.host import HostFacts
from envmgr.planning.cuda.driver import devices, driver
from envmgr.planning.cuda.toolkits import toolkits
from envmgr.planning.probe import probe


@click.command("probe")
@click.argument("what", type=click.Choice(["host", "cuda", "cuda-devices"]), default="host")
@answers("probe")
def command(*, what: str) -> Answer[HostFacts | CudaHost | CudaDevices]:
    """Show the facts that choose variants and that every run records; or, of CUDA, all that is here.

    cuda: every toolkit with its cuDNN, in the order in which programs would take them, and the driver. cuda-devices:
    every GPU. None of them is an error where there is none.
    """
    match what:
        case "cuda":
            return _cuda(CudaHost(toolkits=toolkits(os.environ), driver=driver(os.environ)))
        case "cuda-devices":
            return _devices(devices(os.environ))
    facts = probe()
    lines = [f"{name:16} {_shown(facts.fact(name))}" for name in HostFacts.names()]
    return Answer(facts, "\n".join(lines))


def _shown(fact: str | int | tuple[str, ...]) -> str:
    return (" ".join(fact) if isinstance(fact, tuple) else str(fact)) or "none"


def _cuda(found: CudaHost) -> Answer[HostFacts | CudaHost | CudaDevices]:
    lines = [_toolkit(toolkit) for toolkit in found.toolkits] or ["no CUDA toolkit"]
    broken = [problem for toolkit in found.toolkits for problem in toolkit.problems]
    broken += [found.driver.problem] if found.driver.problem else []
    return Answer(found, "\n".join([*lines, _driver(found.driver)]), warnings=broken)


def _toolkit(toolkit: Toolkit) -> str:
    nvcc = f"nvcc {toolkit.nvcc_version or '?'}" if toolkit.nvcc else "no nvcc"
    cudnn = f"cuDNN {toolkit.cudnn.version}" if toolkit.cudnn else "no cuDNN"
    return f"toolkit {toolkit.version or '?'}: {toolkit.root} ({nvcc}, {cudnn})"


def _driver(found: Driver) -> str:
    if not found.kernel and found.library is None:
        return "no NVIDIA driver"
    kernel = found.kernel or "not loaded in the kernel"
    return f"driver {kernel}: {found.library or 'no libcuda.so.1'} (CUDA {found.cuda or '?'})"


def _devices(found: CudaDevices) -> Answer[HostFacts | CudaHost | CudaDevices]:
    text = "\n".join(map(_gpu, found.devices)) or "no GPU that a driver of NVIDIA's shows"
    return Answer(found, text, warnings=found.problems)


def _gpu(gpu: Gpu) -> str:
    size = f"{gpu.memory_bytes / 2**30:.1f} GiB"
    return f"{gpu.index} {gpu.name}: {size}, compute capability {gpu.compute_capability}, {gpu.pci}, {gpu.uuid}"
