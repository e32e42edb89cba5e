"""`envmgr submission create`: make the tree of a round from runs."""

import json
import re
import secrets
import shutil
from collections.abc import Sequence
from pathlib import Path

import click
from typing_extensions import TypedDict

from envmgr.cli.answer import Answer, answers
from envmgr.cli.project import Project
from envmgr.cli.submission.judged import RefusedTreeError, listed
from envmgr.cli.written import make_folder
from envmgr.model.errors import SubmissionError, UsageError
from envmgr.results.chosen import chosen
from envmgr.results.submission import system as described
from envmgr.results.submission.archive import TakenError
from envmgr.results.submission.breach import Breach
from envmgr.results.submission.gather import Entry, UnfitRunsError, gather
from envmgr.results.submission.preflight import preflight
from envmgr.results.submission.rounds import CATEGORIES, DIVISIONS, Round, round_of
from envmgr.results.submission.rules import not_submittable
from envmgr.results.submission.tree import Submission, tree, write

AUTO = "auto"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{,99}")


class Created(TypedDict):
    """The tree, and what its round refuses of it: nothing, or it is a trial, or it was not left behind."""

    tree: Path
    round: str
    files: int
    """How many it has; 0 where there is none."""
    trial: bool
    breaches: list[Breach]


class UnfilledError(SubmissionError):
    """A description of the system was begun, and a person must complete it."""

    def __init__(self, file: Path, keys: Sequence[str]) -> None:
        self.file, self.keys = file, tuple(keys)
        super().__init__(
            f"the system's description lacks what can't be probed: {', '.join(keys)}",
            where=str(file),
            fix=f"fill these keys in there, then --system {file}",
        )


@click.command("create")
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@click.option("--submitter", required=True, help="Whose submission it is.")
@click.option("--division", type=click.Choice(DIVISIONS), required=True)
@click.option("--category", type=click.Choice(CATEGORIES), default="edge", show_default=True)
@click.option("--system", required=True, metavar="FILE|auto", help="The system's description; auto begins one.")
@click.option("--round", "round_name", default="5.1", show_default=True)
@click.option("-o", "--output", "output", type=click.Path(path_type=Path), required=True, help="The folder to make.")
@click.option("--short", is_flag=True, help="A trial of runs that can't be submitted; the tree says so.")
@click.pass_obj
@answers("submission-create")
def command(
    project: Project,
    /,
    *,
    runs: tuple[str, ...],
    submitter: str,
    division: str,
    category: str,
    system: str,
    round_name: str,
    output: Path,
    short: bool,
) -> Answer[Created]:
    """Make the tree of a round from runs: a run (or an accuracy and a performance run) of each scenario.

    A tree that the round refuses is not left behind.
    """
    of = round_of(round_name)
    if not _NAME.fullmatch(submitter):
        raise UsageError(f"--submitter {submitter!r} is no name for a folder", fix="letters, digits, `_`, `.` and `-`")
    folder = project.store_root / "runs"
    found = {record.id: record for text in runs for record in chosen(folder, text)}
    entries = gather([(record, folder / run) for run, record in found.items()], of)
    if not short:
        _require_submittable(entries, division)
    asked = {"division": division, "submitter": submitter, "system_type": category}
    name, description = _system(system, asked, entries, short=short)
    submission = Submission(submitter, division, of, name, description, trial=short)
    files = tree(submission, entries)
    breaches = _write(files, output, of, trial=short)
    left = short or not breaches
    shown = [f"{len(files)} files, by the rules of {of.name}", str(output)] if left else []
    return Answer(
        {"tree": output, "round": of.name, "files": len(files) if left else 0, "trial": short, "breaches": breaches},
        "\n".join([*([listed(breaches)] if breaches else []), *shown]),
        warnings=["not submittable: made with --short, as the tree says"] if short else [],
        failure=None if left else RefusedTreeError(output, of.name, breaches),
    )


def _require_submittable(entries: Sequence[Entry], division: str) -> None:
    records = {run.record.id: run.record for entry in entries for run in entry.runs}
    faults = {run: not_submittable(record, division) for run, record in records.items()}
    if reasons := [f"{run}: {', '.join(said)}" for run, said in faults.items() if said]:
        raise UnfitRunsError(reasons, "run by the rules (docs/how-to/submit.md), or make a trial with --short")


def _system(
    system: str, asked: dict[str, str], entries: Sequence[Entry], *, short: bool
) -> tuple[str, dict[str, object]]:
    """The name and the description of the system; a trial may leave out what a person would say."""
    if system != AUTO:
        return Path(system).stem, described.read(Path(system), asked)
    record = entries[0].performance.record
    name, probed = described.name_of(record), described.probed(record, asked)
    if short:
        return name, dict(probed)
    file = Path(f"{name}.json")
    if file.exists():
        raise TakenError(file)
    file.write_text(json.dumps(probed, indent=2) + "\n")
    raise UnfilledError(file, described.to_fill_in(probed))


def _write(files: dict[str, bytes], output: Path, of: Round, *, trial: bool) -> list[Breach]:
    """Write the tree beside its place, judge it there, and move it into its place if it may stay.

    Raises:
        TakenError: something lies there.
        NotWrittenThereError: no folder can be made there.
    """
    if output.exists():
        raise TakenError(output)
    make_folder(output.parent)
    draft = output.parent / f".{output.name}.{secrets.token_hex(4)}"
    try:
        write(files, draft)
        breaches = preflight(draft, of)
        if trial or not breaches:
            draft.rename(output)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return breaches
