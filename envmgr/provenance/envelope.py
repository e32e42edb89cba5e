"""A signed statement: a DSSE envelope, as in-toto asks for, signed with the keys of binary caches.

DSSE (Dead Simple Signing Envelope, protocol 1.0.2) signs the type of what is said with what is said, each after its
length: a text can't be taken for another type's, nor one of its parts for a neighbour. `show` and `parse` are a pair.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from envmgr.model.errors import IntegrityError
from envmgr.provenance.statement import Statement, parse_statement
from envmgr.sharing.keys import PrivateKey
from envmgr.sharing.trust import Doubt, Trust

_STANDARD = str.maketrans("-_", "+/")
"""DSSE lets a payload be in either alphabet of base 64."""
PAYLOAD_TYPE = "application/vnd.in-toto+json"


class NotAnEnvelopeError(IntegrityError):
    """A text is no signed statement."""

    def __init__(self, why: str, where: str) -> None:
        self.why = why
        super().__init__(
            f"this is no signed statement: {why}", where=where, fix="`envmgr provenance` writes one envelope a line"
        )


class UnvouchedStatementError(IntegrityError):
    """Nobody who is trusted has signed a statement."""

    remedy: ClassVar[str] = ""

    def __init__(self, doubt: Doubt, where: str) -> None:
        self.doubt = doubt
        super().__init__(f"nobody vouches for this statement: {doubt}", where=where, fix=self.remedy)


class UnsignedStatementError(UnvouchedStatementError):
    """Nobody has signed a statement."""

    remedy = "sign it: envmgr provenance … --key NAME"


class FalseSignatureError(UnvouchedStatementError):
    """A statement is not what the owner of a trusted key has signed."""

    remedy = "believe nothing of it: it was changed after it was signed, or the signature was taken from elsewhere"


class RevokedKeyError(UnvouchedStatementError):
    """A statement is signed with a key that the user trusts no more."""

    remedy = "have it signed again with a key that is still good"


class UntrustedKeyError(UnvouchedStatementError):
    """A statement is signed with keys that the user does not trust."""

    remedy = "envmgr cache trust NAME:KEY, if you know whose key it is"


_ERRORS = {
    "unsigned": UnsignedStatementError,
    "false": FalseSignatureError,
    "revoked": RevokedKeyError,
    "untrusted": UntrustedKeyError,
}


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")  # as DSSE asks of whoever reads one


class _Signature(_Part):
    keyid: str = ""
    sig: str


class _Written(_Part):
    payload: str
    payloadType: Literal["application/vnd.in-toto+json"]  # noqa: N815  the field's name in DSSE
    signatures: tuple[_Signature, ...]


@dataclass(frozen=True)
class Envelope:
    """A statement, and the signatures on it by the names of their keys, in base 64."""

    payload: bytes
    signatures: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, statement: Statement) -> Self:
        """A statement that nobody has signed yet; the same text for the same statement."""
        return cls(json.dumps(statement, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode())

    @classmethod
    def parse(cls, text: str, *, where: str) -> Self:
        """Read an envelope.

        Raises:
            NotAnEnvelopeError: it is none, or not of an in-toto statement.
        """
        try:
            written = _Written.model_validate_json(text)
            payload = base64.b64decode(written.payload.translate(_STANDARD), validate=True)
            parse_statement(payload)
        except ValidationError as error:
            fault = error.errors(include_url=False)[0]
            raise NotAnEnvelopeError(": ".join([".".join(map(str, fault["loc"])), fault["msg"]]), where) from error
        except binascii.Error as error:
            raise NotAnEnvelopeError(f"its payload is no base 64: {error}", where) from error
        return cls(payload, {item.keyid: item.sig for item in written.signatures})

    def show(self) -> str:
        """The envelope as one line of JSON."""
        signatures = [{"keyid": name, "sig": text} for name, text in sorted(self.signatures.items())]
        payload = base64.b64encode(self.payload).decode()
        return json.dumps({"payload": payload, "payloadType": PAYLOAD_TYPE, "signatures": signatures})

    @property
    def statement(self) -> Statement:
        """What is said."""
        return parse_statement(self.payload)

    @property
    def _signed(self) -> bytes:
        """What a signature is over."""
        head = f"DSSEv1 {len(PAYLOAD_TYPE)} {PAYLOAD_TYPE} {len(self.payload)} "
        return head.encode() + self.payload

    def signed(self, key: PrivateKey) -> Self:
        """The same, with the signature of this key."""
        return type(self)(self.payload, {**self.signatures, key.name: key.sign(self._signed)})

    def signer(self, trust: Trust, *, where: str) -> str:
        """The name of a trusted key that has signed it.

        Raises:
            UnsignedStatementError, FalseSignatureError, RevokedKeyError, UntrustedKeyError: there is none.
        """
        if name := trust.holder(self.signatures, self._signed):
            return name
        doubt = trust.doubt(self.signatures)
        raise _ERRORS[doubt.kind](doubt, where)
