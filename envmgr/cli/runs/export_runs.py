"""`envmgr runs export`: runs in the forms that other tools read."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import click
from typing_extensions import TypedDict

from envmgr.cli.answer import Answer, answers, to_json
from envmgr.cli.project import Project
from envmgr.cli.runs.list_runs import csv_text, whole
from envmgr.cli.written import make_folder, write
from envmgr.model.errors import UsageError
from envmgr.model.run_files import RECORD
from envmgr.results.export.forms import FORMS
from envmgr.results.export.timing import seconds
from envmgr.results.ledger import Entry, entries
from envmgr.results.records import read

TIMED = ("asv", "hyperfine")
"""Forms that know nothing but times."""


class Exported(TypedDict):
    """Runs in another tool's form."""

    format: str
    runs: list[str]
    """Those that are in it, oldest first."""
    files: list[Path]
    """What was written; empty where the text was printed."""
    text: str
    """The text, where it was not written into a file."""


class NoFolderError(UsageError):
    """A form is a folder of files, and none was named."""

    def __init__(self, form: str) -> None:
        self.form = form
        super().__init__(f"{form} reads a folder of files", fix=f"envmgr runs export --format {form} -o DIR")


@click.command("export")
@click.option("--format", "form", type=click.Choice(["json", "csv", *FORMS]), required=True, help="Whose form.")
@click.option("--where", metavar="EXPR", help="Only runs for which this holds, as for `runs list`.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The file or folder to write, instead of stdout.")
@click.pass_obj
@answers("runs-export")
def command(project: Project, /, *, form: str, where: str | None, output: Path | None) -> Answer[Exported]:
    """Hand out runs: whole records (json), all fields (csv), or in the form of hyperfine, asv, MLflow or W&B.

    hyperfine and asv know times alone, and get the seconds of a sample; so they get no run that is INVALID, measured
    no such number, or was for warming up. Files of the same names are replaced, others stay.
    """
    listed = entries(project.store_root / "runs")
    chosen = whole(listed, where)
    taken = [entry for entry in chosen if form not in TIMED or seconds(entry.fields) is not None]
    files = _files(project, form, taken)
    if output is None and [*files] != [""]:
        raise NoFolderError(form)
    written = _write(output, files) if output else []
    text = "" if output else files[""]
    warnings = [f"the record of run {entry.run} is damaged: {entry.damage}" for entry in listed if entry.damage]
    if left := len(chosen) - len(taken):
        warnings.append(f"{left} runs have no time that counts, and are left out")
    return Answer(
        {"format": form, "runs": [entry.run for entry in taken], "files": written, "text": text},
        text.rstrip("\n") or f"{len(taken)} runs: {output}",
        warnings=warnings,
    )


def _files(project: Project, form: str, taken: Sequence[Entry]) -> Mapping[str, str]:
    rows = [entry.fields for entry in taken]
    match form:
        case "json":
            records = [read(project.store_root / "runs" / entry.run / RECORD) for entry in taken]
            return {"": to_json({"runs": records}, indent=2) + "\n"}
        case "csv":
            return {"": csv_text(rows) + "\n"}
    return FORMS[form](rows)


def _write(output: Path, files: Mapping[str, str]) -> list[Path]:
    places = {output / path if path else output: text for path, text in files.items()}
    for place, text in places.items():
        make_folder(place.parent)
        write(place, text)
    return [*places]
