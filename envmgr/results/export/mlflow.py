"""Runs as a folder of MLflow's file store (`mlruns`): an experiment is a recipe.

MLflow names params and metrics by files: what a name may not hold there becomes `_`.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from envmgr.model.digest import Digest
from envmgr.results.export.tracked import Tracked, tracked
from envmgr.results.fields import Fields

FINISHED = 3
"""MLflow's status of a run that ended."""
LONGEST_PARAM = 6000
"""Characters of a param's value, as MLflow has it."""


def files(rows: Sequence[Fields]) -> Mapping[str, str]:
    """The files of all runs and of their experiments."""
    found: dict[str, str] = {}
    for run in map(tracked, rows):
        recipe = str(run.config["recipe"])
        experiment = _experiment(recipe)
        found.setdefault(f"{experiment}/meta.yaml", _yaml(_experiment_meta(experiment, recipe, run)))
        found |= {f"{experiment}/{run.id}/{path}": text for path, text in _run_files(experiment, run)}
    return found


def _run_files(experiment: str, run: Tracked) -> Iterator[tuple[str, str]]:
    yield "meta.yaml", _yaml(_run_meta(experiment, run))
    for name, value in run.config.items():
        yield f"params/{_file(name)}", str(value)[:LONGEST_PARAM]
    for name, number in run.summary.items():
        yield f"metrics/{_file(name)}", f"{run.ended} {number!r} 0\n"
    tags = {"mlflow.runName": run.name, "mlflow.source.name": "envmgr", **dict.fromkeys(run.tags, "true")}
    for name, value in tags.items():
        yield f"tags/{_file(name)}", value


def _run_meta(experiment: str, run: Tracked) -> dict[str, object]:
    return {
        "artifact_uri": f"{experiment}/{run.id}/artifacts",
        "end_time": run.ended,
        "entry_point_name": "",
        "experiment_id": experiment,
        "lifecycle_stage": "active",
        "run_id": run.id,
        "run_name": run.name,
        "run_uuid": run.id,
        "source_name": "",
        "source_type": 4,
        "source_version": "",
        "start_time": run.began,
        "status": FINISHED,
        "tags": [],
        "user_id": "envmgr",
    }


def _experiment_meta(experiment: str, recipe: str, run: Tracked) -> dict[str, object]:
    return {
        "artifact_location": experiment,
        "creation_time": run.began,
        "experiment_id": experiment,
        "last_update_time": run.began,
        "lifecycle_stage": "active",
        "name": recipe,
    }


def _experiment(recipe: str) -> str:
    """The id of an experiment: digits, the same for the same name."""
    return str(int(Digest.of(recipe.encode()).hex[:14], 16))


def _yaml(fields: Mapping[str, object]) -> str:
    """One key a line; JSON's values are YAML's, but ids of digits alone need quotes, which JSON gives to texts."""
    return "".join(f"{name}: {json.dumps(value)}\n" for name, value in fields.items())


def _file(name: str) -> str:
    return re.sub(r"[^\w. -]", "_", name)
