"""What realising would do: what is here, what a cache has, and what must be fetched and built.

Nodes are looked at from the roots downwards, a level at a time: the inputs of what is here, or can be copied, are not
asked for.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from envmgr.model.digest import Digest
from envmgr.model.lockfile import Expected
from envmgr.model.node import Node
from envmgr.model.realisation import Realisation
from envmgr.model.store_path import StorePath
from envmgr.sharing.question import Question

if TYPE_CHECKING:
    from envmgr.sharing.copying import Copying
    from envmgr.sharing.substituters import Found


@dataclass(frozen=True)
class Survey:
    """Present realisations, and the missing nodes, inputs first."""

    present: Mapping[Digest, Realisation]
    missing: Sequence[Node]
    copies: Mapping[Digest, "Found"] = field(default_factory=dict)
    """Nodes that caches have; these, too, are among the missing."""
    objects: Mapping[StorePath, "Found"] = field(default_factory=dict)
    """All that is to be copied for them."""

    @property
    def fetches(self) -> list[Node]:
        """What is to be fetched."""
        return [node for node in self.missing if node.is_fetched and node.digest not in self.copies]

    @property
    def builds(self) -> list[Node]:
        """The derivations to be built."""
        return [node for node in self.missing if not node.is_fetched and node.digest not in self.copies]

    @property
    def fetch_bytes(self) -> int:
        """Bytes to be fetched, as far as their sizes are known."""
        return sum(getattr(node.source, "size", 0) or node.about_bytes for node in self.fetches)

    @property
    def build_bytes(self) -> int:
        """Bytes that builds leave, as far as their recipes say."""
        return sum(node.about_bytes for node in self.builds)

    @property
    def copy_bytes(self) -> int:
        """Bytes to be copied from caches."""
        return sum(found.record.packed for found in self.objects.values())

    def __str__(self) -> str:
        fetched = f" ({self.fetch_bytes / 1e6:.0f} MB)" if self.fetches else ""
        copied = f"{len(self.objects)} to copy ({self.copy_bytes / 1e6:.0f} MB), " if self.copies else ""
        built = f" ({self.build_bytes / 1e6:.0f} MB)" if self.build_bytes else ""
        missing = f"{len(self.builds)} to build{built}, {copied}{len(self.fetches)} to fetch{fetched}"
        return f"{missing}, {len(self.present)} present"


def survey(
    roots: Iterable[Node],
    expected: Mapping[Digest, Expected],
    *,
    known: Callable[[Collection[Node], Mapping[Digest, Expected]], Mapping[Digest, Realisation]],
    copying: "Copying | None",
) -> Survey:
    """Look what is here, and what caches have of the rest.

    Args:
        roots: what is to be realised.
        expected: what the lockfile pins.
        known: what is here of some nodes.
        copying: asks caches; None: there are none.
    """
    present: dict[Digest, Realisation] = {}
    missing: dict[Digest, Node] = {}
    copies: dict[Digest, Found] = {}
    level = roots = list(roots)
    while level:
        nodes = {node.digest: node for node in level if node.digest not in present and node.digest not in missing}
        here = known(nodes.values(), expected)
        present |= here
        absent = {digest: node for digest, node in nodes.items() if digest not in here}
        asked = {digest: node for digest, node in absent.items() if node.run is None}
        below = [item for node in absent.values() if node.run is not None for item in node.inputs.values()]
        found = copying.answers([Question(node, digest, expected) for digest, node in asked.items()]) if copying else {}
        copies |= found
        missing |= asked
        level = below + [item for digest, node in asked.items() if digest not in found for item in node.inputs.values()]
    ordered = [node for root in roots for node in root.walk() if missing.pop(node.digest, None)]
    return Survey(present, ordered, copies, copying.needed(copies.values()) if copying else {})
