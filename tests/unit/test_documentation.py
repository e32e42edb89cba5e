"""The manual against the code: generated pages have not drifted, tables are complete, links lead somewhere."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import tomli

from envmgr.cli.documented import json_schema
from envmgr.model.recipe import Recipe

TOP = Path(__file__).parents[2]
DOCS = TOP / "docs"
EXIT_CODES = {
    0: "done",
    1: "a fault of envmgr itself",
    2: "usage",
    3: "recipe, config or lockfile invalid",
    4: "the lockfile is out of date, or an output is not the locked one",
    5: "a build failed",
    6: "a source could not be fetched",
    7: "integrity: a hash or signature is wrong, the store is damaged",
    8: "the benchmark ran, LoadGen says INVALID",
    9: "accuracy below target",
    10: "submission check failed",
    11: "a rebuild came out different",
    12: "the host lacks what the plan needs (driver, sandbox, disk, memory)",
    13: "waited too long for a path lock",
    127: "exec, shell: the program could not be started",
    130: "interrupted; nothing half done",
}
"""What was agreed: a code never changes its meaning, as scripts rely on it."""


def test_the_generated_pages_are_what_the_code_says() -> None:
    """`python docs/generate.py` accepts what has changed."""
    command = [sys.executable, str(DOCS / "generate.py"), "--check"]
    environ = {**os.environ, "PYTHONPATH": str(TOP)}
    done = subprocess.run(command, cwd=TOP, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_exit_codes_mean_what_was_agreed() -> None:
    table = (DOCS / "reference" / "exit-codes.md").read_text().split("| exit | class")[0]
    rows = re.findall(r"^\| (\d+) \| (.+) \|$", table, flags=re.MULTILINE)
    assert {int(code): meaning for code, meaning in rows} == EXIT_CODES


def test_every_dependency_is_defended() -> None:
    project = tomli.loads((TOP / "pyproject.toml").read_text())["project"]
    named = [re.split(r"[<>=]", line)[0] for line in project["dependencies"]]
    _, *rows = re.findall(r"^\| ([a-z][a-z0-9-]*) \|", (DOCS / "dependencies.md").read_text(), flags=re.MULTILINE)
    assert rows == named


def test_every_key_of_a_recipe_is_explained() -> None:
    schema = json_schema(Recipe)
    parts = {"Recipe": schema, **schema["$defs"]}
    bare = {
        f"{name}.{key}"
        for name, part in parts.items()
        for key, field in part.get("properties", {}).items()
        if "description" not in field and "const" not in field
    }
    assert bare == set()


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=lambda page: str(page.relative_to(DOCS)))
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]*)(?:#[^)]*)?\)", page.read_text())
    assert [target for target in targets if not (page.parent / target).exists()] == []
