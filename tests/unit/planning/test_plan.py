"""Recipes and host facts to derivations."""

from pathlib import Path

import pytest

from envmgr.model.derivation import Derivation
from envmgr.model.errors import EnvmgrError, InvalidInputError, UsageError
from envmgr.model.host import CpuFacts, CudaFacts, HostFacts, PythonFacts
from envmgr.planning.catalog import Catalog, UnknownNameError
from envmgr.planning.plan import CycleError, Planner
from envmgr.planning.sources import MissingSourceError

HOST = HostFacts(
    system="x86_64-linux", distribution="d", kernel="6.1", libc="glibc 2.36",
    cpu=CpuFacts(model="m", cores=2), memory_bytes=8 << 30, python=PythonFacts(abi="cp311", version="3.11.7"),
)  # fmt: skip
GPU_HOST = HOST.model_copy(update={"cuda": CudaFacts(driver="550.1", devices=1)})

LIBRARY = """
[build]
builder = "script"
settings.argv = ["library"]
[variants.device]
default = "cpu"
cpu = {}
[variants.device.cuda]
when = { "cuda.driver" = ">=535" }
settings.argv = ["library", "--cuda"]
"""
TOOL = """
[inputs]
library = "library"
[build]
builder = "script"
settings.argv = ["tool", "{library}"]
[variants.speed]
default = "slow"
slow = {}
fast.settings.argv = ["tool", "--fast"]
"""
TREE = """
[build]
builder = "script"
settings.argv = ["x"]
"""


def planner(folder: Path, facts: HostFacts = HOST, **bodies: str) -> Planner:
    recipes = folder / "recipes"
    recipes.mkdir(exist_ok=True)
    for name, body in bodies.items():
        head = f'name = "{name}"\nversion = "1"\nsummary = "{name}"\n'
        (recipes / f"{name}.toml").write_text(head + body)
    return Planner(Catalog(recipes), facts)


def argv(derivation: Derivation) -> object:
    return derivation.settings["argv"]


def test_inputs_come_first_and_each_derivation_once(tmp_path: Path) -> None:
    both = '[inputs]\na = "tool"\nb = "library"\n[build]\nbuilder = "script"\nsettings.argv = ["x"]\n'
    node = planner(tmp_path, library=LIBRARY, tool=TOOL, both=both).plan("both")
    assert [item.recipe for item in node.walk()] == ["library", "tool", "both"]


def test_an_axis_that_is_set_flows_down_to_every_input_that_declares_it(tmp_path: Path) -> None:
    node = planner(tmp_path, library=LIBRARY, tool=TOOL).plan("tool", {"device": "cuda"})
    assert argv(node.inputs["library"].derivation) == ["library", "--cuda"]
    assert node.axes == {"device": "cuda", "speed": "slow"}


def test_a_condition_over_host_facts_chooses_before_the_default_and_after_what_is_set(tmp_path: Path) -> None:
    made = planner(tmp_path, GPU_HOST, library=LIBRARY)
    assert made.plan("library").axes == {"device": "cuda"}
    assert made.plan("library", {"device": "cpu"}).axes == {"device": "cpu"}


BY_AXIS = """
[build]
builder = "tree"
about_bytes = 7
[variants.model]
default = "small"
small = {}
big.about_bytes = 1000
[variants.data]
default = "toy"
toy = {}
real.when = { model = ["big", "biggest"] }
"""


def test_a_condition_may_be_over_an_axis_that_stands_before(tmp_path: Path) -> None:
    made = planner(tmp_path, library=BY_AXIS.replace(', "biggest"', ""))
    assert made.plan("library").choices == {"model": "small", "data": "toy"}
    assert made.plan("library", {"model": "big"}).choices == {"model": "big", "data": "real"}
    assert made.plan("library", {"model": "big", "data": "toy"}).choices == {"model": "big", "data": "toy"}


