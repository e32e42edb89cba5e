"""`envmgr report`: some runs as one page that needs nothing else."""

from pathlib import Path

import click
from typing_extensions import TypedDict

from envmgr.cli.answer import Answer, answers
from envmgr.cli.project import Project
from envmgr.cli.written import write
from envmgr.model.errors import UsageError


class Reported(TypedDict):
    """The page that was written."""

    file: Path
    bytes: int
    runs: list[str]
    """The runs in it, in the order of the command line."""


class TooManyRunsError(UsageError):
    """More runs were named than a table can hold side by side."""

    def __init__(self, count: int) -> None:
        self.count = count
        super().__init__(f"{count} runs do not fit beside each other", fix=f"name {MOST} at most, or envmgr dashboard")


MOST = 12


@click.command("report")
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The file.")
@click.pass_obj
@answers("report")
def command(project: Project, /, *, runs: tuple[str, ...], output: Path) -> Answer[Reported]:
    """Write what there is to say of RUNs into one HTML file, the comparison first where there are several.

    RUN is the beginning of a run's id, or SERIES:CONFIGURATION for all that count of it.
    """
    from envmgr.cli.shown_runs import shown
    from envmgr.results.chosen import chosen
    from envmgr.results.pages.report import Choice, report

    if len(runs) > MOST:
        raise TooManyRunsError(len(runs))
    found = {text: chosen(project.store_root / "runs", text) for text in runs}
    store = project.store_if_any()
    choices = [
        Choice(text if len(records) > 1 else records[0].id, tuple(shown(project, store, record) for record in records))
        for text, records in found.items()
    ]
    data: Reported = {
        "file": output,
        "bytes": write(output, report(choices)),
        "runs": [run.id for records in found.values() for run in records],
    }
    return Answer(data, str(output))
