"""`envmgr size`: what an object and its closure weigh."""

from collections.abc import Iterator

import click

from envmgr.cli.answer import Answer, answers
from envmgr.cli.operand import objects
from envmgr.cli.options import complete_recipe, set_option
from envmgr.cli.project import Project
from envmgr.explain.closure_size import ClosureSize, ObjectSize, closure_size


@click.command("size")
@click.argument("name", metavar="NAME|PATH", shell_complete=complete_recipe)
@set_option()
@click.pass_obj
@answers("size")
def command(project: Project, /, *, name: str, axes: dict[str, str]) -> Answer[ClosureSize]:
    """Show the bytes of NAME's object, of its closure, and of what something else in the store needs as well.

    Bytes are those of files, hard links counted once. Of a run, which has no object, its inputs' are shown.
    """
    store = project.store(read_only=True)
    size = closure_size(store, objects(project, store, name, axes))
    return Answer(size, "\n".join(_words(size)))


def _words(size: ClosureSize) -> Iterator[str]:
    width, count = len(f"{size.closure:,}"), len(size.objects)
    yield f"own      {size.own:{width},} bytes"
    yield f"closure  {size.closure:{width},} bytes in {count} object{'s' if count > 1 else ''}"
    yield f"shared   {size.shared:{width},} bytes that something else in this store needs as well"
    yield ""
    yield f"{'bytes':>{width}}   share  object"
    for item in size.objects:
        share = 100 * item.bytes / size.closure if size.closure else 0
        yield f"{item.bytes:{width},}  {share:5.1f}%  {item.store_path}{_users(item)}"


def _users(item: ObjectSize) -> str:
    if not item.shared:
        return ""
    if not item.used_by:
        return "  (shared)"
    more = f" and {len(item.used_by) - 1} more" if len(item.used_by) > 1 else ""
    return f"  (also used by {item.used_by[0]}{more})"