def test_a_condition_over_a_value_that_the_axis_has_not_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="biggest"):
        planner(tmp_path, library=BY_AXIS).plan("library")
    later = BY_AXIS.replace("small = {}", "small.when = { data = 'toy' }").replace(', "biggest"', "")
    with pytest.raises(UnknownNameError, match=r"earlier axis .*data"):
        planner(tmp_path, library=later).plan("library")


TARGETS = """
[run]
targets = { mAP = 50, AP50 = 60 }
steps = [{ name = "only", argv = ["x"] }]
[variants.model]
default = "small"
small = {}
big.targets.mAP = 37.5
"""


def test_a_value_of_an_axis_may_have_targets_of_its_own(tmp_path: Path) -> None:
    made = planner(tmp_path, library=TARGETS)
    small, big = (made.plan("library", {"model": model}) for model in ("small", "big"))
    assert [node.run.targets for node in (small, big) if node.run] == [
        {"mAP": 50, "AP50": 60},
        {"mAP": 37.5, "AP50": 60},
    ]
    assert small.digest == big.digest


def test_what_a_recipe_says_of_its_size_changes_no_derivation(tmp_path: Path) -> None:
    made = planner(tmp_path, library=BY_AXIS.replace(', "biggest"', ""))
    small, big = (made.plan("library", {"model": model}) for model in ("small", "big"))
    assert (small.about_bytes, big.about_bytes) == (7, 1000)
    assert small.digest == big.digest


def test_an_input_may_fix_an_axis_and_it_is_then_not_the_recipes_own(tmp_path: Path) -> None:
    fixed = TOOL.replace('library = "library"', 'library = { recipe = "library", set = { device = "cuda" } }')
    node = planner(tmp_path, library=LIBRARY, tool=fixed).plan("tool")
    assert argv(node.inputs["library"].derivation) == ["library", "--cuda"]
    assert node.axes == {"speed": "slow"}
    with pytest.raises(UnknownNameError):
        planner(tmp_path, library=LIBRARY, tool=fixed).plan("tool", {"device": "cpu"})


def test_a_recipe_with_use_is_the_other_one_with_its_axes_fixed(tmp_path: Path) -> None:
    alias = '[use]\nrecipe = "library"\nset = { device = "cuda" }\n'
    made = planner(tmp_path, library=LIBRARY, alias=alias)
    assert made.plan("alias").digest == made.plan("library", {"device": "cuda"}).digest
    with pytest.raises(UsageError, match="fixes device = cuda"):
        made.plan("alias", {"device": "cpu"})


@pytest.mark.parametrize(
    ("axes", "kind", "fix"),
    [({"devise": "cpu"}, "axis", "'device'"), ({"device": "cdua"}, "value of axis device", "'cuda'")],
)
def test_an_unknown_axis_or_value_has_a_nearest_one(tmp_path: Path, axes: dict[str, str], kind: str, fix: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        planner(tmp_path, library=LIBRARY).plan("library", axes)
    assert caught.value.kind == kind
    assert fix in caught.value.fix


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (LIBRARY.replace("cuda.driver", "cuda.colour"), UnknownNameError),
        (LIBRARY.replace('default = "cpu"', ""), UsageError),
        ('[inputs]\nx = "nothing"\n[build]\nbuilder = "script"\n', UnknownNameError),
        ('[sources]\nx = { kind = "local", path = "nothing" }\n[build]\nbuilder = "script"\n', MissingSourceError),
        ('[sources]\nx = { kind = "local", path = "../.." }\n[build]\nbuilder = "script"\n', MissingSourceError),
        ('[build]\nbuilder = "script"\nsettings.size = 9007199254740993\n', InvalidInputError),
    ],
)
def test_what_cannot_be_planned_is_an_error_with_a_place(tmp_path: Path, body: str, error: type[EnvmgrError]) -> None:
    with pytest.raises(error) as caught:
        planner(tmp_path, library=body).plan("library")
    assert "recipes" in caught.value.where


def test_a_cycle_is_named_from_end_to_end(tmp_path: Path) -> None:
    def to(name: str) -> str:
        return f'[inputs]\nx = "{name}"\n[build]\nbuilder = "script"\n'

    with pytest.raises(CycleError) as caught:
        planner(tmp_path, a=to("b"), b=to("c"), c=to("b")).plan("a")
    assert caught.value.names == ("b", "c", "b")


