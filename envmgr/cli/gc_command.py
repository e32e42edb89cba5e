"""`envmgr gc`: delete what no root keeps."""

from pathlib import Path

import click
from typing_extensions import TypedDict

from envmgr.cli.answer import Answer, answers
from envmgr.cli.project import Project
from envmgr.model.store_path import StorePath
from envmgr.store.gc import Garbage, collect, garbage


class Dead(TypedDict):
    """An object that no root keeps."""

    store_path: StorePath
    bytes: int
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
    """Of the objects' files."""
    objects: list[Dead]
    rubbish: list[Rubbish]


@click.command("gc")
@click.option("--dry-run", is_flag=True, help="Say what would be deleted, and do nothing.")
@click.pass_obj
@answers("gc")
def command(project: Project, /, *, dry_run: bool) -> Answer[Collected]:
    """Delete what no root keeps. What a running command uses stays; `envmgr root list` says what is kept and why."""
    with project.store() as store:
        found = garbage(store) if dry_run else collect(store)
    return Answer(
        {
            "deleted": not dry_run,
            "bytes": found.bytes,
            "objects": [
                {"store_path": dead.store_path, "bytes": dead.bytes, "named_by": dead.referrer} for dead in found.dead
            ],
            "rubbish": [{"path": item.place, "why": item.why} for item in found.rubbish],
        },
        "\n".join([*_lines(found), _total(found, dry_run=dry_run)]),
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
