"""The axes of a plan for people: every value with what it changes, and why one was chosen."""

from collections.abc import Iterator, Mapping

from typing_extensions import TypedDict

from envmgr.cli.project import Project
from envmgr.model.axis import Axes, Fact, choose, holds
from envmgr.model.host import HostFacts
from envmgr.model.node import Node
from envmgr.model.recipe import SYSTEM, Axis, Override, When


class AxisValue(TypedDict):
    """One value of an axis."""

    when: str
    """The host facts, or axes before this one, with which it is chosen; empty where none choose it."""
    changes: list[str]
    """What it changes in the recipe, key by key; nothing where it only fills in texts and conditions."""


class ShownAxis(TypedDict):
    """An axis of a recipe, its own or one of an input."""

    axis: str
    recipe: str
    """Who has it."""
    summary: str
    default: str | None
    chosen: str
    why: str
    """What chose it: what was set, a recipe above, a fact of the host, an axis before it, or the default."""
    values: dict[str, AxisValue]


class ShownRefusal(TypedDict):
    """Values of axes that a recipe refuses together."""

    recipe: str
    when: str
    why: str


def refusals_of(project: Project, node: Node) -> list[ShownRefusal]:
    """What the recipe of a plan refuses, and those of its inputs."""
    names = dict.fromkeys(item.recipe for item in reversed(list(node.walk())) if item.recipe)
    return [
        {"recipe": name, "when": _condition(refusal.when), "why": refusal.why}
        for name in names
        for refusal in project.catalog.recipe(name).refusals
    ]


def axes_of(project: Project, node: Node, given: Mapping[str, str]) -> list[ShownAxis]:
    """Every axis that `--set` reaches from a recipe: its own first, then those of the inputs."""
    items = [item for item in reversed(list(node.walk())) if item.recipe]
    return [shown for item in items for shown in _own_axes(project, item, given)]


def _own_axes(project: Project, item: Node, given: Axes) -> Iterator[ShownAxis]:
    before: dict[str, str] = {}
    for name, axis in project.catalog.recipe(item.recipe).variants.items():
        chosen = item.choices.get(name, item.derivation.system)
        yield {
            "axis": name,
            "recipe": item.recipe,
            "summary": axis.summary,
            "default": axis.default,
            "chosen": chosen,
            "why": "set" if given.get(name) == chosen else _why(axis, name, chosen, before, project.facts),
            "values": {value: _value(change) for value, change in axis.values.items()},
        }
        before[name] = chosen


def _why(axis: Axis, name: str, chosen: str, before: Axes, facts: HostFacts) -> str:
    def fact(name: str) -> Fact:
        return before.get(name) or facts.fact(name)

    if name == SYSTEM:
        return "this host"
    when = axis.values[chosen].when
    if choose({value: change.when for value, change in axis.values.items()}, axis.default, fact) != chosen:
        return "a recipe above"
    if not when or not holds(when, fact):
        return "default"
    return f"{'with' if when.keys() <= before.keys() else 'this host:'} {_condition(when)}"


def _value(change: Override) -> AxisValue:
    said = change.model_dump(mode="json", exclude_defaults=True, exclude={"when"})
    return {"when": _condition(change.when), "changes": [f"{key} = {text}" for key, text in _flat(said)]}


def _condition(when: When) -> str:
    return ", ".join(
        f"{fact} = {' or '.join(map(str, wanted))}" if isinstance(wanted, tuple) else f"{fact} = {wanted}"
        for fact, wanted in when.items()
    )


def _flat(value: Mapping[str, object], above: str = "") -> Iterator[tuple[str, object]]:
    """The keys down to the role or the setting, and what they hold; of a source, the file or the path."""
    for key, item in value.items():
        if not isinstance(item, Mapping):
            yield f"{above}{key}", item
        elif above:
            named = item.get("recipe") or item.get("file") or item.get("path") or item.get("url")
            yield f"{above}{key}", named or ", ".join(map(str, item))
        else:
            yield from _flat(item, f"{key}.")


def axes_text(axes: list[ShownAxis]) -> Iterator[str]:
    """The lines that people read."""
    for item in axes:
        summary = f": {item['summary']}" if item["summary"] else ""
        yield f"{item['axis']} = {item['chosen']} ({item['why']}; {item['recipe']}){summary}"
        width = max(map(len, item["values"]))
        for value, found in item["values"].items():
            said = [*found["changes"], *([f"where {found['when']}"] if found["when"] else [])]
            yield f"  {'*' if value == item['chosen'] else ' '} {value:{width}}  {'; '.join(said)}".rstrip()


def refusals_text(refusals: list[ShownRefusal]) -> Iterator[str]:
    """The lines that people read."""
    for item in refusals:
        yield f"refused ({item['recipe']}): {item['when']}: {item['why']}"
