"""`envmgr detach`: copy objects that lie in other stores."""

import click
from typing_extensions import TypedDict

from envmgr.cli.answer import Answer, answers
from envmgr.cli.live import watching
from envmgr.cli.operand import objects
from envmgr.cli.options import complete_recipe, set_option
from envmgr.cli.project import Project
from envmgr.model.event import Event
from envmgr.model.store_path import StorePath
from envmgr.sharing.detach import detach
from envmgr.store.links import borrowed_objects


class Detached(TypedDict):
    """The objects that were copied, and their bytes."""

    objects: list[StorePath]
    bytes: int


@click.command("detach")
@click.argument("names", nargs=-1, metavar="[NAME|PATH]...", shell_complete=complete_recipe)
@set_option()
@click.pass_obj
@answers("detach")
def command(project: Project, /, *, names: tuple[str, ...], axes: dict[str, str]) -> Answer[Detached]:
    """Copy the closures of NAMES from the stores below, where they are linked to; without names, all that is linked.

    From then on this store needs the others no more for them.
    """
    with project.store() as store, watching() as notice:
        named = [path for name in names for path in objects(project, store, name, axes)]
        store.hold(named)
        linked = borrowed_objects(store.layout)
        wanted = sorted(linked.intersection(store.closure(named)) if names else linked)
        size = 0
        for number, path in enumerate(wanted, 1):
            notice(Event("progressed", "detach", "copy", text=f"{number} of {len(wanted)}: {path}"))
            detach(store, path)
            size += store.manifest(path).size
    lines = [*map(str, wanted), f"{len(wanted)} objects copied, {size / 1e6:.1f} MB"]
    return Answer({"objects": wanted, "bytes": size}, "\n".join(lines))
