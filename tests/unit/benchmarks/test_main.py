import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).parents[3]


def test_a_benchmark_that_does_not_exist_is_a_usage_error_that_names_those_that_do() -> None:
    command = [sys.executable, "-m", "benchmarks", "null-backnd"]
    done = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "null-backnd" in done.stderr
    assert "null-backend" in done.stderr
