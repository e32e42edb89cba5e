"""What of two runs can be swapped, and plans mixed from both."""

from collections.abc import Mapping, Sequence
from typing import Any

from envmgr.bisect.ends import Ends, Side
from envmgr.bisect.names import element_name, mix_name
from envmgr.explain.kept_plan import run_of
from envmgr.model.derivation import BuiltOutput, Derivation
from envmgr.model.node import Node
from envmgr.model.store_path import StorePath
from tests.records import record

Step = Mapping[str, Any]


def built(name: str, builder: str, inputs: Mapping[str, Node], **settings: Any) -> Node:  # noqa: ANN401  as JSON has it
    below = {role: item.derivation for role, item in inputs.items()}
    return Node(Derivation(name, "1", "x86_64-linux", builder, 1, BuiltOutput(), settings, inputs=below), inputs)


def side(steps: Sequence[Step], axes: Mapping[str, str], inputs: Mapping[str, Node]) -> Side:
    """A run of steps over inputs, each with an object of its own."""
    whole = [{"when": {}, "argv": ["go"], "environment": {}, **step} for step in steps]
    settings = {"settings": {}, "files": {}, "steps": whole}
    node = built("bench", "run", inputs, **settings)
    plan = Node(node.derivation, inputs, recipe="bench", axes=axes, choices=axes, run=run_of(settings))
    had = {
        role: {
            "derivation": item.digest, "manifest": item.digest, "isolation": "sandboxed",
            "store_path": StorePath.of(kind="built", manifest=item.digest, name=role, version="1"),
        }
        for role, item in inputs.items()
    }  # fmt: skip
    return Side(record("one", axes=axes, inputs=had, derivation=node.digest), plan)


def names(ends: Ends) -> list[str]:
    return [element_name(element.place) for element in ends.elements]


def test_an_axis_is_swapped_where_a_text_or_condition_names_it_and_else_its_input_is() -> None:
    steps: list[Step] = [{"name": "go", "argv": ["{named}"]}, {"name": "maybe", "when": {"asked": "yes"}}]
    one, other = built("one", "tree", {}), built("other", "tree", {})
    good = side(steps, {"named": "a", "asked": "yes", "silent": "a"}, {"tool": one})
    bad = side(steps, {"named": "b", "asked": "no", "silent": "b"}, {"tool": other})
    assert names(Ends(good, bad)) == ["axis named", "axis asked", "input tool"]


def test_steps_that_neither_run_takes_are_none_and_other_steps_are_swapped_all_together() -> None:
    common: list[Step] = [{"name": "go"}, {"name": "never", "when": {"mode": "whole"}, "argv": ["one"]}]
    others: list[Step] = [{"name": "go"}, {"name": "never", "when": {"mode": "whole"}, "argv": ["other"]}]
    axes = {"mode": "part"}
    assert names(Ends(side(common, axes, {}), side(others, axes, {}))) == []
    more = Ends(side(common, axes, {}), side([*common, {"name": "last"}], axes, {}))
    assert names(more) == ["the steps"]
    run = more.mixture(frozenset({more.elements[0].place})).plan.run
    assert run is not None
    assert [step.name for step in run.steps] == ["go", "last"]


def test_an_input_is_opened_where_both_are_builds_of_one_thing() -> None:
    deep = [built("deep", "tree", {}, texts={"a": text, "b": text}) for text in ("old", "new")]
    tools = [built("tool", "tree", {"deep": item}) for item in deep]
    ends = Ends(*(side([{"name": "go"}], {}, {"tool": tool}) for tool in tools))
    (tool,) = ends.elements
    (inner,) = ends.opened(tool.place)
    texts = ends.opened(inner.place)
    assert [element_name(element.place) for element in texts] == [
        f"input tool > deep: settings.texts.{name}" for name in "ab"
    ]
    half = ends.mixture(frozenset({texts[0].place})).plan.inputs["tool"].inputs["deep"]
    assert half.derivation.settings == {"texts": {"a": "new", "b": "old"}}
    whole = ends.mixture(frozenset(element.place for element in texts)).plan
    assert whole.inputs["tool"].digest == tools[1].digest
    assert mix_name(frozenset({tool.place}), [tool.place]) == "bad"
    stranger = Ends(ends.good, side([{"name": "go"}], {}, {"tool": built("stranger", "tree", {})}))
    assert stranger.opened(tool.place) == ()


def test_the_mix_with_nothing_is_the_good_run() -> None:
    tools = [built("tool", "tree", {}, texts={"a": text}) for text in ("old", "new")]
    good, bad = (side([{"name": "go"}], {}, {"tool": tool}) for tool in tools)
    ends = Ends(good, bad)
    assert ends.mixture(frozenset()).plan.digest == good.plan.digest
    assert ends.mixture(frozenset(element.place for element in ends.elements)).plan.digest == bad.plan.digest
