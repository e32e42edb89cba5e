"""An object that was made elsewhere, with all that is known of it: what it must be before this store takes it.

A store path is made from kind, manifest digest, name and version, so it vouches for every byte. What it does not vouch
for is said by whoever hands the object over, and has to be trusted: its references, and which derivations gave it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from envmgr.manifest import Manifest
from envmgr.model.digest import Digest
from envmgr.model.errors import IntegrityError
from envmgr.model.realisation import Realisation, StoreObject
from envmgr.model.store_path import StorePath


class FalseDescriptionError(IntegrityError):
    """What is said of an object contradicts itself."""

    def __init__(self, path: StorePath, why: str) -> None:
        super().__init__(f"{path} is not what it is said to be: {why}", fix="get it from elsewhere")
        self.path = path
        self.why = why


@dataclass(frozen=True)
class Foreign:
    """An object of elsewhere: its description and manifest, and what gave it, each with its derivation's text."""

    described: StoreObject
    manifest: Manifest
    realisations: Sequence[Realisation] = ()
    texts: Mapping[Digest, bytes] = field(default_factory=dict)
    """Derivation texts by derivation digest, one for every realisation."""

    @property
    def path(self) -> StorePath:
        """Its store path."""
        return self.described.store_path

    def check(self) -> None:
        """Hold what is said against the store path, and one thing against the other.

        Raises:
            FalseDescriptionError: something does not fit.
        """
        kind = self.path.kind(self.manifest.digest)
        if kind is None:
            raise FalseDescriptionError(self.path, "its manifest gives another store path")
        if (self.described.manifest, self.described.size) != (self.manifest.digest, self.manifest.size):
            raise FalseDescriptionError(self.path, "its description has another manifest, or another size")
        if self.path in self.described.references or (kind == "fixed" and self.described.references):
            raise FalseDescriptionError(self.path, "it is said to refer to what it cannot refer to")
        for made in self.realisations:
            if (made.store_path, made.manifest) != (self.path, self.manifest.digest):
                raise FalseDescriptionError(self.path, f"{made.resolved} did not give it")
            if Digest.of(self.texts.get(made.derivation, b"")) != made.derivation:
                raise FalseDescriptionError(self.path, f"the text of {made.derivation} is missing, or another one's")
