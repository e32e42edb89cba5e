"""Each line of the threat model names the tests that prove it, and they are there."""

import ast
import re
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
PAGE = (TOP / "docs" / "threat-model.md").read_text()
PROMISES = [
    line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith(("| promised", "| ---"))
]


@pytest.mark.parametrize("promise", PROMISES)
def test_a_promise_is_proved_by_tests_that_exist(promise: str) -> None:
    _, said, proofs, _ = promise.split("|")
    named = re.findall(r"`(tests/[\w/.]+)::(test_\w+)`", proofs)
    assert said.strip()
    assert re.sub(r"`[^`]*`|[ ,]", "", proofs) == "", "what stands there beside tests?"
    assert named
    for file, test in named:
        parsed = ast.parse((TOP / file).read_text())
        assert test in {node.name for node in parsed.body if isinstance(node, ast.FunctionDef)}, f"{file}::{test}"
