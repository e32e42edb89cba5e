"""Commands whose system calls are held, refused or their last one."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.faults.forks import Forks
from tests.functional.conftest import TOP, checkout, origin, sandboxed

__all__ = ["checkout", "origin", "sandboxed"]


@pytest.fixture(scope="session")
def forks() -> Iterator[Forks]:
    """Runs commands: `forks(checkout, "realize", "name", calls=…, verdict=…)`; skips where nothing can be watched."""
    trial = [sys.executable, "-c", "from tests.faults.system_calls import watch; watch(['fsync'])"]
    tried = subprocess.run(trial, cwd=TOP, capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"no system call can be watched here: {tried.stderr.splitlines()[-1]}")
    with Forks.open() as forks:
        yield forks
