"""Runs as hyperfine's `--export-json` (of its releases 1.x) has them, for the scripts that read that."""

import json
from collections.abc import Mapping, Sequence
from statistics import fmean, median, stdev

from envmgr.results.export.timing import Timing, timings
from envmgr.results.fields import Fields


def files(rows: Sequence[Fields]) -> Mapping[str, str]:
    """One file: a command is a configuration, a time the seconds of a sample."""
    return {"": json.dumps({"results": [_result(timing) for timing in timings(rows)]}, indent=2) + "\n"}


def _result(timing: Timing) -> dict[str, object]:
    times = timing.seconds
    return {
        "command": timing.label,
        "mean": fmean(times),
        "stddev": stdev(times) if len(times) > 1 else None,
        "median": median(times),
        "user": None,  # what a sample took of the processors is not known
        "system": None,
        "min": min(times),
        "max": max(times),
        "times": list(times),
        "exit_codes": [row["exit_code"] for row in timing.rows],
        "parameters": {name: str(value) for name, value in timing.parameters.items()},
    }
