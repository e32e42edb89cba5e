"""`envmgr runs`: the recorded runs."""

import click
from typing_extensions import TypedDict

from envmgr.cli.answer import Answer, answers
from envmgr.cli.project import Project
from envmgr.model.run_record import Metric, Recorded
from envmgr.results.records import records


class Ran(TypedDict):
    """A run in short; `envmgr show ID` shows all of its record."""

    id: str
    recipe: str
    started: str
    """UTC, ISO 8601."""
    seconds: float
    axes: dict[str, str]
    metrics: dict[str, Metric]
    exit_code: int


class Runs(TypedDict):
    """The runs, oldest first."""

    runs: list[Ran]


@click.command("runs")
@click.pass_obj
@answers("runs")
def command(project: Project, /) -> Answer[Runs]:
    """List the recorded runs, the newest last."""
    found = records(project.store_root / "runs")
    return Answer({"runs": [_data(record) for record in found]}, "\n".join(_line(record) for record in found))


def _data(record: Recorded) -> Ran:
    return {
        "id": record.id,
        "recipe": record.recipe,
        "started": record.started,
        "seconds": record.seconds,
        "axes": record.axes,
        "metrics": record.metrics,
        "exit_code": record.exit_code,
    }


def _line(record: Recorded) -> str:
    metrics = record.metrics
    shown = [
        f"mAP {metrics['mAP']:.3f} %" if "mAP" in metrics else "",
        f"{metrics['samples_per_second']:.1f} samples/s" if "samples_per_second" in metrics else "",
        "" if "result_valid" not in metrics else "VALID" if metrics["result_valid"] else "INVALID",
    ]
    return "  ".join([record.id, record.recipe, record.axes.get("scenario", ""), *filter(None, shown)])
