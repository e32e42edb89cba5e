"""The default benchmark is locked for aarch64-linux, too: its sources and derivations, planned on any machine."""

from pathlib import Path

import pytest

from envmgr.model.derivation import FixedOutput
from envmgr.model.host import CpuFacts, CudaFacts, HostFacts, PythonFacts
from envmgr.model.lockfile import Lockfile
from envmgr.model.node import Node
from envmgr.model.source import PypiSource
from envmgr.planning.catalog import Catalog
from envmgr.planning.locked_plan import hold, unproven
from envmgr.planning.plan import Planner
from envmgr.planning.requirements import HostLacksError, require
from envmgr.planning.systems import NotForSystemError

TOP = Path(__file__).parents[2]
X86, ARM = "x86_64-linux", "aarch64-linux"
ABIS = ("cp311", "cp312", "cp313", "cp314")
ARM_HOST = HostFacts(
    system=ARM, distribution="Debian 12", kernel="6.1", libc="glibc 2.36",
    cpu=CpuFacts(model="Neoverse-V2", cores=72, features=("asimd", "bf16", "i8mm", "sve2")), memory_bytes=480 << 30,
    python=PythonFacts(abi="cp311", version="3.11.2"), cuda=CudaFacts(driver="580.95", devices=1),
)  # fmt: skip
"""A machine that we don't have."""


def planner(facts: HostFacts) -> Planner:
    return Planner(Catalog(TOP / "recipes"), facts)


def plan(abi: str, system: str = ARM) -> Node:
    return planner(HostFacts.of_system(system, abi)).plan("benchmark")


@pytest.fixture(scope="module")
def lockfile() -> Lockfile:
    return Lockfile.parse((TOP / "recipes.lock").read_text())


def test_a_plan_made_elsewhere_is_the_one_that_the_machine_itself_makes() -> None:
    assert plan("cp311").digest == plan("cp311").digest == planner(ARM_HOST).plan("benchmark").digest
    assert plan("cp311").digest != plan("cp311", X86).digest


@pytest.mark.parametrize("abi", ABIS)
def test_both_systems_build_the_same_recipes(abi: str) -> None:
    ours, theirs = ({item.recipe: item for item in plan(abi, system).walk() if item.recipe} for system in (X86, ARM))
    assert ours.keys() == theirs.keys()
    assert {item.derivation.system for item in theirs.values()} == {ARM}
    assert all(item.axes == theirs[name].axes for name, item in ours.items())
    assert {item.digest for item in ours.values()}.isdisjoint(item.digest for item in theirs.values())


@pytest.mark.parametrize("abi", ABIS)
def test_every_source_is_pinned_by_a_sha256_and_none_is_of_x86(abi: str) -> None:
    sources = [item for item in plan(abi).walk() if item.is_source]
    outputs = [item.derivation.output for item in sources]
    assert len(outputs) > 15
    assert all(isinstance(output, FixedOutput) and output.known.keys() & {"sha256", "manifest"} for output in outputs)
    files = [item.source.file for item in sources if isinstance(item.source, PypiSource)]
    assert any("aarch64" in file for file in files)
    assert not any("x86_64" in file for file in files)


@pytest.mark.parametrize("abi", ABIS)
def test_the_machine_would_hold_its_plan_against_the_lockfile_and_be_told_what_is_unproven(
    abi: str, lockfile: Lockfile
) -> None:
    facts = ARM_HOST.model_copy(update={"python": PythonFacts(abi=abi, version="any")})
    node = planner(facts).plan("benchmark")
    expected = hold(node, lockfile)
    sources = {item.digest for item in node.walk() if isinstance(item.source, PypiSource)}
    assert sources
    assert sources <= expected.keys()
    built = {item.recipe for item in node.walk() if item.recipe and not item.run}
    proved = {item.recipe for item in node.walk() if item.recipe and item.digest in expected}
    assert set(unproven([node], lockfile)) == built - proved


def test_the_lockfile_pins_both_systems(lockfile: Lockfile) -> None:
    roots = {(root.system, root.set.get("python", "")) for root in lockfile.root if root.recipe == "benchmark"}
    assert {(system, abi) for system in (X86, ARM) for abi in ("", "cp312", "cp313", "cp314")} <= roots


def test_a_run_for_another_system_is_refused() -> None:
    here = HostFacts.of_system(X86, "cp311")
    with pytest.raises(HostLacksError) as refused:
        require(plan("cp311"), here)
    assert [(lack.fact, lack.wanted, lack.found) for lack in refused.value.lacks] == [("system", ARM, X86)]
    assert refused.value.exit_code == 12
    require(plan("cp311", X86), here)


@pytest.mark.parametrize(
    ("name", "axes", "why"),
    [
        ("benchmark", {"device": "cuda"}, "nvidia"),
        ("benchmark", {"implementation": "python"}, "python-inference"),
        ("onnxruntime", {"onnxruntime": "1.20.1"}, "requires x86_64-linux"),
        ("onnxruntime-gpu", {}, "onnxruntime_gpu"),
        ("python-training", {}, "manylinux2014_x86_64"),
    ],
)
def test_what_is_for_x86_only_says_so(name: str, axes: dict[str, str], why: str) -> None:
    with pytest.raises(NotForSystemError, match=why):
        planner(HostFacts.of_system(ARM, "cp311")).plan(name, axes)
