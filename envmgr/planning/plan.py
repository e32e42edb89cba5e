"""Recipes and host facts to derivations, inputs first."""

import sys
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from envmgr.model.axis import Axes, choose
from envmgr.model.canonical import Value
from envmgr.model.derivation import REVISIONS, BuiltOutput, Derivation
from envmgr.model.errors import InvalidInputError, UsageError
from envmgr.model.host import HostFacts
from envmgr.model.node import Node
from envmgr.model.recipe import SYSTEM, InputReference, Override, Recipe, Run, When
from envmgr.model.source import FilesSource, FixedSource, PypiSource, WheelsSource
from envmgr.planning.catalog import Catalog, UnknownNameError
from envmgr.planning.conditions import check_conditions, check_value, require_possible
from envmgr.planning.replacement import Replacement
from envmgr.planning.sources import source_derivation, wheels
from envmgr.planning.systems import check_file, check_requirement, value_of

PYTHON = "python"
"""The axis by which wheels are chosen, declared or not."""


class CycleError(InvalidInputError):
    """A recipe is, through its inputs, an input of itself."""

    def __init__(self, names: tuple[str, ...], where: str) -> None:
        self.names = names
        super().__init__(f"a cycle of inputs: {' -> '.join(names)}", where=where, fix="cut one of these inputs")


@dataclass(frozen=True)
class _Made:
    """A node, and the values that were set from above when it was planned."""

    node: Node
    given: Axes
    within: frozenset[str]
    """The replacing recipes that it is an input of."""

    def serves(self, given: Axes, within: frozenset[str]) -> bool:
        """Whether other values from above give the same node: they agree on every axis that it looks at."""
        axes = {*self.node.choices, PYTHON}
        return within == self.within and all(self.given.get(axis) == given.get(axis) for axis in axes)