def test_a_local_source_is_its_content_whatever_its_times_and_caches(tmp_path: Path) -> None:
    (tmp_path / "recipes" / "src" / "__pycache__").mkdir(parents=True)
    (tmp_path / "recipes" / "src" / "file").write_text("one")
    body = '[sources]\nx = { kind = "local", path = "src" }\n[build]\nbuilder = "script"\n'
    first = planner(tmp_path, tool=body).plan("tool").digest
    (tmp_path / "recipes" / "src" / "file").touch()
    (tmp_path / "recipes" / "src" / "__pycache__" / "file.pyc").write_text("x")
    assert planner(tmp_path, tool=body).plan("tool").digest == first
    (tmp_path / "recipes" / "src" / "file").write_text("two")
    assert planner(tmp_path, tool=body).plan("tool").digest != first


RUN = """
[run]
[[run.steps]]
name = "only"
when = { mode = "fast" }
argv = ["{library}", "{mode}"]
[inputs]
library = "library"
[variants.mode]
default = "fast"
fast = {}
slow = {}
"""


def test_an_axis_that_changes_no_derivation_is_a_choice_of_the_run_only(tmp_path: Path) -> None:
    made = planner(tmp_path, library=LIBRARY, bench=RUN)
    fast, slow = made.plan("bench"), made.plan("bench", {"mode": "slow"})
    assert fast.digest == slow.digest
    assert (fast.axes, slow.choices["mode"]) == ({"device": "cpu"}, "slow")


@pytest.mark.parametrize(
    ("before", "after"), [('mode = "fast" }', 'made = "fast" }'), ('mode = "fast" }', 'mode = "fats" }')]
)
def test_a_step_that_waits_for_an_axis_or_a_value_that_is_not_there_is_refused(
    tmp_path: Path, before: str, after: str
) -> None:
    with pytest.raises(UnknownNameError) as caught:
        planner(tmp_path, library=LIBRARY, bench=RUN.replace(before, after)).plan("bench")
    assert "step only" in caught.value.where


def test_a_recipe_is_planned_once_whatever_axes_led_to_it_that_are_none_of_its_own(tmp_path: Path) -> None:
    """Each level of the ladder has two recipes with an axis of their own: 2^40 ways lead from the top to the ground."""
    levels = 40
    axis = '[variants.{name}]\ndefault = "a"\na = {{}}\nb.settings.argv = ["b"]\n'
    bodies = {"ground": TREE}
    for level in range(levels):
        below = [f"left{level - 1}", f"right{level - 1}"] if level else ["ground"]
        inputs = "[inputs]\n" + "".join(f'{name} = "{name}"\n' for name in below)
        bodies |= {name: inputs + TREE + axis.format(name=name) for name in (f"left{level}", f"right{level}")}
    node = planner(tmp_path, HOST, **bodies).plan(f"left{levels - 1}", {"right0": "b"})
    assert len(list(node.walk())) == 2 * levels
    assert node.choices["right0"] == "b"


def test_an_axis_that_was_set_reaches_each_recipe_that_has_it_also_where_it_was_planned_before(tmp_path: Path) -> None:
    wanted = planner(tmp_path, library=LIBRARY, tool=TOOL)
    assert argv(wanted.plan("library").derivation) == ["library"]
    assert argv(wanted.plan("tool", {"device": "cuda"}).inputs["library"].derivation) == ["library", "--cuda"]
    assert argv(wanted.plan("library", {"device": "cpu"}).derivation) == ["library"]


def test_a_chain_may_be_as_long_as_there_are_recipes(tmp_path: Path) -> None:
    length = 1500
    bodies = {"n0": TREE} | {f"n{i}": f'[inputs]\nbelow = "n{i - 1}"\n{TREE}' for i in range(1, length)}
    assert len(list(planner(tmp_path, HOST, **bodies).plan(f"n{length - 1}").walk())) == length
