"""Asks the NVIDIA driver: its kernel part by what it shows under /proc, its libraries in a process of their own.

A library that crashes or hangs takes that process along, and not envmgr.
"""

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from envmgr.model.cuda import CudaDevices, Driver, Gpu, KernelLimits
from envmgr.model.host import CudaFacts

PROC = Path("/proc/driver/nvidia")
QUESTIONS = Path(__file__).with_name("questions.py")
PATIENCE = 60
"""Seconds. Where nothing keeps a driver awake, it takes some seconds a GPU to answer."""


def kernel_facts(proc: Path = PROC) -> CudaFacts:
    """The kernel's part of the driver: its version, and the GPUs that it serves. No process is started."""
    try:
        text = (proc / "version").read_text()
    except OSError:
        return CudaFacts()
    version = re.search(r"\b\d+\.\d+(\.\d+)?\b", text)
    if version is None:
        return CudaFacts()
    gpus = sorted((proc / "gpus").glob("*"))
    return CudaFacts(driver=version[0], devices=len(gpus), models=tuple(map(_model, gpus)))


def _model(gpu: Path) -> str:
    try:
        model = re.search(r"^Model:\s*(.*?)\s*$", (gpu / "information").read_text(), re.MULTILINE)
    except OSError:
        return ""
    return model[1] if model else ""


def driver(environ: Mapping[str, str], proc: Path = PROC, *, start: bool = False) -> Driver:
    """The driver of this machine.

    Args:
        environ: environment variables; they decide where the loader looks.
        proc: what the kernel shows of its part.
        start: whether it is to be ready for use: its nodes made in /dev, its GPUs found. That may take seconds.
    """
    answer = _ask("started" if start else "cuda", environ)
    return Driver(
        kernel=kernel_facts(proc).driver,
        library=answer.get("file"),
        cuda=answer.get("version", ""),
        problem=answer.get("problem", ""),
    )


def devices(environ: Mapping[str, str], proc: Path = PROC) -> CudaDevices:
    """Every GPU of this machine."""
    shown, told = _ask("gpus", environ), _ask("limits", environ)
    limits = {uuid: KernelLimits.model_validate(fields) for uuid, fields in told.get("limits", {}).items()}
    gpus = [Gpu(**fields, limits=limits.get(fields["uuid"])) for fields in shown.get("gpus", [])]
    problems = [*shown.get("lost", []), *(answer["problem"] for answer in (shown, told) if answer.get("problem"))]
    version = shown.get("driver") or kernel_facts(proc).driver
    return CudaDevices(driver=version, cuda=shown.get("cuda", ""), devices=tuple(gpus), problems=tuple(problems))


def _ask(question: str, environ: Mapping[str, str]) -> dict[str, Any]:
    """What the libraries answer: `problem` says why not; neither is there where there is no library."""
    command = [sys.executable, "-I", "-S", str(QUESTIONS), question]
    try:
        asked = subprocess.run(command, env=environ, capture_output=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        return {"problem": f"the driver has not answered for {PATIENCE} s"}
    if asked.returncode < 0:
        return {"problem": f"a library of the driver crashed (signal {-asked.returncode})"}
    lines = asked.stdout.decode(errors="replace").splitlines()
    try:
        answer: dict[str, Any] = json.loads(lines[-1])  # a library may print, too
    except (IndexError, ValueError):
        return {"problem": f"a library of the driver ended the process (exit code {asked.returncode})"}
    return answer
