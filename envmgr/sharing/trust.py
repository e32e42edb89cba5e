"""Whose word counts: which signatures on a record hold, and are of keys that the user trusts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from envmgr.config import Caches
from envmgr.sharing.keys import PublicKey
from envmgr.sharing.record import Record, SignedRealisation


@dataclass(frozen=True)
class Trust:
    """The keys that the user trusts, and those that the user trusts no more."""

    trusted: Mapping[str, PublicKey]
    revoked: frozenset[str]
    """Names."""

    @classmethod
    def of(cls, settings: Caches) -> Self:
        """What the configuration says; a revoked key is trusted under no other name."""
        keys = {name: PublicKey.parse(f"{name}:{text}") for name, text in settings.trusted.items()}
        gone = set(settings.revoked.values())
        return cls(
            {name: key for name, key in keys.items() if name not in settings.revoked and key.base64 not in gone},
            frozenset(settings.revoked),
        )

    def signer(self, record: Record, made: SignedRealisation) -> str:
        """The name of a trusted key whose signature holds; empty where there is none."""
        statement = record.statement(made)
        for name, signature in sorted(made.signatures.items()):
            if name in self.trusted and self.trusted[name].holds(signature, statement):
                return name
        return ""

    def doubt(self, made: SignedRealisation) -> str:
        """Why nobody vouches for a realisation that has no `signer`."""
        if false := sorted(made.signatures.keys() & self.trusted.keys()):
            return f"the signature of {false[0]} is false"
        if revoked := sorted(made.signatures.keys() & self.revoked):
            return f"it is signed by {', '.join(revoked)}, which was revoked"
        if made.signatures:
            return f"it is signed by {', '.join(sorted(made.signatures))}, which is not trusted"
        return "nobody has signed it"
