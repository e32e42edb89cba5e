"""`python -m benchmarks.full_size [--store DIR] [--write FILE]`: ten samples of a model of RetinaNet's full size.

The tutorial's accuracy and performance runs, by the real command, with what they take in time and memory.
"""

import argparse
import itertools
import json
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.checkout import LOCK, RAN, Checkout
from benchmarks.page import head, row, write_below
from benchmarks.peak import peak
from envmgr.model.run_record import RunRecord

WAYS = tuple(itertools.product(("cpp", "python"), ("Offline", "SingleStream")))
SAMPLES = ("--count", "10", "--set", "min_query_count=10", "--set", "min_duration_ms=0")
"""As `--test_query_count=10` has it in CM: ten queries, however fast."""
COLUMNS = (
    "implementation", "scenario", "accuracy", "performance", "whole command", "samples/s", "90 % within",
    "CPU a sample", "LoadGen", "peak memory", "load",
)  # fmt: skip


@dataclass(frozen=True)
class Taken:
    """What one command took."""

    record: RunRecord
    seconds: float
    cpu: float
    """Seconds of all threads that a sample took in the performance run."""
    megabytes: float
    """Of its biggest process, which is the harness."""
    load: float
    """When it began."""

    @classmethod
    def by(cls, checkout: Checkout, implementation: str, scenario: str) -> "Taken":
        """Run it."""
        command = command_of(implementation, scenario)
        load, began = os.getloadavg()[0], time.monotonic()
        megabytes, said = peak(checkout.argv(*command, "--json"), checkout.environ, expect=RAN)
        answer = json.loads(said.splitlines()[-1])
        seconds, file = time.monotonic() - began, Path(answer["data"]["record"])
        harness = json.loads((file.parent / "performance/harness.json").read_text())
        cpu = harness["test_cpu_seconds"] / harness["answered"]
        return cls(RunRecord.parse(file.read_text()), seconds, cpu, megabytes, load)

    def cells(self) -> list[str]:
        """The row of the table."""
        steps: Mapping[str, float] = {step.name: step.seconds for step in self.record.steps}
        metrics = self.record.metrics
        return [
            self.record.axes["implementation"],
            self.record.axes["scenario"],
            f"{steps['accuracy']:.0f} s",
            f"{steps['performance']:.0f} s",
            f"{self.seconds:.0f} s",
            f"{float(metrics['samples_per_second']):.3f}",
            f"{float(metrics['latency_p90_ns']) / 1e9:.1f} s",
            f"{self.cpu:.1f} s",
            "VALID" if metrics["result_valid"] else f"INVALID (exit {self.record.exit_code})",
            f"{self.megabytes:.0f} MB",
            f"{self.load:.1f}",
        ]


def command_of(implementation: str, scenario: str) -> tuple[str, ...]:
    """What is typed behind `envmgr`."""
    axes = ("--set", "model=retinanet-standin", "--set", f"implementation={implementation}")
    return ("run", "benchmark", *LOCK, *axes, "--scenario", scenario, "--mode", "both", *SAMPLES)


def main() -> int:
    """Run every way, and print or write the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.full_size", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--store", type=Path, metavar="DIR", help="the store; by default this checkout's own")
    parser.add_argument("--write", type=Path, metavar="FILE", help="write the table into a page, below its own words")
    asked = parser.parse_args()
    checkout = Checkout(asked.store)
    checkout.realize("retinanet-cpp-cpu", "retinanet-python-cpu", "retinanet-standin")
    lines = [head(COLUMNS)]
    for way in WAYS:
        lines.append(row(Taken.by(checkout, *way).cells()))
        print(lines[-1], file=sys.stderr, flush=True)
    print(*lines, sep="\n")
    if asked.write:
        write_below(asked.write, "\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
