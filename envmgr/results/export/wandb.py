"""Runs as a few lines of Python hand them to Weights & Biases, online or offline: see docs/how-to/look-at-runs.md."""

import json
from collections.abc import Mapping, Sequence

from envmgr.results.export.tracked import Tracked, tracked
from envmgr.results.fields import Fields


def files(rows: Sequence[Fields]) -> Mapping[str, str]:
    """One file: a list of runs, each with what `wandb.init` and `run.summary.update` take."""
    return {"": json.dumps({"runs": [_run(tracked(row)) for row in rows]}, indent=2) + "\n"}


def _run(run: Tracked) -> dict[str, object]:
    return {
        "init": {"id": run.id, "name": run.name, "group": run.group, "tags": list(run.tags), "config": run.config},
        "summary": run.summary,
    }
