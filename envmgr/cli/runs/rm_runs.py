"""`envmgr runs rm`: remove runs for good."""

from collections.abc import Sequence

import click
from typing_extensions import TypedDict

from envmgr.cli.answer import Answer, answers
from envmgr.cli.options import complete_run
from envmgr.cli.project import Project
from envmgr.model.run_files import RECORD
from envmgr.model.run_record import RunRecord
from envmgr.model.store_path import StorePath
from envmgr.results.chosen import NoSuchRunError
from envmgr.results.records import DamagedRecordError, find, folder_of
from envmgr.store.discard import discard, unkept
from envmgr.store.disk_use import bytes_of, disk_use


class RemovedRun(TypedDict):
    """A run that is no more."""

    id: str
    bytes: int
    """Bytes of its files."""
    ended: bool
    """Whether it had a record; one without was broken off."""


class UnkeptObject(TypedDict):
    """An object that a removed run kept, and nothing does any more."""

    store_path: StorePath
    bytes: int


class RemovedRuns(TypedDict):
    """What was removed, and what of their closures the next `gc` takes."""

    removed: list[RemovedRun]
    bytes: int
    unkept: list[UnkeptObject]


@click.command("rm")
@click.argument("runs", nargs=-1, required=True, metavar="RUN...", shell_complete=complete_run)
@click.pass_obj
@answers("runs-rm")
def command(project: Project, /, *, runs: Sequence[str]) -> Answer[RemovedRuns]:
    """Remove runs for good: records, logs, and the roots that keep what they ran on.

    RUN is the beginning of an id, also of a run that was broken off. Where one is not there, or has not ended, none is
    removed.
    """
    with project.store() as store:
        folders = {}
        for name in runs:
            if (folder := folder_of(store.layout.runs, name)) is None:
                raise NoSuchRunError(name)
            folders[folder.name] = folder
        closure = {path for run in folders for path in _closure(project, run)}
        removed: list[RemovedRun] = [
            {"id": run, "bytes": bytes_of(disk_use(folder)), "ended": (folder / RECORD).is_file()}
            for run, folder in folders.items()
        ]
        discard(store, [*folders])
        left = unkept(store, closure)
    total = sum(item["bytes"] for item in removed)
    lines = [f"removed {item['id']}  {item['bytes'] / 1e6:.1f} MB" for item in removed]
    size = sum(item.bytes for item in left) / 1e6
    lines += [f"nothing keeps {len(left)} objects any more, {size:.1f} MB: `envmgr gc` takes them"] if left else []
    return Answer(
        {
            "removed": removed,
            "bytes": total,
            "unkept": [{"store_path": item.store_path, "bytes": item.bytes} for item in left],
        },
        "\n".join(lines),
    )


def _closure(project: Project, run: str) -> Sequence[StorePath]:
    """What a run kept; nothing where nobody knows."""
    try:
        record = find(project.store_root / "runs", run)
    except DamagedRecordError:
        return ()
    return record.closure if isinstance(record, RunRecord) else ()
