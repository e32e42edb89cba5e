"""`envmgr verify`: hold every byte of the store against its manifest."""

from collections.abc import Sequence
from pathlib import Path

import click
from typing_extensions import TypedDict

from envmgr.cli.answer import Answer, answers
from envmgr.cli.live import watching
from envmgr.cli.project import Project
from envmgr.model.errors import IntegrityError
from envmgr.model.event import Event
from envmgr.model.store_path import StorePath
from envmgr.store import rebuild
from envmgr.store.verify import Damage, verify


class DamagedStoreError(IntegrityError):
    """Objects of the store are not what they were."""

    def __init__(self, damages: Sequence[Damage], root: Path) -> None:
        self.damages = tuple(damages)
        super().__init__(
            f"{len(damages)} objects of this store are damaged",
            where=str(root),
            fix="delete the folders of these objects (`chmod -R u+w` first), and realize what you need again",
        )


class Damaged(TypedDict):
    """One object, and the paths below it that are not as its manifest says."""

    store_path: StorePath
    what: str
    changes: list[str]


class Verified(TypedDict):
    """What was read."""

    objects: int
    damages: list[Damaged]


class Rebuilt(TypedDict):
    """What the new index holds, and the files that could not be used for it."""

    objects: int
    realisations: int
    unused: list[Path]


@click.command("verify")
@click.option("--rebuild-db", is_flag=True, help="Make the index again from the files beside it, and stop.")
@click.pass_obj
@answers("verify")
def command(project: Project, /, *, rebuild_db: bool) -> Answer[Verified | Rebuilt]:
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
        failure=DamagedStoreError(damages, project.store_root) if damages else None,
    )


def _data(damage: Damage) -> Damaged:
    changes = [change.path for change in damage.changes]
    return {"store_path": damage.store_path, "what": damage.what, "changes": changes}


def _lines(damage: Damage) -> list[str]:
    return [f"{damage.store_path}: {damage.what}", *(f"    {change.path}" for change in damage.changes)]


def _rebuilt(project: Project) -> Answer[Verified | Rebuilt]:
    done = rebuild.rebuild_db(project.store_root, trust_locks=project.config.store.trust_locks)
    unused = [f"not used: {file}: {why}" for file, why in done.unused]
    return Answer(
        {"objects": done.objects, "realisations": done.realisations, "unused": [file for file, _ in done.unused]},
        f"the index is made anew: {done.objects} objects, {done.realisations} realisations",
        warnings=unused,
    )
