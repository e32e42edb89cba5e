"""What is stated of an object or a run: in-toto statements with the provenance of SLSA 1.0.

The subject of a run are its record and its logs, by SHA-256; the subject of a realisation is an object, by the digest
of its manifest, as a tree has no SHA-256 of its own. A statement is made from records alone: it has no time of its own,
and is the same each time.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, Field

from envmgr import __version__
from envmgr.model.digest import Digest
from envmgr.model.errors import IntegrityError
from envmgr.model.realisation import Isolation
from envmgr.model.run_files import RECORD
from envmgr.model.run_record import Recorded, RunRecord
from envmgr.model.store_path import StorePath
from envmgr.provenance.ancestry import Made, Origin
from envmgr.results.untouched import recorded_files, require_untouched
from envmgr.store.db import NotValidError
from envmgr.store.store import Store

STATEMENT = "https://in-toto.io/Statement/v1"
PREDICATE = "https://slsa.dev/provenance/v1"
BUILD_TYPES = {"realisation": "envmgr:realisation/1", "run": "envmgr:run/1"}
"""What was done, and so how the parameters are to be read; docs/decisions/0251 says how."""
TREE = "envmgrManifest"
"""The name of the digest of a tree: SHA-256 of its manifest's canonical text. That of a derivation is of its text."""
FILE = "provenance.intoto.jsonl"
"""How the file of statements beside a run that was handed on is called."""
_ASKED = ("recipe", "version", "axes", "settings", "replaced", "derivation")
"""What somebody asked a run for, of its record; but for variables, by which people pass secrets."""

Statement = dict[str, Any]


class _Named(BaseModel):
    name: str
    digest: dict[str, str] = {}


class _Definition(BaseModel):
    buildType: str  # noqa: N815  the names of fields are SLSA's
    resolvedDependencies: tuple[_Named, ...] = ()  # noqa: N815


class _Details(BaseModel):
    metadata: dict[str, Any] = {}


class _Predicate(BaseModel):
    buildDefinition: _Definition  # noqa: N815
    runDetails: _Details  # noqa: N815


class _Provenance(BaseModel):
    type_: Literal["https://in-toto.io/Statement/v1"] = Field(alias="_type")
    subject: tuple[_Named, ...]
    predicateType: Literal["https://slsa.dev/provenance/v1"]  # noqa: N815
    predicate: _Predicate


def parse_statement(payload: bytes) -> Statement:
    """Read a statement, with the fields of later versions and of other tools in it.

    Raises:
        ValueError: it is none, or has no provenance.
    """
    _Provenance.model_validate_json(payload)
    said: Statement = json.loads(payload)
    return said


class UnknownOriginError(IntegrityError):
    """The store has an object and does not know what gave it."""

    def __init__(self, path: StorePath, root: Path) -> None:
        self.path = path
        super().__init__(
            f"nothing is known of what gave {path}", where=str(root), fix="realize its recipe, and it will be"
        )


def object_statement(store: Store, made: Made) -> Statement:
    """What is stated of a realisation: the object, the derivation that gave it, its inputs, and how it was held.

    Raises:
        UnknownOriginError: it is not known what gave the object.
    """
    if made.origin is None:
        raise UnknownOriginError(made.store_path, store.root)
    made_by = made.origin.realisation
    internal = {"isolation": made_by.isolation, "bareHost": dict(made_by.bare_host), "copiedFrom": made_by.origin}
    finished = datetime.fromtimestamp(made.origin.finished // 10**9, UTC)
    return _statement(
        subject=[_tree(store, made.store_path)],
        kind="realisation",
        external={"derivation": dict(made.origin.text.fields)},
        internal=internal,
        dependencies=list(_inputs(store, made, made.origin)),
        details=_details(made_by.isolation, str(made_by.resolved), finished.isoformat()),
    )


def run_statement(store: Store, record: RunRecord) -> Statement:
    """What is stated of a run: its record with what it measured, its logs, its closure, its lockfile, and its host.

    Raises:
        TouchedRunError: logs are not what the record says.
        NotValidError: an object of the closure is gone.
    """
    finished = datetime.fromisoformat(record.started) + timedelta(seconds=round(record.seconds))
    said = record.model_dump(mode="json", by_alias=True)
    return _statement(
        subject=run_subject(store.layout.runs / record.id, record),
        kind="run",
        external={name: said[name] for name in _ASKED},
        internal={"isolation": record.isolation, "bareHost": dict(record.bare_host), "host": said["host"]},
        dependencies=list(_closure(store, record)),
        details=_details(record.isolation, record.id, finished.isoformat(), record.started),
    )


def run_subject(folder: Path, record: Recorded) -> list[Statement]:
    """What a statement of a run is about: the record, with what it measured, and the files that it names.

    Raises:
        TouchedRunError: these are not what the record says.
    """
    require_untouched(folder, record)
    metrics = record.model_dump(mode="json")["metrics"]
    own = {**_file(RECORD, Digest.of((folder / RECORD).read_bytes())), "annotations": {"metrics": metrics}}
    return [own, *(_file(path, digest) for path, digest in sorted(recorded_files(record).items()))]


def _statement(
    *,
    subject: list[Statement],
    kind: str,
    external: Mapping[str, Any],
    internal: Mapping[str, Any],
    dependencies: list[Statement],
    details: Statement,
) -> Statement:
    definition = {
        "buildType": BUILD_TYPES[kind],
        "externalParameters": dict(external),
        "internalParameters": dict(internal),
        "resolvedDependencies": dependencies,
    }
    predicate = {"buildDefinition": definition, "runDetails": details}
    return {"_type": STATEMENT, "subject": subject, "predicateType": PREDICATE, "predicate": predicate}


def _details(isolation: Isolation, invocation: str, finished: str, started: str = "") -> Statement:
    """Who did it: envmgr, and how it held what it started, since that is what is trusted."""
    times = {"finishedOn": finished, **({"startedOn": started} if started else {})}
    builder = {"id": f"envmgr:builder/{isolation}", "version": {"envmgr": __version__}}
    return {"builder": builder, "metadata": {"invocationId": invocation, **times}}


def _closure(store: Store, record: RunRecord) -> Iterator[Statement]:
    roles = {item.store_path: role for role, item in record.inputs.items()}
    for path in store.closure(record.closure):
        about = {"annotations": {"role": roles[path]}} if path in roles else {}
        yield {**_tree(store, path), **about}
    if record.lockfile:
        yield _file("recipes.lock", record.lockfile)


def _inputs(store: Store, made: Made, origin: Origin) -> Iterator[Statement]:
    """The objects that a build got; those that are not known here by their derivations alone."""
    for role, derivation in sorted(origin.text.inputs.items()):
        known: Statement = _tree(store, made.inputs[role]) if role in made.inputs else {"name": role, "digest": {}}
        digests = {**known["digest"], "envmgrDerivation": derivation.hex}
        yield {"name": known["name"], "digest": digests, "annotations": {"role": role}}


def _file(path: str, digest: Digest) -> Statement:
    return {"name": path, "digest": {"sha256": digest.hex}}


def _tree(store: Store, path: StorePath) -> Statement:
    described = store.object(path)
    if described is None:
        raise NotValidError(store.layout.index, [path])
    return {"name": str(path), "digest": {TREE: described.manifest.hex}}
