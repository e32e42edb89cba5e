"""A run of MLflow: parameters, metrics and tags, in a store of files or on a tracking server. The gateway to `mlflow`.

MLflow gives ids of its own, so ours is a tag by which the run is found again. One that was begun and not finished is
deleted, and written anew.
"""

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from envmgr.results.export.tracked import Tracked
from envmgr.results.publishing.faults import MissingPackageError, UnpublishedError

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

TAG = "envmgr.run"
_PATIENCE = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2", "MLFLOW_HTTP_REQUEST_TIMEOUT": "30"}
"""MLflow tries for many minutes, and says nothing meanwhile."""
FINISHED = "FINISHED"
_AT_ONCE = 100
"""Parameters in one request, at most."""
_LONGEST = 6000
"""Characters of a parameter, at most."""


def publish(uri: str, experiment: str, run: Tracked) -> bool:
    """Publish a run; False where it is there already.

    Args:
        uri: a folder, or the address of a tracking server.
        experiment: made where it is missing.
        run: what was asked for becomes parameters, what came of it metrics.

    Raises:
        MissingPackageError: MLflow's package is not installed.
        UnpublishedError: MLflow did not take it.
    """
    for name, value in _PATIENCE.items():
        os.environ.setdefault(name, value)
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"  # MLflow's makers, whom nobody has asked to be told of it
    if "://" not in uri or uri.startswith("file:"):
        os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"  # the user has named a folder, and MLflow asks for that, too
    try:
        from mlflow.exceptions import MlflowException
        from mlflow.tracking import MlflowClient
    except ImportError:
        raise MissingPackageError("mlflow") from None
    address = uri if "://" in uri else Path(uri).resolve().as_uri()
    try:
        return _publish(MlflowClient(tracking_uri=address), experiment, run)
    except MlflowException as error:
        why = str(error).strip().splitlines()[0]
        fix = (
            "see whether the server is there and lets you in; a database needs the whole of MLflow: pip install mlflow"
        )
        raise UnpublishedError(run.name, why, where=uri, fix=fix) from error


def _publish(client: "MlflowClient", experiment: str, run: Tracked) -> bool:
    from mlflow.entities import Metric, Param

    known = client.get_experiment_by_name(experiment)
    place = known.experiment_id if known else client.create_experiment(experiment)
    for found in client.search_runs([place], f"tags.`{TAG}` = '{run.name}'"):
        if found.info.status == FINISHED:
            return False
        client.delete_run(found.info.run_id)
    tags = {TAG: run.name, **dict.fromkeys(run.tags, "true")}
    made = client.create_run(place, start_time=run.began, tags=tags, run_name=run.name).info.run_id
    client.log_batch(made, metrics=[Metric(_named(name), value, run.began, 0) for name, value in run.summary.items()])
    parameters = [Param(_named(name), str(value)[:_LONGEST]) for name, value in run.config.items()]
    for first in range(0, len(parameters), _AT_ONCE):
        client.log_batch(made, params=parameters[first : first + _AT_ONCE])
    client.set_terminated(made, FINISHED, end_time=run.ended)
    return True


def _named(name: str) -> str:
    """A name as MLflow takes it."""
    return re.sub(r"[^\w. /-]", "_", name)
