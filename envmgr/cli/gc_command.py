"""`envmgr gc`: delete what no root keeps."""

import click

from envmgr.cli.answer import Answer, answers
from envmgr.cli.project import Project
from envmgr.store.gc import Garbage, collect, garbage


@click.command("gc")
@click.option("--dry-run", is_flag=True, help="Say what would be deleted, and do nothing.")
@click.pass_obj
@answers("gc")
def command(project: Project, /, *, dry_run: bool) -> Answer:
    """Delete what no root keeps. What a running command uses stays; `envmgr root list` says what is kept and why."""
    with project.store() as store:
        found = garbage(store) if dry_run else collect(store)
    return Answer(
        {
            "deleted": not dry_run,
            "bytes": found.bytes,
            "objects": [
                {"store_path": str(dead.store_path), "bytes": dead.bytes, "named_by": str(dead.referrer or "")}
                for dead in found.dead
            ],
            "rubbish": [{"path": str(item.place), "why": item.why} for item in found.rubbish],
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
