"""The house is in order: its layers, its types, its style. One test a tool, as a person would run it."""

import subprocess
import sys
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
TOOLS = Path(sys.executable).parent


@pytest.mark.parametrize(
    "command",
    [
        ["lint-imports", "--no-cache"],
        ["mypy", "--no-incremental"],
        ["ruff", "check", "--no-cache"],
        ["ruff", "format", "--check", "--no-cache"],
    ],
    ids=["layers", "types", "style", "format"],
)
def test_the_house_is_in_order(command: list[str]) -> None:
    done = subprocess.run([TOOLS / command[0], *command[1:]], cwd=TOP, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
