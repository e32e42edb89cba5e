"""The C++ harness, by its own tests: the presets of harness/cpp with the host's compiler.

HARNESS_PRESETS names the presets (`dev asan tsan` are all of them); each compiles LoadGen and the harness anew.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.harness, pytest.mark.registry]

TOP = Path(__file__).parents[2]
SOURCE = TOP / "harness" / "cpp"
QUICK = "-DCMAKE_CXX_FLAGS_RELWITHDEBINFO=-O1"
"""Half the time of the flags for people, who debug and measure; the warnings that follow the flow of data stay."""


@pytest.fixture(scope="module")
def loadgen_source(tmp_path_factory: pytest.TempPathFactory) -> str:
    missing = [tool for tool in ("c++", "cmake", "ctest", "ninja") if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"not on PATH: {', '.join(missing)}")
    store = tmp_path_factory.mktemp("store")
    command = [sys.executable, "-m", "envmgr", "--store", str(store), "realize", "loadgen-sources"]
    return subprocess.check_output(command, cwd=TOP, text=True).strip()


@pytest.mark.parametrize("preset", os.environ.get("HARNESS_PRESETS", "dev").split())
def test_the_harness_passes_its_own_tests(preset: str, loadgen_source: str, tmp_path: Path) -> None:
    environment = {**os.environ, "HARNESS_BUILD": str(tmp_path), "LOADGEN_SOURCE": loadgen_source}
    for command in (
        ["cmake", "--preset", preset, QUICK],
        ["cmake", "--build", "--preset", preset],
        ["ctest", "--preset", preset],
    ):
        done = subprocess.run(command, check=False, cwd=SOURCE, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
