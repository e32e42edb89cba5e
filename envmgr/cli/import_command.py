"""`envmgr import`: take in what `export` wrote."""

import os
import shlex
from dataclasses import replace
from pathlib import Path

import click
from typing_extensions import TypedDict

from envmgr.cli.answer import Answer, answers
from envmgr.cli.live import watching
from envmgr.cli.project import Project
from envmgr.model.digest import Digest
from envmgr.model.errors import HostError
from envmgr.model.store_path import StorePath
from envmgr.sharing.export_format import ExportedRoot
from envmgr.sharing.importing import Imported, bring_in


class NoFolderError(HostError):
    """The folder for the recipes can't be made."""

    def __init__(self, folder: Path, reason: str) -> None:
        self.folder = folder
        super().__init__(f"the folder can't be made: {reason}", where=str(folder), fix="name another one with --into")


class TakenIn(TypedDict):
    """What was imported."""

    digest: Digest
    """Of the file."""
    roots: list[ExportedRoot]
    objects: list[StorePath]
    new: list[StorePath]
    """Those that the store did not have."""
    profile: str
    """The root that keeps them; `envmgr root remove` drops it."""
    into: Path | None
    """Where the recipes are now."""


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    help="Put recipes, local sources and lockfile here; the store is the folder's own, unless one is named.",
)
@click.pass_obj
@answers("import")
def command(project: Project, /, *, file: Path, into: Path | None) -> Answer[TakenIn]:
    """Take in the objects of an exported FILE: everything in it is checked before anything is published.

    What was imported is kept by a profile. Whoever made the file is trusted to say what the objects are made from.
    """
    if into is not None:
        into = _made(into)
        if not project.store_option and not os.environ.get("ENVMGR_STORE"):
            project = replace(project, store_option=into / "store")
    with project.store() as store, watching() as notice:
        done = bring_in(store, file, into, notice)
    return Answer(
        {
            "digest": done.digest,
            "roots": list(done.contents.roots),
            "objects": list(done.contents.objects),
            "new": list(done.new),
            "profile": done.root,
            "into": into,
        },
        "\n".join(_lines(done, into)),
    )


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise NoFolderError(folder, error.strerror or str(error)) from error
    return folder.resolve()


def _lines(done: Imported, into: Path | None) -> list[str]:
    lines = [f"{len(done.contents.objects)} objects, {len(done.new)} of them new, kept by the profile {done.root}"]
    for root in done.contents.roots:
        axes = "".join(f" {axis}={value}" for axis, value in root.axes.items())
        lines.append(f"{root.name}{axes}: {' '.join(map(str, root.paths))}")
    if done.contents.checkout and into is None:
        lines.append("recipes and lockfile are in the file, too: --into FOLDER puts them there")
    if done.contents.checkout and into is not None:
        lines += [_call(root, into) for root in done.contents.roots if root.kind != "path"]
    return lines


def _call(root: ExportedRoot, into: Path) -> str:
    """How to use what was asked for, there where it is now."""
    words = ["envmgr", "run" if root.kind == "run" else "realize", root.name, "--offline"]
    words += [word for axis, value in root.given.items() for word in ("--set", f"{axis}={value}")]
    words += ["--lock", "recipes.lock"] if (into / "recipes.lock").is_file() else []
    return f"cd {shlex.quote(str(into))} && {shlex.join(words)}"
