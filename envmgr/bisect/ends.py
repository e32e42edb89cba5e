"""The two runs between which a number moved: what of them can be swapped, and a plan mixed from both.

A run is a document: its variables, settings, files, steps and axes, and its inputs by role. An input that differs is
one element, until it is opened: then its derivation is a document in its turn, and what differs in that are its
elements. A *mix* is a set of places at which the later run is followed; elsewhere it is the earlier one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from envmgr.bisect.difference import Document, Element, Place, differences, mixed
from envmgr.builders.placeholders import PLACEHOLDER
from envmgr.explain.kept_plan import run_of
from envmgr.model.axis import holds
from envmgr.model.derivation import REVISIONS, BuiltOutput, Derivation
from envmgr.model.node import Node
from envmgr.model.run_record import RunRecord

Mix = frozenset[Place]
INPUTS = "inputs"
ALL = ""
"""Instead of a name: all steps."""
_PARTS = ("settings", "environment", "host_tools")
"""What a derivation says beside its inputs, of what can be mixed."""


@dataclass(frozen=True)
class Side:
    """A run and the plan that it left."""

    record: RunRecord
    plan: Node


@dataclass(frozen=True)
class Mixture:
    """What a mix comes to, before anything is built."""

    plan: Node
    settings: Mapping[str, int | float]
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Ends:
    """Two runs of a benchmark, and what can be mixed from them."""

    good: Side
    bad: Side

    @cached_property
    def elements(self) -> tuple[Element, ...]:
        """What differs between the runs; neighbours are what most likely goes together."""
        return tuple(differences(*self._documents))

    def opened(self, place: Place) -> tuple[Element, ...]:
        """What differs in the derivations of an input; nothing where it cannot be mixed from the two."""
        old, new = (_below(side.plan, place) for side in (self.good, self.bad))
        if old is None or new is None or not _can_be_mixed(old.derivation, new.derivation):
            return ()
        return tuple(differences(_document(old), _document(new), place))

    def mixture(self, mix: Mix) -> Mixture:
        """The plan of a mix."""
        document = mixed(*self._documents, mix)
        good, bad = self.good.plan, self.bad.plan
        settings: dict[str, Any] = {
            "settings": {**_defaults(good), **_defaults(bad)},
            "files": document["files"],
            "steps": document["steps"].get(ALL, [*document["steps"].values()]),
        }
        inputs = self._inputs((), good, bad, mix)
        derivation = _mixed_derivation(bad.derivation, {"settings": settings}, inputs)
        axes = document["axes"]
        plan = Node(derivation, inputs, recipe=good.recipe, axes=axes, choices=axes, run=run_of(settings))
        return Mixture(plan, document["settings"], document["environment"])

    def _node(self, place: Place, good: Node, bad: Node, mix: Mix) -> Node:
        """An input: the one, the other, or one that is built from what is taken of either."""
        if place in mix:
            return bad
        if not any(taken[: len(place)] == place for taken in mix):
            return good
        if all(element.place in mix for element in self.opened(place)):
            return bad
        document = mixed(_document(good), _document(bad), mix, place)
        inputs = self._inputs(place, good, bad, mix)
        return Node(_mixed_derivation(bad.derivation, document, inputs), inputs, recipe=bad.recipe)

    def _inputs(self, above: Place, good: Node, bad: Node, mix: Mix) -> dict[str, Node]:
        return dict(self._chosen_inputs(above, good, bad, mix))

    def _chosen_inputs(self, above: Place, good: Node, bad: Node, mix: Mix) -> Iterator[tuple[str, Node]]:
        for role in [*good.inputs, *(role for role in bad.inputs if role not in good.inputs)]:
            place = (*above, INPUTS, role)
            old, new = good.inputs.get(role), bad.inputs.get(role)
            if old is not None and new is not None:
                yield role, self._node(place, old, new, mix)
            elif found := new if place in mix else old:
                yield role, found

    @cached_property
    def _documents(self) -> tuple[Document, Document]:
        sides = zip((self.good, self.bad), self._axes, strict=True)
        good, bad = (self._run_document(side, axes) for side, axes in sides)
        if [*good["steps"]] != [*bad["steps"]]:  # other steps: they are swapped all together
            for document in (good, bad):
                document["steps"] = {ALL: [*document["steps"].values()]}
        return good, bad

    def _run_document(self, side: Side, axes: Mapping[str, str]) -> dict[str, Any]:
        """A run, without what its axes leave out, and without the axes that no text names."""
        settings: Any = side.plan.derivation.settings
        return {
            "environment": side.record.environment,
            "settings": side.record.settings,
            "files": {name: file for name, file in settings["files"].items() if name in self._taken},
            "steps": {step["name"]: step for step in settings["steps"] if step["name"] in self._taken},
            "axes": {axis: value for axis, value in axes.items() if axis in self._named_axes},
            INPUTS: {role: str(item.store_path) for role, item in side.record.inputs.items()},
        }

    @cached_property
    def _taken(self) -> set[str]:
        """The steps and files that are there in either run."""
        runs = [side.plan.run for side in (self.good, self.bad) if side.plan.run]
        whens = [(step.name, step.when) for run in runs for step in run.steps]
        whens += [(name, getattr(file, "when", {})) for run in runs for name, file in run.files.items()]
        return {name for name, when in whens if any(holds(when, axes.__getitem__) for axes in self._axes)}

    @cached_property
    def _axes(self) -> tuple[Mapping[str, str], ...]:
        """The axes of both runs, each with those that only the other one has: a text may ask for them."""
        good, bad = self.good.record.axes, self.bad.record.axes
        return {**bad, **good}, {**good, **bad}

    @cached_property
    def _named_axes(self) -> set[str]:
        named = {"python"}  # by it the interpreter is chosen
        for side in (self.good, self.bad):
            run = side.plan.run
            if run is not None:
                text = run.model_dump_json()
                named |= {*PLACEHOLDER.findall(text)}
                conditions = [step.when for step in run.steps]
                conditions += [file.when for file in run.files.values() if not isinstance(file, str)]
                named |= {axis for when in conditions for axis in when}
        return named


def _below(plan: Node, place: Place) -> Node | None:
    """The input at a place; None where the place is none's, or it is not there."""
    node: Node | None = plan if {*place[::2]} == {INPUTS} and len(place) % 2 == 0 else None
    for role in place[1::2]:
        node = node.inputs.get(role) if node else None
    return node


def _can_be_mixed(good: Derivation, bad: Derivation) -> bool:
    """Whether a build can take something of either: both are builds of one thing by today's builder."""
    return all(
        isinstance(item.output, BuiltOutput) and item.revision == REVISIONS.get(item.builder) for item in (good, bad)
    ) and (good.name, good.system, good.builder) == (bad.name, bad.system, bad.builder)


def _document(node: Node) -> Document:
    own = {part: getattr(node.derivation, part) for part in _PARTS}
    return {**own, INPUTS: {role: str(item.digest) for role, item in node.inputs.items()}}


def _mixed_derivation(bad: Derivation, document: Document, inputs: Mapping[str, Node]) -> Derivation:
    changed = {part: document[part] for part in _PARTS if part in document}
    return replace(bad, **changed, inputs={role: item.derivation for role, item in inputs.items()})


def _defaults(plan: Node) -> Mapping[str, Any]:
    return plan.run.settings if plan.run else {}
