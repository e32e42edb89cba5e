"""What caches are asked: what a node came to, and what its output can refer to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from envmgr.manifest import FileEntry, Manifest
from envmgr.model.derivation import Derivation, FixedOutput
from envmgr.model.digest import Digest
from envmgr.model.store_path import StorePath

if TYPE_CHECKING:  # what copies objects by name needs nothing of plans
    from envmgr.model.lockfile import Expected
    from envmgr.model.node import Node


@dataclass(frozen=True)
class Question:
    """What a node came to, asked for by its derivation digest or by a resolved digest of it."""

    node: "Node"
    digest: Digest
    expected: "Mapping[Digest, Expected]"
    """What the lockfile pins for the nodes of the plan."""

    @property
    def pinned(self) -> StorePath | None:
        """The object that the lockfile says the node must come to."""
        wanted = self.expected.get(self.node.digest)
        return wanted.store_path if wanted else None

    def fixed(self, size: int) -> tuple[StorePath, Digest] | None:
        """The object that a source must be, with its manifest; None where its hash does not say so.

        Args:
            size: bytes of its files; of a file that is known by its hash, who has it says them.
        """
        return _fixed(self.node.derivation, size)

    def nameable(self) -> frozenset[StorePath] | None:
        """Every object that the output can refer to; None where the plan and the lockfile do not say them all."""
        paths = set()
        for node in self.node.walk():
            if wanted := self.expected.get(node.digest):
                paths.add(wanted.store_path)
            elif fixed := _fixed(node.derivation, None):
                paths.add(fixed[0])
            else:
                return None
        return frozenset(paths)


def _fixed(derivation: Derivation, size: int | None) -> tuple[StorePath, Digest] | None:
    match derivation.output:
        case FixedOutput(form="tree", known={"manifest": str(text)}):
            manifest = Digest.parse(text)
        case FixedOutput(form="file", known={"sha256": str(sha256)}, file=file) if size is not None:
            manifest = Manifest((FileEntry(file, size, executable=False, sha256=sha256),)).digest
        case _:
            return None
    return StorePath.of(kind="fixed", manifest=manifest, name=derivation.name, version=derivation.version), manifest
