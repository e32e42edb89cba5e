"""`envmgr verify`: hold every byte of the store against its manifest."""

import click

from envmgr.cli.answer import Answer, answers
from envmgr.cli.live import watching
from envmgr.cli.project import Project
from envmgr.model.errors import IntegrityError
from envmgr.model.event import Event
from envmgr.model.store_path import StorePath
from envmgr.store import rebuild
from envmgr.store.verify import Damage, verify


@click.command("verify")
@click.option("--rebuild-db", is_flag=True, help="Make the index again from the files beside it, and stop.")
@click.pass_obj
@answers("verify")
def command(project: Project, /, *, rebuild_db: bool) -> Answer:
    """Read every object and say what is damaged (exit 7). Nothing is changed."""
    if rebuild_db:
        return _rebuilt(project)
    with project.store() as store, watching() as notice:

        def progress(path: StorePath) -> None:
            notice(Event("progressed", str(path), "verify"))

        damages = verify(store, progress=progress)
        count = store.statistics().objects
    lines = [line for damage in damages for line in _lines(damage)]
    return Answer(
        {"objects": count, "damages": [_data(damage) for damage in damages]},
        "\n".join([*lines, f"{count} objects, {len(damages)} damaged"]),
        exit_code=IntegrityError.exit_code if damages else 0,
    )


def _data(damage: Damage) -> dict[str, object]:
    changes = [change.path for change in damage.changes]
    return {"store_path": str(damage.store_path), "what": damage.what, "changes": changes}


def _lines(damage: Damage) -> list[str]:
    return [f"{damage.store_path}: {damage.what}", *(f"    {change.path}" for change in damage.changes)]


def _rebuilt(project: Project) -> Answer:
    done = rebuild.rebuild_db(project.store_root)
    unused = [f"not used: {file}: {why}" for file, why in done.unused]
    return Answer(
        {"objects": done.objects, "realisations": done.realisations, "unused": [str(file) for file, _ in done.unused]},
        f"the index is made anew: {done.objects} objects, {done.realisations} realisations",
        warnings=unused,
    )
