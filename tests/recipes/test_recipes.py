"""Every real recipe: valid, planned for all interpreters, in the agreed form, and as recipes.lock has it. Offline."""

import re
from pathlib import Path

import pytest
import tomli

from envmgr.model.host import CpuFacts, HostFacts, PythonFacts
from envmgr.model.lockfile import Lockfile
from envmgr.model.node import Node
from envmgr.model.recipe import SYSTEM, Recipe
from envmgr.model.source import GitSource, UrlSource
from envmgr.planning.catalog import Catalog
from envmgr.planning.conditions import RefusedCombinationError
from envmgr.planning.locked_plan import hold
from envmgr.planning.plan import Planner

TOP = Path(__file__).parents[2]
RECIPES = TOP / "recipes"
NAMES = Catalog(RECIPES).names()
LOCK = TOP / "recipes.lock"
KEYS = (
    "name", "version", "summary", "license", "sources", "inputs",
    "requires", "build", "run", "use", "variants", "refusals",
)  # fmt: skip
NVIDIA = [name for name in NAMES if name.startswith("nvidia-")]
NOT_IN_PYTORCH = (("implementation", "cpp"), ("device", "cuda"), ("model", "resnet50"), ("model", "retinanet-standin"))
ABIS = ("cp311", "cp312", "cp313", "cp314")


def host(abi: str, system: str = "x86_64-linux") -> HostFacts:
    return HostFacts(
        system=system, distribution="any", kernel="6.1", libc="glibc 2.36", cpu=CpuFacts(model="any", cores=2),
        memory_bytes=8 << 30, python=PythonFacts(abi=abi, version=f"3.{abi.removeprefix('cp3')}.0"),
    )  # fmt: skip


def test_there_are_recipes() -> None:
    assert "benchmark" in NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_is_valid_and_has_the_name_of_its_file(name: str) -> None:
    assert Catalog(RECIPES).recipe(name).name == name


@pytest.mark.parametrize("name", NAMES)
def test_the_first_line_of_a_recipe_tells_editors_its_schema(name: str) -> None:
    first = Catalog(RECIPES).file(name).read_text().splitlines()[0]
    assert first.startswith("#:schema ")
    assert (RECIPES / first.removeprefix("#:schema ")).is_file()


@pytest.mark.parametrize("name", NAMES)
def test_the_keys_of_a_recipe_stand_in_the_agreed_order_and_roles_are_sorted(name: str) -> None:
    raw = tomli.loads(Catalog(RECIPES).file(name).read_text())
    assert list(raw) == sorted(raw, key=KEYS.index)
    for table in ("sources", "inputs"):
        assert list(raw.get(table, {})) == sorted(raw.get(table, {}))


@pytest.mark.parametrize(
    "asked",
    [
        *({"mode": "find-peak-performance", "scenario": name} for name in ("Offline", "SingleStream", "MultiStream")),
        *({"backend": "null", "mode": mode} for mode in ("accuracy", "both")),
        *({"backend": "pytorch", axis: value} for axis, value in NOT_IN_PYTORCH),
        *({"audit": "TEST05", "round": name} for name in ("v5.0", "v5.1", "v6.0", "v6.1")),
        *({"audit": name, "mode": "accuracy"} for name in ("TEST01", "TEST04")),
    ],
    ids=lambda asked: "-".join(asked.values()),
)
def test_what_the_benchmark_cannot_do_is_refused_when_it_is_planned(asked: dict[str, str]) -> None:
    with pytest.raises(RefusedCombinationError) as refused:
        Planner(Catalog(RECIPES), host("cp311")).plan("benchmark", asked)
    assert refused.value.chosen == asked


@pytest.mark.parametrize(
    ("audit", "round_"),
    [
        *(("TEST01", name) for name in ("v2.1", "v4.1", "v5.0", "v5.1", "v6.0", "v6.1")),
        ("TEST05", "v2.1"),
        ("TEST05", "v4.1"),
    ],
)
def test_an_audit_can_be_run_in_every_round_that_asks_for_it(audit: str, round_: str) -> None:
    node = Planner(Catalog(RECIPES), host("cp311")).plan("benchmark", {"audit": audit, "round": round_})
    assert node.choices["audit"] == audit