class Planner:
    """Makes plans from one catalog for one host.

    `replacements` are other recipes for the inputs of some roles, wherever in a plan these stand; but not below the
    replacing recipe itself, which may well be made of what it replaces.
    """

    def __init__(
        self, catalog: Catalog, facts: HostFacts, replacements: Mapping[str, Replacement] | None = None
    ) -> None:
        self.catalog = catalog
        self.facts = facts
        self._replacing = {role: item.reference(catalog) for role, item in (replacements or {}).items()}
        self._replacers = frozenset(reference.recipe for reference in self._replacing.values())
        self._made: defaultdict[str, list[_Made]] = defaultdict(list)

    def plan(self, name: str, axes: Axes | None = None) -> Node:
        """The plan of a recipe.

        Args:
            name: the recipe.
            axes: values that are set; each must be an axis of the recipe or of an input.

        Raises:
            RecipeError, UnknownNameError, CycleError: a recipe is not valid, or a name does not exist.
            UsageError: an axis was set that the recipe fixes otherwise, or values that it refuses together.
        """
        given = dict(axes or {})
        # A chain of inputs is as long as there are recipes, at most, and each is some calls deep.
        sys.setrecursionlimit(max(sys.getrecursionlimit(), 5 * len(self.catalog.names()) + 1000))
        node = self._node(name, given, {}, where="")
        for axis in given:
            if axis not in node.choices:
                raise UnknownNameError("axis", axis, node.choices, where=f"recipe {name}")
        if self._replacing:
            roles = {role for item in node.walk() for role, below in item.inputs.items() if below.recipe}
            for role in sorted(self._replacing.keys() - roles):
                raise UnknownNameError("input", role, roles, where=f"recipe {name}")
        return node

    def _node(self, name: str, given: Axes, above: dict[str, None], where: str) -> Node:
        """The node of a recipe; `above` are the recipes that led here, the root first."""
        if name in above:
            names = [*above, name]
            raise CycleError(tuple(names[names.index(name) :]), where)
        within = self._replacers.intersection(above)
        for made in self._made[name]:
            if made.serves(given, within):
                return made.node
        recipe = self.catalog.recipe(name, where=where)
        above[name] = None
        try:
            use = recipe.use
            node = self._instance(recipe, given, above) if use is None else self._used(recipe, use, given, above)
        finally:
            del above[name]
        self._made[name].append(_Made(node, given, within))
        return node

    def _used(self, recipe: Recipe, use: InputReference, given: Axes, above: dict[str, None]) -> Node:
        for axis, value in use.set.items():
            if given.get(axis, value) != value and len(above) == 1:
                raise UsageError(
                    f"{recipe.name} fixes {axis} = {value}; it cannot be set to {given[axis]!r}",
                    where=str(self.catalog.file(recipe.name)),
                    fix=f"realize {use.recipe} with --set {axis}={given[axis]}",
                )
        return self._node(use.recipe, {**given, **use.set}, above, self._where(recipe))

    def _instance(self, recipe: Recipe, given: Axes, above: dict[str, None]) -> Node:
        chosen: dict[str, str] = {}
        for name in recipe.variants:
            chosen[name] = self._value(recipe, name, given, chosen)
        require_possible(recipe, chosen, self._where(recipe))  # before an input says that it has no such value
        changes = [recipe.variants[axis].values[value] for axis, value in chosen.items()]
        requires = self._requirements(recipe, changes)
        below = {**given, **chosen}
        references = _references(recipe, changes)
        for role, reference in self._replacing.items():
            if role in references and reference.recipe not in above:
                references[role] = reference
        inputs = self._inputs(recipe, changes, references, below, above)
        chosen.pop(SYSTEM, None)  # the derivation says it, and nobody can set it
        choices = _gathered(references, {role: node.choices for role, node in inputs.items()}) | chosen
        check_conditions(recipe, choices, self._where(recipe))
        require_possible(recipe, choices, self._where(recipe))
        deciding = {name: value for name, value in chosen.items() if recipe.variants[name].decides}
        derivation = self._derivation(recipe, changes, inputs)
        _ = derivation.digest  # inputs first: so it is never a chain of digests that is waited for
        return Node(
            derivation=derivation,
            inputs=inputs,
            recipe=recipe.name,
            axes=_gathered(references, {role: node.axes for role, node in inputs.items()}) | deciding,
            choices=choices,
            source=FilesSource(urls=recipe.build.urls) if recipe.build and recipe.build.urls else None,
            run=_run(recipe, changes),
            requires=requires,
            about_bytes=_about_bytes(recipe, changes),
        )

    def _requirements(self, recipe: Recipe, changes: list[Override]) -> When:
        requires = dict(recipe.requires)
        for change in changes:
            requires |= change.requires
        for fact in requires.keys() - HostFacts.names():
            raise UnknownNameError("host fact", fact, HostFacts.names(), where=self._where(recipe))
        check_requirement(recipe.name, self.facts.system, requires, self._where(recipe))
        return requires

    def _value(self, recipe: Recipe, name: str, given: Axes, before: Axes) -> str:
        """The value of an axis; `before` are those that stand before it in the recipe."""
        axis, where = recipe.variants[name], self._where(recipe)
        if name == SYSTEM:
            return value_of(recipe.name, self.facts.system, axis.values, where)
        if name in given:
            if given[name] not in axis.values:
                raise UnknownNameError(f"value of axis {name}", given[name], axis.values, where=where)
            return given[name]
        whens = {key: item.when for key, item in axis.values.items()}
        for fact, wanted in ((fact, wanted) for when in whens.values() for fact, wanted in when.items()):
            if fact in before:
                check_value(recipe, fact, wanted, f"{where}, axis {name}")
        try:
            value = choose(whens, axis.default, lambda fact: before.get(fact) or self.facts.fact(fact))
        except KeyError as error:
            facts = [*before, *HostFacts.names()]
            raise UnknownNameError("host fact or earlier axis", str(error.args[0]), facts, where=where) from error
        if value is None:
            known = ", ".join(axis.values)
            raise UsageError(
                f"nothing decides the axis {name!r} on this host", where=where, fix=f"--set {name}=… ({known})"
            )
        return value

    def _inputs(
        self,
        recipe: Recipe,
        changes: list[Override],
        references: Mapping[str, InputReference],
        given: Axes,
        above: dict[str, None],
    ) -> dict[str, Node]:
        nodes, where = self._sources(recipe, changes, given), self._where(recipe)
        for role, reference in references.items():
            if role in nodes:
                raise InvalidInputError(f"role {role!r} is both a source and an input", where=where)
            nodes[role] = self._node(reference.recipe, {**given, **reference.set}, above, where)
        return nodes

    def _sources(self, recipe: Recipe, changes: list[Override], given: Axes) -> dict[str, Node]:
        sources = dict(recipe.sources)
        for change in changes:
            sources |= change.sources
        nodes: dict[str, Node] = {}
        folder = self.catalog.file(recipe.name).parent
        for role, source in sources.items():
            if isinstance(source, WheelsSource):
                pinned = wheels(source, self.catalog, folder, given.get(PYTHON, self.facts.python.abi))
                nodes |= {project: self._fetched(recipe, wheel) for project, wheel in pinned.items()}
            else:
                nodes[role] = self._fetched(recipe, source)
        return nodes

    def _fetched(self, recipe: Recipe, source: FixedSource) -> Node:
        if isinstance(source, PypiSource):
            check_file(recipe.name, self.facts.system, source.file, self._where(recipe))
        folder = self.catalog.file(recipe.name).parent
        return Node(derivation=source_derivation(source, folder), source=source, folder=folder)

    def _derivation(self, recipe: Recipe, changes: list[Override], inputs: Mapping[str, Node]) -> Derivation:
        builder = recipe.build.builder if recipe.build else "run"
        settings = dict(recipe.build.settings) if recipe.build else run_settings(recipe.run)
        version = recipe.version
        for change in changes:
            settings |= change.settings
            version = change.version or version
        try:
            return Derivation(
                name=recipe.name,
                version=version,
                system=self.facts.system,
                builder=builder,
                revision=REVISIONS[builder],
                output=BuiltOutput(),
                settings=settings,
                environment=recipe.build.environment if recipe.build else {},
                inputs={role: node.derivation for role, node in inputs.items()},
            )
        except ValueError as error:
            raise InvalidInputError(f"a setting has no canonical text: {error}", where=self._where(recipe)) from error

    def _where(self, recipe: Recipe) -> str:
        return str(self.catalog.file(recipe.name))


