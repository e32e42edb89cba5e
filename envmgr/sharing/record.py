"""What a cache says of one object: the description, how it is packed, what gave it, and who vouches for that.

A record is a small JSON file. The object's bytes need no signature, as the store path vouches for them. What needs one
is that a derivation gave this object, and what the object refers to. Each realisation of a record is signed on its own,
over one canonical text with all that is said: an old signature cannot answer a new question.
"""

from functools import cached_property
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from envmgr.config import Name
from envmgr.model.canonical import Value, canonical_text
from envmgr.model.digest import Digest
from envmgr.model.realisation import Held, Realisation, StoreObject
from envmgr.model.store_path import StorePath
from envmgr.sharing.json_text import parsed
from envmgr.sharing.keys import PrivateKey

MAX_RECORD = 2**24
"""Bytes; a record has some thousands."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class SignedRealisation(_Part):
    """One way in which an object came to be, and the signatures that say so."""

    resolved: Digest
    derivation: dict[str, Any]
    """The derivation's text, as JSON."""
    isolation: Held
    bare_host: dict[str, str] = {}
    signatures: dict[Name, str] = {}
    """By the names of the keys, in base 64."""

    @cached_property
    def text(self) -> bytes:
        """The derivation's canonical text."""
        return canonical_text(self.derivation)

    @property
    def digest(self) -> Digest:
        """The derivation digest."""
        return Digest.of(self.text)


class Record(_Part):
    """What is said of one object."""

    schema_: Literal["envmgr.cache-object/1"] = Field(default="envmgr.cache-object/1", alias="schema")
    store_path: StorePath
    manifest: Digest
    size: int
    """Bytes of all its files."""
    references: tuple[StorePath, ...]
    compression: Literal["zstd"] = "zstd"
    packed: int
    """Bytes of its packed content."""
    realisations: tuple[SignedRealisation, ...] = ()

    @classmethod
    def parse(cls, text: bytes) -> Self:
        """Read a record; `show` is the pair to it.

        Raises:
            ValueError: the text is none.
        """
        record = parsed(cls, text)
        for made in record.realisations:
            canonical_text(made.derivation)
        return record

    def show(self) -> bytes:
        """The text of the file."""
        return canonical_text(self.model_dump(mode="json", by_alias=True)) + b"\n"

    @property
    def described(self) -> StoreObject:
        """The object as the index of a store knows it."""
        return StoreObject(
            store_path=self.store_path, manifest=self.manifest, size=self.size, references=self.references
        )

    def statement(self, made: SignedRealisation) -> bytes:
        """What is signed of one of the realisations."""
        said: dict[str, Value] = {
            "statement": "envmgr realisation 1",
            "resolved": str(made.resolved),
            "derivation": str(made.digest),
            "store_path": str(self.store_path),
            "manifest": str(self.manifest),
            "size": self.size,
            "references": [str(path) for path in self.references],
            "isolation": made.isolation,
            "bare_host": dict(made.bare_host),
        }
        return canonical_text(said)

    def signed(self, made: SignedRealisation, key: PrivateKey) -> SignedRealisation:
        """One of the realisations, with the signature of this key."""
        return made.model_copy(update={"signatures": {**made.signatures, key.name: key.sign(self.statement(made))}})

    def realisation(self, made: SignedRealisation, *, origin: str) -> Realisation:
        """One of the realisations as a store keeps it."""
        return Realisation(
            resolved=made.resolved,
            derivation=made.digest,
            store_path=self.store_path,
            manifest=self.manifest,
            isolation=made.isolation,
            bare_host=made.bare_host,
            origin=origin,
        )

    def about(self, question: Digest) -> list[SignedRealisation]:
        """The realisations that answer a derivation digest or a resolved digest."""
        return [made for made in self.realisations if question in (made.resolved, made.digest)]

    def with_realisations(self, more: "tuple[SignedRealisation, ...]") -> Self:
        """This record with other realisations of the object put in, and the signatures of the same ones joined."""
        joined: dict[bytes, SignedRealisation] = {}
        for made in (*self.realisations, *more):
            said = self.statement(made)
            signatures = {**(joined[said].signatures if said in joined else {}), **made.signatures}
            joined[said] = made.model_copy(update={"signatures": signatures})
        return self.model_copy(update={"realisations": tuple(joined[said] for said in sorted(joined))})
