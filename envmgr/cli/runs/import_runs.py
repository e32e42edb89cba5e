"""`envmgr runs import`: take in runs that were made elsewhere."""

import shutil
from pathlib import Path

import click
from typing_extensions import TypedDict

from envmgr.cli.answer import Answer, answers
from envmgr.cli.project import Project
from envmgr.cli.runs.list_runs import result
from envmgr.model.run_files import RECORD
from envmgr.model.run_record import ImportedRecord
from envmgr.results.elsewhere import Elsewhere, elsewhere
from envmgr.results.fields import fields
from envmgr.results.ledger import bring_up_to_date
from envmgr.store.durable import room, sync_folder, sync_tree
from envmgr.store.store import Store


class ImportedRun(TypedDict):
    """A run that was made elsewhere."""

    record: Path
    new: bool
    """Whether it was not here before."""
    run: ImportedRecord


class ImportedRuns(TypedDict):
    """The runs whose logs were found, oldest first."""

    imported: list[ImportedRun]


@click.command("import")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.pass_obj
@answers("runs-import")
def command(project: Project, /, *, folder: Path) -> Answer[ImportedRuns]:
    """Take in runs of which LoadGen's logs are in DIR or below: a folder of logs, or a tree of results of MLPerf's.

    They are marked as imported wherever they are shown, since nobody knows what they were made from. The same logs are
    one run, however often they are taken in. Where a log can't be read, nothing is.
    """
    found = elsewhere(folder)
    with project.store() as store:
        taken = [(run.record, _take(store, run)) for run in found]
        bring_up_to_date(store.layout.runs)
    runs = store.layout.runs
    data: list[ImportedRun] = [
        {"record": runs / record.id / RECORD, "new": new, "run": record} for record, new in taken
    ]
    return Answer({"imported": data}, "\n".join(_line(record, new=new) for record, new in taken))


def _take(store: Store, run: Elsewhere) -> bool:
    """Copy the logs and write the record, all at once; whether they were not here."""
    place = store.layout.runs / run.record.id
    if (place / RECORD).is_file():
        return False
    with store.stage("import") as draft, room(store.root):
        for path, source in run.files.items():
            (draft.out / path).parent.mkdir(exist_ok=True)
            shutil.copyfile(source, draft.out / path)
        (draft.out / RECORD).write_text(run.record.text())
        sync_tree(draft.out)
        draft.out.rename(place)
    sync_folder(store.layout.runs)
    return True


def _line(record: ImportedRecord, *, new: bool) -> str:
    words = [record.id, record.axes["scenario"], record.axes["mode"], result(fields(record)), f"from {record.source}"]
    return "  ".join(filter(None, ["imported" if new else "here already", *words]))
