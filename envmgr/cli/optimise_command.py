"""`envmgr optimise`: equal files of different objects take their bytes once."""

import click
from typing_extensions import TypedDict

from envmgr.cli.answer import Answer, answers
from envmgr.cli.live import watching
from envmgr.cli.project import Project
from envmgr.model.event import Event
from envmgr.store.optimise import saved_by_sharing


class Optimised(TypedDict):
    """What was shared now, and what is saved in all."""

    files: int
    """Files that became names of others."""
    bytes: int
    """Of these."""
    saved: int
    """The bytes that the files of all objects would take more if none were shared."""


@click.command("optimise")
@click.pass_obj
@answers("optimise")
def command(project: Project, /) -> Answer[Optimised]:
    """Let equal files of different objects be one file with several names (hard links).

    With `optimise = true` under [store] in config.toml, that is done to all that is new.
    """
    with project.store() as store, watching() as notice:
        paths = store.database.objects()
        done = store.share(paths, lambda path: notice(Event("progressed", str(path), "optimise")))
        saved = saved_by_sharing(store.layout)
    return Answer(
        {"files": done.files, "bytes": done.bytes, "saved": saved},
        f"{done.files} files shared, {done.bytes / 1e6:.1f} MB; {saved / 1e6:.1f} MB saved in all",
    )
