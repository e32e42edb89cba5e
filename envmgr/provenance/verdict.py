"""Whether a signed statement holds: somebody who is trusted has signed it, and it is of what is here."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from envmgr.model.errors import IntegrityError
from envmgr.model.field_change import FieldChange, field_changes
from envmgr.provenance.envelope import Envelope, NotAnEnvelopeError, UnvouchedStatementError
from envmgr.provenance.statement import BUILD_TYPES, Statement
from envmgr.sharing.trust import Trust

_SHOWN = 5


class OtherStatementError(IntegrityError):
    """A statement is not of what is asked about."""

    def __init__(self, asked: str, about: Sequence[str], where: str) -> None:
        self.asked, self.about = asked, tuple(about)
        super().__init__(
            f"this is no statement of {asked}, but of {', '.join(about) or 'nothing'}",
            where=where,
            fix=f"envmgr provenance {asked} writes one",
        )


class NotAsStatedError(IntegrityError):
    """What is here is not what was signed."""

    def __init__(self, asked: str, changes: Sequence[FieldChange], where: str) -> None:
        self.asked, self.changes = asked, tuple(changes)
        listed = "".join(f"\n    {change}" for change in changes[:_SHOWN])
        super().__init__(
            f"{asked} is not what was signed (signed -> here):{listed}",
            where=where,
            fix="what was changed stands above; only what was signed is vouched for",
        )


@dataclass(frozen=True)
class Vouched:
    """A statement that holds."""

    about: str
    """The run, or the store path."""
    signer: str
    """The name of the trusted key."""
    statement: Statement


def envelopes(file: Path) -> list[Envelope]:
    """The envelopes of a file, one a line.

    Raises:
        NotAnEnvelopeError: it has none, or a line is none.
    """
    lines = [line for line in file.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    if not lines:
        raise NotAnEnvelopeError("the file is empty", str(file))
    return [Envelope.parse(line, where=f"{file}:{number}") for number, line in enumerate(lines, 1)]


def holds(found: Sequence[Envelope], about: str, here: Mapping[str, Any], trust: Trust, *, where: str) -> Vouched:
    """What vouches for a run or an object, among some envelopes.

    Args:
        found: the envelopes.
        about: the id of the run, or the store path.
        here: what is here, as `compared` has it; what it leaves out is not looked at.
        trust: whose word counts.
        where: the file that they came from.

    Raises:
        OtherStatementError: none of them is of that.
        UnvouchedStatementError: nobody who is trusted has signed those that are.
        NotAsStatedError: what is signed is not what is here.
    """
    candidates = [envelope for envelope in found if subject_of(envelope.statement) == about]
    if not candidates:
        raise OtherStatementError(about, [subject_of(envelope.statement) for envelope in found], where)
    envelope, signer = _vouched(candidates, trust, where)
    signed = compared(envelope.statement)
    if changes := list(field_changes({name: signed.get(name) for name in here}, here)):
        raise NotAsStatedError(about, changes, where)
    return Vouched(about, signer, envelope.statement)


def _vouched(candidates: Sequence[Envelope], trust: Trust, where: str) -> tuple[Envelope, str]:
    """The first that somebody vouches for, and who; if nobody does for any, what is wrong with the first."""
    doubts: list[UnvouchedStatementError] = []
    for envelope in candidates:
        try:
            return envelope, envelope.signer(trust, where=where)
        except UnvouchedStatementError as doubt:
            doubts.append(doubt)
    raise doubts[0]


def subject_of(statement: Statement) -> str:
    """What a statement is of: the id of a run, or a store path."""
    if _is_of_run(statement):
        return str(statement["predicate"]["runDetails"].get("metadata", {}).get("invocationId", ""))
    return ", ".join(item["name"] for item in statement["subject"])


def _is_of_run(statement: Statement) -> bool:
    return bool(statement["predicate"]["buildDefinition"]["buildType"] == BUILD_TYPES["run"])


def compared(statement: Statement) -> dict[str, Any]:
    """What is held against what is here, lists by the names in them: of a run all but who did it, and when.

    An object is what it contains. That others came to it in another way, or on another host, is no contradiction.
    """
    if not _is_of_run(statement):
        return {"subject": by_name(statement["subject"])}
    definition = dict(statement["predicate"]["buildDefinition"])
    dependencies = {item["name"]: item for item in definition.pop("resolvedDependencies", [])}
    return {"subject": by_name(statement["subject"]), "dependencies": dependencies, **definition}


def by_name(subject: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The subject of a statement as `compared` has it."""
    return {item["name"]: {**item.get("digest", {}), **item.get("annotations", {})} for item in subject}
