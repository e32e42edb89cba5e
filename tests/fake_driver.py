"""An NVIDIA driver that answers what a test wants, as a shared library: compiled where the host has a C compiler."""

import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

COMPILER = shutil.which("cc")


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
