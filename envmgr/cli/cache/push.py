"""`envmgr cache push`: objects into a cache."""

from pathlib import Path
from typing import Any

import click
from typing_extensions import TypedDict

from envmgr import places
from envmgr.cli.answer import Answer, answers
from envmgr.cli.cache.named import cache, folder, signing_key
from envmgr.cli.live import watching
from envmgr.cli.named import named
from envmgr.cli.options import complete_recipe, lock_option, set_option, work_options
from envmgr.cli.project import Project
from envmgr.model.store_path import StorePath
from envmgr.push_hot import said
from envmgr.sharing import absent
from envmgr.sharing.keys import names as key_names
from envmgr.sharing.push import Pusher


class Pushed(TypedDict):
    """What was pushed: objects of which something was written, and what they came to in the cache."""

    cache: str
    written: list[StorePath]
    present: int
    """Objects that were there already."""
    packed: int
    """Bytes of content that were written."""
    key: str
    """What the records were signed with; empty where they were not."""


@click.command("push")
@click.argument("into", metavar="CACHE")
@click.argument("names", nargs=-1, required=True, metavar="NAME|PATH...", shell_complete=complete_recipe)
@lock_option()
@set_option()
@work_options()
@click.option("--key", help="The name of your key; may be left out if you have but one.")
@click.option("--unsandboxed", is_flag=True, help="Push also what was not built in a sandbox.")
@click.option("--again", is_flag=True, help="Write anew what is there already: mends a damaged cache.")
@click.pass_obj
@answers("cache-push")
def command(
    project: Project,
    /,
    *,
    into: str,
    names: tuple[str, ...],
    lock: Path | None,
    axes: dict[str, str],
    key: str | None,
    unsandboxed: bool,
    again: bool,
    **work: Any,  # noqa: ANN401  the shared options, as click parsed them
) -> Answer[Pushed]:
    """Write objects, and all that they refer to, into a cache; recipes are realised first.

    The records are signed with your key, if you have one. CACHE is one of `cache list`, or the path of a folder or the
    address of a bucket; a folder is made. What is there already is skipped.
    """
    wanted = cache(into)
    private = signing_key(key) if key or key_names(folder() / "keys") else None
    with project.store() as store, watching(stream=work["stream"]) as notice:
        found = named(project, store, names, axes=axes, lock=lock, work=work, notice=notice)
        pusher = Pusher(store, wanted, private, unsandboxed=unsandboxed, again=again, notice=notice)
        done = pusher.push(path for item in found for path in item.paths)
    if done.written:
        absent.forget(Path(places.cache()))
    signer = private.name if private else ""
    data: Pushed = {
        "cache": wanted.name,
        "written": list(done.written),
        "present": done.present,
        "packed": done.bytes,
        "key": signer,
    }
    signed = f"signed by {signer}" if signer else "not signed: only a lockfile can vouch for them"
    text = said(written=len(done.written), packed=done.bytes, present=done.present)
    return Answer(data, f"{text}; {signed}" if done.written else text)
