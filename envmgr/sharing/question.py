"""What caches are asked: what a node came to, and what its output can refer to."""

from collections.abc import Mapping
from dataclasses import dataclass

from envmgr.model.derivation import FixedOutput
from envmgr.model.digest import Digest
from envmgr.model.lockfile import Expected
from envmgr.model.node import Node
from envmgr.model.store_path import StorePath


@dataclass(frozen=True)
class Question:
    """What a node came to, asked for by its derivation digest or by a resolved digest of it."""

    node: Node
    digest: Digest
    expected: Mapping[Digest, Expected]
    """What the lockfile pins for the nodes of the plan."""

    @property
    def pinned(self) -> StorePath | None:
        """The object that the lockfile says the node must come to."""
        wanted = self.expected.get(self.node.digest)
        return wanted.store_path if wanted else None

    def nameable(self) -> frozenset[StorePath] | None:
        """Every object that the output can refer to; None where the plan and the lockfile do not say them all."""
        paths = set()
        for node in self.node.walk():
            wanted, derivation = self.expected.get(node.digest), node.derivation
            if wanted is not None:
                paths.add(wanted.store_path)
            elif isinstance(derivation.output, FixedOutput) and derivation.output.form == "tree":
                manifest = Digest.parse(str(derivation.output.known["manifest"]))
                paths.add(
                    StorePath.of(kind="fixed", manifest=manifest, name=derivation.name, version=derivation.version)
                )
            else:
                return None
        return frozenset(paths)
