"""The embedded data set, generated once for all tests of this folder."""

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
    """Return a folder with the 200 validation pictures."""
    for wheel in ("numpy", "PIL"):
        pytest.importorskip(wheel, reason=f"the generator needs {wheel}")
    folder = tmp_path_factory.mktemp("shapes")
    command = [sys.executable, str(_RECIPES / "shapes" / "generate.py"), str(folder), "validation", "200"]
    subprocess.run(command, check=True)
    return folder
