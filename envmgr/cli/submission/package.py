"""`envmgr submission package`: a tree as one archive."""

from pathlib import Path

import click
from typing_extensions import TypedDict

from envmgr.cli.answer import Answer, answers
from envmgr.cli.submission.judged import RefusedTreeError, judged, listed
from envmgr.cli.written import make_folder
from envmgr.model.digest import Digest
from envmgr.results.submission.archive import package
from envmgr.results.submission.breach import Breach
from envmgr.results.submission.rounds import round_of


class Packaged(TypedDict):
    """The archive, and what the round refuses of the tree."""

    file: Path
    digest: Digest | None
    """Null where none was written."""
    files: int
    breaches: list[Breach]


@click.command("package")
@click.argument("tree", type=click.Path(path_type=Path), metavar="DIR")
@click.option(
    "-o", "--output", "file", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The file to write."
)
@click.option("--round", "round_name", default="5.1", show_default=True)
@click.option("--anyway", is_flag=True, help="Also a tree that the round refuses.")
@answers("submission-package")
def command(*, tree: Path, file: Path, round_name: str, anyway: bool) -> Answer[Packaged]:
    """Write a tree into one archive, `.tar.gz`: the same tree gives the same bytes."""
    of = round_of(round_name)
    breaches = judged(tree, of)
    if breaches and not anyway:
        nothing: Packaged = {"file": file, "digest": None, "files": 0, "breaches": breaches}
        return Answer(nothing, listed(breaches), failure=RefusedTreeError(tree, of.name, breaches))
    make_folder(file.parent)
    count = package(tree, file)
    digest = Digest.of(file.read_bytes())
    return Answer(
        {"file": file, "digest": digest, "files": count, "breaches": breaches},
        "\n".join([*([listed(breaches)] if breaches else []), f"{count} files, {digest}", str(file)]),
        warnings=[f"not submittable: {of.name} refuses what is in it"] if breaches else [],
    )
