"""What `verify` says of runs, and of the signed statements that somebody has for them or for objects."""

from collections.abc import Sequence
from pathlib import Path

from typing_extensions import TypedDict

from envmgr.cli.cache.named import settings
from envmgr.cli.project import Project
from envmgr.cli.subject import subject
from envmgr.model.run_record import Recorded, RunRecord
from envmgr.model.store_path import StorePath
from envmgr.results.records import find
from envmgr.results.untouched import Touched, TouchedRunError, recorded_files, touched
from envmgr.store.store import Store


class HeldRun(TypedDict):
    """A run, held against its record."""

    run: str
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


def held(store: Store, run: Recorded) -> HeldRun:
    """Hold the files of a run against its record."""
    found = touched(store.layout.runs / run.id, run)
    return {"run": run.id, "files": len(recorded_files(run)), "touched": found}


def fault_of(store: Store, runs: Sequence[HeldRun]) -> TouchedRunError | None:
    """What is to be said of the first run that somebody has touched."""
    bad = next((run for run in runs if run["touched"]), None)
    return TouchedRunError(bad["run"], store.layout.runs / bad["run"], bad["touched"]) if bad else None


def proved(project: Project, store: Store, what: Sequence[str], axes: dict[str, str], file: Path) -> list[Proved]:
    """Hold signed statements against what they are of: for each run, and each object that is named, there must be one.

    Raises:
        NotAnEnvelopeError, UnvouchedStatementError, OtherStatementError, NotAsStatedError: one does not hold.
        TouchedRunError: the files of a run are not what its record says.
    """
    from envmgr.provenance.ancestry import made_of
    from envmgr.provenance.statement import object_statement, run_statement
    from envmgr.provenance.verdict import envelopes, holds
    from envmgr.sharing.trust import Trust

    found, trust = envelopes(file), Trust.of(settings())
    proofs: list[Proved] = []
    for asked in (subject(project, store, name, axes) for name in what):
        here = (
            {asked.run.id: run_statement(store, asked.run)}
            if asked.run
            else {str(path): object_statement(store, made_of(store, path)) for path in asked.starts}
        )
        vouched = [holds(found, about, statement, trust, where=str(file)) for about, statement in here.items()]
        proofs += [{"about": item.about, "signer": item.signer} for item in vouched]
    return proofs


def held_line(run: HeldRun) -> str:
    """A run for people."""
    touched = "".join(f"\n    {file.path}: {file.what}" for file in run["touched"])
    return f"run {run['run']}: {run['files']} files, {len(run['touched'])} not as recorded{touched}"


def proved_line(proof: Proved) -> str:
    """A proof for people."""
    return f"{proof['about']}: signed by {proof['signer']}, and here as it was signed"
