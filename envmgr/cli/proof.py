"""What `verify` says of runs, and of the signed statements that somebody has for them or for objects."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from typing_extensions import TypedDict

from envmgr.cli.cache.named import settings
from envmgr.cli.project import Project
from envmgr.cli.subject import subject
from envmgr.model.run_files import RECORD
from envmgr.model.run_record import AnyRecord, Recorded, RunRecord
from envmgr.model.store_path import StorePath
from envmgr.results.records import find, read
from envmgr.results.untouched import Touched, TouchedRunError, recorded_files, touched
from envmgr.store.store import Store


class HeldRun(TypedDict):
    """A run, held against its record."""

    run: str
    folder: Path
    """Its own."""
    files: int
    """How many files the record has a digest of."""
    touched: list[Touched]
    """Those that are not what it says."""


class Proved(TypedDict):
    """What somebody vouches for: it is here just as it was signed."""

    about: str
    """A run, or a store path."""
    signer: str
    """The name of a key that the user trusts."""


def runs_among(store: Store, what: Sequence[str]) -> tuple[list[Recorded], list[str]]:
    """The records of the runs that are named, and what else is."""
    found = {name: find(store.layout.runs, name) for name in what}
    return [record for record in found.values() if record], [name for name, record in found.items() if not record]


def closure_of(runs: Sequence[Recorded]) -> list[StorePath]:
    """What runs could see, of those that were made here."""
    return [path for run in runs if isinstance(run, RunRecord) for path in run.closure]


def held(folder: Path, run: Recorded) -> HeldRun:
    """Hold the files of a run against its record."""
    files = len(recorded_files(run))
    return {"run": run.id, "folder": folder, "files": files, "touched": touched(folder, run)}


def fault_of(runs: Sequence[HeldRun]) -> TouchedRunError | None:
    """What is to be said of the first run that somebody has touched."""
    bad = next((run for run in runs if run["touched"]), None)
    return TouchedRunError(bad["run"], bad["folder"], bad["touched"]) if bad else None


def proved(project: Project, store: Store, what: Sequence[str], axes: dict[str, str], file: Path) -> list[Proved]:
    """Hold signed statements against what they are of: for each run, and each object that is named, there must be one.

    Raises:
        NotAnEnvelopeError, UnvouchedStatementError, OtherStatementError, NotAsStatedError: one does not hold.
        TouchedRunError: the files of a run are not what its record says.
    """
    from envmgr.provenance.ancestry import made_of
    from envmgr.provenance.statement import object_statement, run_statement
    from envmgr.provenance.verdict import compared

    here: dict[str, Mapping[str, Any]] = {}
    for asked in (subject(project, store, name, axes) for name in what):
        if asked.run:
            here[asked.run.id] = compared(run_statement(store, asked.run))
        else:
            here |= {str(path): compared(object_statement(store, made_of(store, path))) for path in asked.starts}
    return _proved(here, file)


def handed_on(what: Sequence[str]) -> dict[Path, AnyRecord]:
    """The folders of runs that were handed on, which are named, with their records: they are in no store.

    Raises:
        DamagedRecordError: a record cannot be read.
    """
    return {Path(name): read(Path(name, RECORD)) for name in what if Path(name, RECORD).is_file()}


def proved_there(folder: Path, record: Recorded, file: Path | None) -> list[Proved]:
    """Hold signed statements against a run that was handed on: those of a file, else those beside it, if there are any.

    The record and the logs are held against them; the record says the rest.

    Raises:
        As `proved`.
    """
    from envmgr.provenance import statement
    from envmgr.provenance.verdict import by_name

    beside = folder / statement.FILE
    if not file and not beside.is_file():
        return []
    here = {"subject": by_name(statement.run_subject(folder, record))}
    return _proved({record.id: here}, file or beside)


def _proved(here: Mapping[str, Mapping[str, Any]], file: Path) -> list[Proved]:
    """Who vouches for what is here, by what it is."""
    from envmgr.provenance.verdict import envelopes, holds
    from envmgr.sharing.trust import Trust

    found, trust = envelopes(file), Trust.of(settings())
    vouched = [holds(found, about, said, trust, where=str(file)) for about, said in here.items()]
    return [{"about": item.about, "signer": item.signer} for item in vouched]


def held_line(run: HeldRun) -> str:
    """A run for people."""
    touched = "".join(f"\n    {file.path}: {file.what}" for file in run["touched"])
    return f"run {run['run']}: {run['files']} files, {len(run['touched'])} not as recorded{touched}"


def proved_line(proof: Proved) -> str:
    """A proof for people."""
    return f"{proof['about']}: signed by {proof['signer']}, and here as it was signed"
