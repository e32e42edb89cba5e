"""The benchmarks measure, whatever the values are on a machine that runs tests."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end.conftest import TOP, Proof

pytestmark = [pytest.mark.end_to_end, pytest.mark.registry, pytest.mark.xdist_group("end_to_end")]


def test_a_benchmark_prints_a_table_and_writes_its_rows(proof: Proof, tmp_path: Path) -> None:
    names = ["null-backend", "realize-present"]
    command = [sys.executable, "-m", "benchmarks", *names, "--store", str(proof.second.store), "--json", "rows.json"]
    environ = {**proof.second.environ, "PYTHONPATH": str(TOP)}
    done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.count("\n")) == (0, 3), done.stderr
    rows = json.loads((tmp_path / "rows.json").read_text())
    assert [row["name"] for row in rows] == names
    for row in rows:
        assert row.keys() == {"name", "value", "unit", "target", "sense", "ours", "peer"}
        assert row["ours"] > 0
        assert row["peer"] > 0
