"""`python -m benchmarks [NAME...] [--json FILE] [--store DIR]`: measures, prints a table, writes the rows as JSON."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

from benchmarks import (
    add,
    cache,
    cold,
    early_cutoff,
    evaluate_full,
    first_contact,
    gc,
    harness_overhead,
    memory,
    noop,
    null_backend,
    pages,
    realize_present,
    runs,
    second_run,
    standin,
    store_size,
    verify,
)
from benchmarks.checkout import Checkout, FailedError
from benchmarks.nix import NoPeerError
from benchmarks.row import Row, table

MEASURES: Mapping[str, Callable[[Checkout], list[Row]]] = {
    "realize-present": realize_present.measure,
    "second-run": second_run.measure,
    "harness-overhead": harness_overhead.measure,
    "standin": standin.measure,
    "harness-python-overhead": harness_overhead.measure_python,
    "null-backend": null_backend.measure,
    "null-backend-python": null_backend.measure_python,
    "noop": noop.measure,
    "store-100000": store_size.measure,
    "memory-10000": memory.measure,
    "early-cutoff": early_cutoff.measure,
    "add": add.measure,
    "cold": cold.measure,
    "cache": cache.measure,
    "cache-nothing": cache.measure_nothing,
    "cold-growth": cold.measure_growth,
    "gc": gc.measure,
    "verify": verify.measure,
    "runs-1000": runs.measure,
    "report": pages.measure_report,
    "dashboard-1000": pages.measure_dashboard,
    "evaluate-full": evaluate_full.measure,
    "first-contact": first_contact.measure,
}
WHEN_NAMED = (
    "first-contact",
    "standin",
)


def main() -> int:
    """Measure what is asked for: 0 whatever the values, 1 where something could not be measured."""
    asked = _arguments()
    rows: list[Row] = []
    for name in asked.names or [name for name in MEASURES if name not in WHEN_NAMED]:
        print(f"{name}, at load {os.getloadavg()[0]:.1f}", file=sys.stderr, flush=True)
        try:
            rows += MEASURES[name](Checkout(asked.store))
        except NoPeerError as error:
            print(f"{name}: skipped: {error}", file=sys.stderr)
        except FailedError as error:
            print(f"{name}: {error}", file=sys.stderr)
            return 1
    print(table(rows))
    if asked.json:
        asked.json.write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=sys.modules["benchmarks"].__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(MEASURES))
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the rows there")
    parser.add_argument("--store", type=Path, metavar="DIR", help="the store; by default this checkout's own")
    asked = parser.parse_args()
    if unknown := set(asked.names) - MEASURES.keys():
        parser.error(f"no such benchmark: {', '.join(sorted(unknown))}; there are {', '.join(MEASURES)}")
    return asked


if __name__ == "__main__":
    sys.exit(main())
