"""`envmgr runs replay`: repeat a run as it was."""

import os
from pathlib import Path

import click
from typing_extensions import TypedDict

from envmgr.builders.nvidia_driver import nvidia_driver
from envmgr.builders.policy import Policy
from envmgr.builders.sandbox import executor
from envmgr.cli.answer import Answer, answers
from envmgr.cli.live import watching
from envmgr.cli.options import complete_run, sandbox_option
from envmgr.cli.project import Project
from envmgr.cli.run_words import run_words
from envmgr.cli.verdict import verdict
from envmgr.explain.run_diff import run_diff
from envmgr.model.errors import InvalidInputError
from envmgr.model.run_files import RECORD
from envmgr.model.run_record import RunRecord
from envmgr.planning.cuda.driver import driver
from envmgr.planning.requirements import require
from envmgr.replay import question, uses_driver
from envmgr.results.chosen import NoSuchRunError
from envmgr.results.comparison import Comparison
from envmgr.results.records import find
from envmgr.run import run as make


class NotMadeHereError(InvalidInputError):
    """A run was made elsewhere, and only its logs are known."""

    def __init__(self, run: str, source: str) -> None:
        self.run = run
        super().__init__(
            f"run {run} was imported from {source}: nobody knows what it was made from, so that nothing can repeat it",
            fix="envmgr run benchmark with the settings that its logs name",
        )


class Replayed(TypedDict):
    """The repeated run, and how it differs from the one that it repeats."""

    replays: str
    record: Path
    run: RunRecord
    differences: Comparison
    """Figures, and what this host has otherwise. The closure is the same, object by object."""


@click.command("replay")
@click.argument("run", shell_complete=complete_run)
@sandbox_option()
@click.pass_obj
@answers("runs-replay")
def command(project: Project, /, *, run: str, sandbox: Policy) -> Answer[Replayed]:
    """Repeat RUN, by the beginning of its id: the same closure, settings, variables and replaced inputs.

    What is executed is what the run left, not what recipes say today. Then what differs is shown: figures, host, load.
    Exit codes are those of `run`; 7 where an object of the closure is gone.
    """
    with project.store() as store, watching() as notice:
        record = find(store.layout.runs, run)
        if record is None:
            raise NoSuchRunError(run)
        if not isinstance(record, RunRecord):
            raise NotMadeHereError(record.id, record.source)
        lent = nvidia_driver(driver(os.environ, start=True)) if uses_driver(record) else None
        asked = question(record, store, project.facts, lent)
        require(asked.node, project.facts)
        again = make(asked, store, executor(sandbox), notice)
        diff = run_diff(store, [record], [again])
    folder = store.layout.runs / again.id
    return Answer(
        {"replays": record.id, "record": folder / RECORD, "run": again, "differences": diff.records},
        "\n".join(
            [f"{again.id} repeats {record.id}: before, after", *run_words(diff), f"run {again.id}: {folder / RECORD}"]
        ),
        failure=verdict(again, folder),
    )
