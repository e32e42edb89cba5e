"""`envmgr runs show`: a run."""

import click

from envmgr.cli.answer import Answer, answers
from envmgr.cli.options import complete_run
from envmgr.cli.project import Project
from envmgr.cli.run_page import run_page
from envmgr.model.run_record import AnyRecord
from envmgr.results.chosen import NoSuchRunError
from envmgr.results.records import find


@click.command("show")
@click.argument("run", shell_complete=complete_run)
@click.pass_obj
@answers("runs-show")
def command(project: Project, /, *, run: str) -> Answer[AnyRecord]:
    """Show a run, by the beginning of its id: what it was, what came of it, on what. With --json, all of its record."""
    runs = project.store_root / "runs"
    record = find(runs, run)
    if record is None:
        raise NoSuchRunError(run)
    return Answer(record, run_page(record, runs / record.id))