def _run(recipe: Recipe, changes: list[Override]) -> Run | None:
    targets = {name: least for change in changes for name, least in change.targets.items()}
    if recipe.run is None or not targets:
        return recipe.run
    return recipe.run.model_copy(update={"targets": {**recipe.run.targets, **targets}})


def _about_bytes(recipe: Recipe, changes: list[Override]) -> int:
    said = [change.about_bytes for change in changes if change.about_bytes is not None]
    return said[-1] if said else (recipe.build.about_bytes if recipe.build else 0)


def _references(recipe: Recipe, changes: list[Override]) -> dict[str, InputReference]:
    references = dict(recipe.inputs)
    for change in changes:
        references |= change.inputs
    return {
        role: item if isinstance(item, InputReference) else InputReference(recipe=item)
        for role, item in references.items()
    }


def _gathered(references: Mapping[str, InputReference], below: Mapping[str, Axes]) -> dict[str, str]:
    """The axes of the inputs, but for those that an input fixes: they are its own affair."""
    fixed = {role: reference.set for role, reference in references.items()}
    return {
        axis: value for role, axes in below.items() for axis, value in axes.items() if axis not in fixed.get(role, {})
    }


def run_settings(run: Run | None) -> dict[str, Value]:
    """A run as settings of its derivation: what it executes, field by field."""
    if run is None:
        return {}
    steps: list[Value] = [
        {"name": step.name, "when": dict(step.when), "argv": list(step.argv), "environment": dict(step.environment)}
        for step in run.spelled_out()
    ]
    files: dict[str, Value] = {
        name: file if isinstance(file, str) else {"when": dict(file.when), "text": file.text}
        for name, file in run.files.items()
    }
    return {"settings": dict(run.settings), "files": files, "steps": steps}
