"""What a build gave: a resolved digest bound to the store path that came of it."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from envmgr.model.digest import Digest
from envmgr.model.store_path import StorePath

Held = Literal["sandboxed", "confined", "unsandboxed"]
"""How a builder was held: in a full sandbox, by the kernel's Landlock and seccomp alone, or not at all."""

Isolation = Held | Literal["unknown"]
"""How a builder was held, as far as somebody vouches for it."""


class StoreObject(BaseModel):
    """A valid object of the store: what it contains and what it names."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    store_path: StorePath
    manifest: Digest
    size: int
    """Bytes of all its files."""
    references: tuple[StorePath, ...] = ()
    """The objects that its bytes name, sorted; never itself."""


class Realisation(BaseModel):
    """The answer to a resolved derivation: the object that building it gave, and how it was built.

    `bare_host` records what the host lent and the derivation does not name (loader, libc, interpreter): file
    names to digests. That it doesn't matter is proved by the output digests that the lockfile pins.

    `origin` says where the object was copied from, and why that was believed; it is empty where it was built. It is
    a record for people: nothing is decided by it, and it is part of no identity.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    resolved: Digest
    derivation: Digest
    store_path: StorePath
    manifest: Digest
    isolation: Isolation
    bare_host: dict[str, str] = {}
    origin: str = ""

    @property
    def is_vouched_for(self) -> bool:
        """Whether somebody saw the derivation come to this; else it counts only where a lockfile says the same."""
        return self.isolation != "unknown"
