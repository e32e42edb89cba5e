"""The C++ harness, by its own tests: the presets of harness/cpp with the host's compiler.

LOADGEN_SOURCE names an unpacked source distribution of mlcommons-loadgen; without it nothing can be compiled here.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.harness

SOURCE = Path(__file__).parents[2] / "harness" / "cpp"


@pytest.fixture(scope="module", autouse=True)
def tools() -> None:
    missing = [tool for tool in ("c++", "cmake", "ctest", "ninja") if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"not on PATH: {', '.join(missing)}")
    if not (Path(os.environ.get("LOADGEN_SOURCE", "")) / "loadgen.h").is_file():
        pytest.skip("LOADGEN_SOURCE names no unpacked mlcommons-loadgen")


@pytest.mark.parametrize("preset", ["dev", "asan", "tsan"])
def test_the_harness_passes_its_own_tests(preset: str, tmp_path: Path) -> None:
    environment = {**os.environ, "HARNESS_BUILD": str(tmp_path)}
    for command in (["cmake", "--preset"], ["cmake", "--build", "--preset"], ["ctest", "--preset"]):
        done = subprocess.run(
            [*command, preset], check=False, cwd=SOURCE, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
