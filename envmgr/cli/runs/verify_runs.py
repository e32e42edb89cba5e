"""`envmgr runs verify`: whether runs are still what their records say."""

from collections.abc import Iterator, Sequence
from typing import Literal

import click
from typing_extensions import TypedDict

from envmgr.cli.answer import Answer, answers
from envmgr.cli.options import complete_run
from envmgr.cli.project import Project
from envmgr.model.errors import IntegrityError
from envmgr.model.run_files import RECORD
from envmgr.model.run_record import RunRecord
from envmgr.results.chosen import NoSuchRunError
from envmgr.results.ledger import entries
from envmgr.results.records import DamagedRecordError, folder_of, read
from envmgr.results.untouched import touched
from envmgr.store.store import Store


class RunFault(TypedDict):
    """What of a run is not as it was."""

    run: str
    kind: Literal["record", "file", "object"]
    name: str
    """A file below the run's folder, or a store path."""
    why: str


class AlteredRunsError(IntegrityError):
    """Something that records name is gone, or was changed."""

    def __init__(self, faults: Sequence[RunFault]) -> None:
        self.faults = tuple(faults)
        runs = len({fault["run"] for fault in faults})
        super().__init__(
            f"{len(faults)} faults in {runs} runs: their figures are not proved any more",
            fix="measure again (`envmgr run`), and remove what is damaged (`envmgr runs rm RUN`)",
        )


class VerifiedRuns(TypedDict):
    """What was looked at, and what is not as its record says."""

    runs: list[str]
    faults: list[RunFault]


@click.command("verify")
@click.argument("runs", nargs=-1, metavar="[RUN...]", shell_complete=complete_run)
@click.pass_obj
@answers("runs-verify")
def command(project: Project, /, *, runs: Sequence[str]) -> Answer[VerifiedRuns]:
    """Hold runs against their records: every file by its digest, every object of the closure in the store.

    Without RUN, all of them. Exit code 7 where something is gone or changed. `envmgr verify` reads the objects' bytes.
    """
    with project.store(read_only=True) as store:
        asked = [_id(store, run) for run in runs] or [entry.run for entry in entries(store.layout.runs)]
        faults = [fault for run in dict.fromkeys(asked) for fault in _faults(store, run)]
    said = [f"{fault['run']}: {fault['name']} {fault['why']}" for fault in faults] or [
        f"{len(asked)} runs are as their records say"
    ]
    return Answer(
        {"runs": asked, "faults": faults}, "\n".join(said), failure=AlteredRunsError(faults) if faults else None
    )


def _id(store: Store, run: str) -> str:
    folder = folder_of(store.layout.runs, run)
    if folder is None:
        raise NoSuchRunError(run)
    return folder.name


def _faults(store: Store, run: str) -> Iterator[RunFault]:
    folder = store.layout.runs / run
    try:
        record = read(folder / RECORD)
    except DamagedRecordError as error:
        yield {"run": run, "kind": "record", "name": RECORD, "why": f"is damaged: {error.why}"}
        return
    for file in touched(folder, record):
        yield {"run": run, "kind": "file", "name": file.path, "why": f"is {file.what}"}
    for path in record.closure if isinstance(record, RunRecord) else ():
        if store.object(path) is None:
            yield {"run": run, "kind": "object", "name": str(path), "why": "is not in the store"}
