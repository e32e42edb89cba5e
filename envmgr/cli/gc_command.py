"""`envmgr gc`: delete what no root keeps."""

import time
from pathlib import Path

import click
from typing_extensions import TypedDict

from envmgr.cli.answer import Answer, answers
from envmgr.cli.live import watching
from envmgr.cli.project import Project
from envmgr.cli.quantities import AGE, SIZE
from envmgr.model.event import Event
from envmgr.model.store_path import StorePath
from envmgr.store.garbage import Bounds
from envmgr.store.gc import Garbage, collect, garbage
from envmgr.store.roots import PRINTED_SECONDS


class Dead(TypedDict):
    """An object that no root keeps."""

    store_path: StorePath
    bytes: int
    """Of its files; one that has another name in an object that stays, or in one that goes later, is not counted."""
    named_by: StorePath | None
    """A dead object that refers to it, where there is one."""


class Rubbish(TypedDict):
    """A file or a folder below the store's that nothing stands for."""

    path: Path
    why: str


class Collected(TypedDict):
    """What a collection deletes."""

    deleted: bool
    """False with --dry-run: it would be."""
    bytes: int
    """Of the objects' files, those with several names counted once."""
    objects: list[Dead]
    rubbish: list[Rubbish]


@click.command("gc")
@click.option("--dry-run", is_flag=True, help="Say what would be deleted and why, and do nothing.")
@click.option(
    "--keep-last",
    type=click.IntRange(min=0),
    default=0,
    metavar="N",
    help="Keep the N objects of each name that were used last, too.",
)
@click.option("--older-than", type=AGE, metavar="AGE", help="Delete only what was not used for so long: 30d, 12h.")
@click.option(
    "--max-size",
    type=SIZE,
    metavar="SIZE",
    help="Stop when what is left is at most so large: 20GB. What was not used for longest goes first.",
)
@click.option(
    "--max-free",
    type=SIZE,
    metavar="SIZE",
    help="Stop when so much was freed. What was not used for longest goes first.",
)
@click.option("--now", is_flag=True, help="Delete also what a command printed in the last ten minutes.")
@click.pass_obj
@answers("gc")
def command(
    project: Project,
    /,
    *,
    dry_run: bool,
    keep_last: int,
    older_than: float | None,
    max_size: float | None,
    max_free: float | None,
    now: bool,
) -> Answer[Collected]:
    """Delete what no root keeps. What a running command uses stays; `envmgr root list` says what is kept and why.

    Options only ever keep more: what no root keeps goes if all of them allow it.
    """
    bounds = Bounds(
        keep_last=keep_last,
        unused_since=None if older_than is None else time.time() - older_than,
        max_size=max_size,
        max_free=max_free,
        printed_seconds=0 if now else PRINTED_SECONDS,
    )
    with project.store() as store, watching() as notice:

        def progress(dropped: int, of: int) -> None:
            notice(Event("progressed", f"{dropped} of {of} objects", "delete"))

        found = garbage(store, bounds) if dry_run else collect(store, bounds, progress)
        spared = not now and any(root.kind == "printed" for root in store.roots())
    return Answer(
        {
            "deleted": not dry_run,
            "bytes": found.bytes,
            "objects": [
                {"store_path": dead.store_path, "bytes": dead.bytes, "named_by": dead.referrer} for dead in found.dead
            ],
            "rubbish": [{"path": item.place, "why": item.why} for item in found.rubbish],
        },
        "\n".join([*(_lines(found) if dry_run else []), _total(found, dry_run=dry_run)]),
        warnings=["what was printed in the last ten minutes stays; --now deletes that, too"] if spared else [],
    )


def _lines(found: Garbage) -> list[str]:
    dead = [
        f"{item.store_path}  {item.bytes / 1e6:.1f} MB  "
        + (f"named only by {item.referrer}" if item.referrer else "no root keeps it")
        for item in found.dead
    ]
    return dead + [f"{item.place}  {item.why}" for item in found.rubbish]


def _total(found: Garbage, *, dry_run: bool) -> str:
    return f"{len(found.dead)} objects, {found.bytes / 1e6:.1f} MB {'would be freed' if dry_run else 'freed'}"
