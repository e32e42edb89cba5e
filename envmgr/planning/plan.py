"""Recipes and host facts to derivations, inputs first."""

from collections.abc import Mapping

from envmgr.model.axis import Axes, choose
from envmgr.model.canonical import Value
from envmgr.model.derivation import REVISIONS, BuiltOutput, Derivation
from envmgr.model.errors import InvalidInputError, UsageError
from envmgr.model.host import HostFacts
from envmgr.model.node import Node
from envmgr.model.recipe import Axis, InputReference, Override, Recipe, Run
from envmgr.model.source import FetchedSource, WheelsSource
from envmgr.planning.catalog import Catalog, UnknownNameError
from envmgr.planning.sources import source_derivation, wheels


class CycleError(InvalidInputError):
    """A recipe is, through its inputs, an input of itself."""

    def __init__(self, names: tuple[str, ...], where: str) -> None:
        self.names = names
        super().__init__(f"a cycle of inputs: {' -> '.join(names)}", where=where, fix="cut one of these inputs")


class Planner:
    """Makes plans from one catalog for one host."""

    def __init__(self, catalog: Catalog, facts: HostFacts) -> None:
        self.catalog = catalog
        self.facts = facts
        self._made: dict[tuple[str, frozenset[tuple[str, str]]], Node] = {}

    def plan(self, name: str, axes: Axes | None = None) -> Node:
        """The plan of a recipe.

        Args:
            name: the recipe.
            axes: values that are set; each must be an axis of the recipe or of an input.

        Raises:
            RecipeError, UnknownNameError, CycleError: a recipe is not valid, or a name does not exist.
            UsageError: an axis was set that the recipe fixes otherwise.
        """
        given = dict(axes or {})
        node = self._node(name, given, (), where="")
        for axis in given:
            if axis not in node.choices:
                raise UnknownNameError("axis", axis, node.choices, where=f"recipe {name}")
        return node

    def _node(self, name: str, given: Axes, above: tuple[str, ...], where: str) -> Node:
        if name in above:
            raise CycleError((*above[above.index(name) :], name), where)
        key = (name, frozenset(given.items()))
        if key not in self._made:
            recipe = self.catalog.recipe(name, where=where)
            if recipe.use is not None:
                self._made[key] = self._used(recipe, recipe.use, given, above)
            else:
                self._made[key] = self._instance(recipe, given, (*above, name))
        return self._made[key]

    def _used(self, recipe: Recipe, use: InputReference, given: Axes, above: tuple[str, ...]) -> Node:
        for axis, value in use.set.items():
            if given.get(axis, value) != value and not above:
                raise UsageError(
                    f"{recipe.name} fixes {axis} = {value}; it cannot be set to {given[axis]!r}",
                    where=str(self.catalog.file(recipe.name)),
                    fix=f"realize {use.recipe} with --set {axis}={given[axis]}",
                )
        return self._node(use.recipe, {**given, **use.set}, (*above, recipe.name), self._where(recipe))

    def _instance(self, recipe: Recipe, given: Axes, above: tuple[str, ...]) -> Node:
        chosen = {name: self._value(recipe, name, axis, given) for name, axis in recipe.variants.items()}
        changes = [recipe.variants[axis].values[value] for axis, value in chosen.items()]
        below = {**given, **chosen}
        inputs = self._inputs(recipe, changes, below, above)
        choices = _gathered(recipe, changes, {role: node.choices for role, node in inputs.items()}) | chosen
        self._check_conditions(recipe, choices)
        deciding = {name: value for name, value in chosen.items() if recipe.variants[name].decides}
        return Node(
            derivation=self._derivation(recipe, changes, inputs),
            inputs=inputs,
            recipe=recipe.name,
            axes=_gathered(recipe, changes, {role: node.axes for role, node in inputs.items()}) | deciding,
            choices=choices,
            run=recipe.run,
        )

    def _check_conditions(self, recipe: Recipe, choices: Axes) -> None:
        for step in recipe.run.steps if recipe.run else ():
            where = f"{self._where(recipe)}, step {step.name}"
            for axis, wanted in step.when.items():
                if axis not in choices:
                    raise UnknownNameError("axis", axis, choices, where=where)
                known = recipe.variants[axis].values if axis in recipe.variants else {}
                for value in wanted if isinstance(wanted, tuple) else (wanted,):
                    if known and value not in known:
                        raise UnknownNameError(f"value of axis {axis}", str(value), known, where=where)

    def _value(self, recipe: Recipe, name: str, axis: Axis, given: Axes) -> str:
        where = self._where(recipe)
        if name in given:
            if given[name] not in axis.values:
                raise UnknownNameError(f"value of axis {name}", given[name], axis.values, where=where)
            return given[name]
        try:
            value = choose({key: item.when for key, item in axis.values.items()}, axis.default, self.facts)
        except KeyError as error:
            raise UnknownNameError("host fact", str(error.args[0]), HostFacts.names(), where=where) from error
        if value is None:
            known = ", ".join(axis.values)
            raise UsageError(
                f"nothing decides the axis {name!r} on this host", where=where, fix=f"--set {name}=… ({known})"
            )
        return value

    def _inputs(self, recipe: Recipe, changes: list[Override], given: Axes, above: tuple[str, ...]) -> dict[str, Node]:
        nodes = self._sources(recipe, changes, given)
        for role, reference in _references(recipe, changes).items():
            if role in nodes:
                raise InvalidInputError(f"role {role!r} is both a source and an input", where=self._where(recipe))
            nodes[role] = self._node(reference.recipe, {**given, **reference.set}, above, self._where(recipe))
        return nodes

    def _sources(self, recipe: Recipe, changes: list[Override], given: Axes) -> dict[str, Node]:
        sources = dict(recipe.sources)
        for change in changes:
            sources |= change.sources
        nodes: dict[str, Node] = {}
        for role, source in sources.items():
            if isinstance(source, WheelsSource):
                pinned = wheels(source, self.catalog, given.get("python", self.facts.python.abi))
                nodes |= {project: self._fetched(wheel) for project, wheel in pinned.items()}
            else:
                nodes[role] = self._fetched(source)
        return nodes

    def _fetched(self, source: FetchedSource) -> Node:
        return Node(derivation=source_derivation(source, self.catalog.folder), source=source)

    def _derivation(self, recipe: Recipe, changes: list[Override], inputs: Mapping[str, Node]) -> Derivation:
        builder = recipe.build.builder if recipe.build else "run"
        settings = dict(recipe.build.settings) if recipe.build else run_settings(recipe.run)
        for change in changes:
            settings |= change.settings
        try:
            return Derivation(
                name=recipe.name,
                version=recipe.version,
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


def _references(recipe: Recipe, changes: list[Override]) -> dict[str, InputReference]:
    references = dict(recipe.inputs)
    for change in changes:
        references |= change.inputs
    return {
        role: item if isinstance(item, InputReference) else InputReference(recipe=item)
        for role, item in references.items()
    }


def _gathered(recipe: Recipe, changes: list[Override], below: Mapping[str, Axes]) -> dict[str, str]:
    """The axes of the inputs, but for those that an input fixes: they are its own affair."""
    fixed = {role: reference.set for role, reference in _references(recipe, changes).items()}
    return {
        axis: value for role, axes in below.items() for axis, value in axes.items() if axis not in fixed.get(role, {})
    }


def run_settings(run: Run | None) -> dict[str, Value]:
    """A run as settings of its derivation: what it executes, field by field."""
    if run is None:
        return {}
    steps: list[Value] = [
        {"name": step.name, "when": dict(step.when), "argv": list(step.argv), "environment": dict(step.environment)}
        for step in run.steps
    ]
    return {"settings": dict(run.settings), "files": dict(run.files), "steps": steps}
