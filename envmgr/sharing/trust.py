"""Whose word counts: which signatures on a record hold, and are of keys that the user trusts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Self

from envmgr.config import Caches
from envmgr.sharing.keys import PublicKey
from envmgr.sharing.record import Record, SignedRealisation


@dataclass(frozen=True)
class Doubt:
    """Why nobody vouches for something."""

    kind: Literal["false", "revoked", "untrusted", "unsigned"]
    keys: tuple[str, ...] = ()
    """The names of the keys that it is about."""

    def __str__(self) -> str:
        match self.kind:
            case "false":
                return f"the signature of {self.keys[0]} is false"
            case "revoked":
                return f"it is signed by {', '.join(self.keys)}, which was revoked"
            case "untrusted":
                return f"it is signed by {', '.join(self.keys)}, which is not trusted"
            case "unsigned":
                return "nobody has signed it"


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
        return self.holder(made.signatures, record.statement(made))

    def holder(self, signatures: Mapping[str, str], statement: bytes) -> str:
        """The name of a trusted key that has signed a statement; empty where there is none."""
        for name, signature in sorted(signatures.items()):
            if name in self.trusted and self.trusted[name].holds(signature, statement):
                return name
        return ""

    def doubt(self, signatures: Mapping[str, str]) -> Doubt:
        """Why nobody vouches for what has these signatures, and no `holder`."""
        if false := sorted(signatures.keys() & self.trusted.keys()):
            return Doubt("false", tuple(false))
        if revoked := sorted(signatures.keys() & self.revoked):
            return Doubt("revoked", tuple(revoked))
        return Doubt("untrusted", tuple(sorted(signatures))) if signatures else Doubt("unsigned")