def test_the_null_backend_is_run_for_its_performance_unless_something_else_is_said() -> None:
    node = Planner(Catalog(RECIPES), host("cp311")).plan("benchmark", {"backend": "null"})
    assert node.choices["mode"] == "performance"


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_plans_for_every_interpreter_that_it_knows(name: str) -> None:
    catalog = Catalog(RECIPES)
    python = catalog.recipe(name).variants.get("python")
    for abi in python.values if python else ["cp311"]:
        assert Planner(catalog, host(abi)).plan(name).derivation.text


def test_the_benchmark_plans_for_every_interpreter() -> None:
    catalog = Catalog(RECIPES)
    digests = {Planner(catalog, host(abi)).plan("benchmark").digest for abi in ABIS}
    assert len(digests) == len(ABIS)


@pytest.mark.parametrize("name", NAMES)
def test_every_value_of_every_axis_plans(name: str) -> None:
    catalog = Catalog(RECIPES)
    planner = Planner(catalog, host("cp311"))
    for axis, described in catalog.recipe(name).variants.items():
        for value in described.values:
            if axis == SYSTEM:
                assert Planner(catalog, host("cp311", value)).plan(name).derivation.system == value
            else:
                assert planned(planner, name, {axis: value}).choices[axis] == value


def planned(planner: Planner, name: str, axes: dict[str, str]) -> Node:
    """The plan; where these values take another one beside them, with that one."""
    try:
        return planner.plan(name, axes)
    except RefusedCombinationError as refused:
        other = next(axis for axis in refused.ways if axis not in axes)
        return planned(planner, name, {**axes, other: refused.ways[other][0]})


def test_the_lockfile_pins_the_recipes_as_they_are_now() -> None:
    lockfile = Lockfile.parse(LOCK.read_text())
    assert any(entry.axes.get("python") == "cp311" for entry in lockfile.entry)
    for root in lockfile.root:
        for entry in (item for item in lockfile.entry if (item.recipe, item.system) == (root.recipe, root.system)):
            if any(entry.axes.get(axis, value) != value for axis, value in root.set.items()):
                continue  # of another root
            facts = host(entry.axes.get("python", "cp311"), entry.system)
            hold(Planner(Catalog(RECIPES), facts).plan(root.recipe, root.set), lockfile)


def test_the_lockfile_is_written_as_it_is_read() -> None:
    text = LOCK.read_text()
    assert Lockfile.parse(text).show() == text


def test_no_file_names_an_address_that_is_not_a_source() -> None:
    """The address of a package index least of all: wheels are looked for wherever the user's pip looks."""
    known = {address for name in NAMES for address in _addresses(Catalog(RECIPES).recipe(name))}
    files = [LOCK, *RECIPES.rglob("*.toml")]
    assert {address for file in files for address in re.findall(r"https?://[^\s\"',)]+", file.read_text())} <= known


def _addresses(recipe: Recipe) -> set[str]:
    tables = [recipe.sources, *(value.sources for axis in recipe.variants.values() for value in axis.values.values())]
    sources = [source for table in tables for source in table.values()]
    urls = {url for source in sources if isinstance(source, UrlSource) for url in source.urls}
    return (
        urls
        | {*(recipe.build.urls if recipe.build else ())}
        | {source.url for source in sources if isinstance(source, GitSource)}
    )


def test_both_ways_to_cuda_ask_for_the_same_driver() -> None:
    recipes = Catalog(RECIPES)
    runtime, wheels = recipes.recipe("nvidia-cuda-runtime"), recipes.recipe("python-inference").variants["device"]
    assert runtime.requires == wheels.values["cuda"].requires
    releases = {f"{recipe.sources['archive'].project}=={recipe.version}" for recipe in map(recipes.recipe, NVIDIA)}  # type: ignore[union-attr]
    assert releases <= set(wheels.values["cuda"].sources["wheels"].requirements)  # type: ignore[union-attr]
