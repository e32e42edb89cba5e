"""Damaged objects made whole again: copied from a binary cache, or built or fetched once more.

What a build needs is known from the recipes at hand; without them, from the texts of the derivations in the store,
which say everything but where sources come from. What comes of it is taken only if it is what the object was.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from envmgr.model.derivation import Derivation
from envmgr.model.digest import Digest
from envmgr.model.errors import EnvmgrError
from envmgr.model.event import Event
from envmgr.model.node import Node
from envmgr.model.realisation import StoreObject
from envmgr.model.store_path import StorePath
from envmgr.realize import Realizer
from envmgr.store import repair
from envmgr.store.staging import Staging


class Repairs:
    """The repair of several damaged objects: those first that others are built with."""

    def __init__(self, realizer: Realizer, damaged: Sequence[StorePath], nodes: Mapping[Digest, Node]) -> None:
        """Take the objects.

        Args:
            realizer: builds, fetches and copies.
            damaged: the objects.
            nodes: what is known from recipes, by derivation digest.
        """
        self.realizer, self.store = realizer, realizer.store
        self.damaged = damaged
        self.failures: dict[StorePath, EnvmgrError] = {}
        """The objects that could not be repaired, and why."""
        self._done: set[StorePath] = set()
        self._texts = {digest: node.derivation.text for digest, node in nodes.items()}
        self._nodes: dict[Digest, Node | None] = dict(nodes)

    def run(self) -> None:
        """Repair all that can be repaired."""
        for path in self.damaged:
            try:
                self._repair(path)
            except EnvmgrError as error:
                self.realizer.notice(Event("failed", str(path), text=error.message))

    def _repair(self, path: StorePath) -> None:
        if path in self.failures:
            raise self.failures[path]
        if path in self._done:
            return
        self._done.add(path)
        try:
            repair.repair(self.store, path, self._ways, self._texts.get)
        except EnvmgrError as error:
            self.failures[path] = error
            raise
        self.realizer.notice(Event("finished", str(path), "repair"))

    def _ways(self, described: StoreObject) -> Iterator[repair.Way]:
        if self.realizer.copying is not None:
            yield from self.realizer.copying.ways_to(described)
        for realisation in self.store.database.realisations_of(described.store_path):
            node = self._node(realisation.derivation)
            if node is not None:
                yield partial(self._build, node)

    def _build(self, node: Node, staging: Staging) -> None:
        """Build or fetch what gave the object, from inputs that are whole."""
        inputs = self.realizer.realize(list(node.inputs.values()), {})
        for path in self.store.closure(inputs[item.digest].store_path for item in node.inputs.values()):
            if path in self.damaged:
                self._repair(path)
        self.realizer.build(node, inputs, staging)

    def _node(self, digest: Digest) -> Node | None:
        """What is known of a derivation; None where neither recipes nor the store know all of it."""
        if digest not in self._nodes:
            self._nodes[digest] = self._read(digest)
        return self._nodes[digest]

    def _read(self, digest: Digest) -> Node | None:
        text = self.store.derivation_text(digest)
        if text is None:
            return None
        named = json.loads(text).get("inputs", {})
        inputs = {role: node for role, item in named.items() if (node := self._node(Digest.parse(item)))}
        if inputs.keys() != named.keys():
            return None
        return Node(Derivation.parse(text, {role: node.derivation for role, node in inputs.items()}), inputs)
