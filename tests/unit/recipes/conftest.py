"""The embedded data set, generated once for all tests of this folder."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

_RECIPES = Path(__file__).parents[3] / "recipes"


@pytest.fixture(scope="session")
def recipes() -> Path:
    """Return the folder of the recipes."""
    return _RECIPES


@pytest.fixture(scope="session")
def shapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the 200 validation pictures, drawn by the first of pytest's workers that asks for them."""
    for wheel in ("numpy", "PIL"):
        pytest.importorskip(wheel, reason=f"the generator needs {wheel}")
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shapes"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            half = folder.with_suffix(".half")
            half.mkdir()
            command = [sys.executable, str(_RECIPES / "shapes" / "generate.py"), str(half), "validation", "200"]
            subprocess.run(command, check=True)
            half.rename(folder)
    return folder
