"""What recipes require of a host is held against its facts, wherever in a plan they stand."""

from pathlib import Path

import pytest

from envmgr.model.host import CudaFacts
from envmgr.planning.catalog import UnknownNameError
from envmgr.planning.requirements import HostLacksError, needs_driver, require
from tests.unit.planning.test_plan import HOST, TREE, planner

RUNTIME = f'requires = {{ "cuda.driver" = ">=580.65.06", "cuda.devices" = ">=1" }}\n{TREE}'
LIBRARY = f'{TREE}[inputs]\nruntime = "runtime"\n'
TOOL = """
[inputs]
plain = "plain"
[run]
steps = [{ name = "go", argv = ["go"] }]
[variants.device]
default = "cpu"
cpu = {}
cuda.inputs.library = "library"
[variants.speed]
default = "any"
any = {}
fast.requires = { "cpu.features" = "avx512f", "system" = ["x86_64-linux", "aarch64-linux"] }
"""


@pytest.mark.parametrize(
    ("driver", "devices", "lacking"),
    [
        ("", 0, ["cuda.driver", "cuda.devices"]),
        ("535.104.05", 1, ["cuda.driver"]),
        ("580.65", 1, ["cuda.driver"]),
        ("580.65.06", 0, ["cuda.devices"]),
        ("580.65.06", 8, []),
        ("615.1", 1, []),
    ],
)
def test_the_driver_of_a_host_is_held_against_what_an_input_of_an_input_needs(
    tmp_path: Path, driver: str, devices: int, lacking: list[str]
) -> None:
    plans = planner(tmp_path, runtime=RUNTIME, library=LIBRARY, plain=TREE, tool=TOOL)
    node = plans.plan("tool", {"device": "cuda"})
    facts = HOST.model_copy(update={"cuda": CudaFacts(driver=driver, devices=devices)})
    assert needs_driver(node)
    if not lacking:
        require(node, facts)
        return
    with pytest.raises(HostLacksError) as refused:
        require(node, facts)
    assert [lack.fact for lack in refused.value.lacks] == lacking
    assert {lack.recipe for lack in refused.value.lacks} == {"runtime-1"}
    assert (driver or "none") in refused.value.message or "cuda.driver" not in lacking


def test_what_is_not_chosen_requires_nothing(tmp_path: Path) -> None:
    plans = planner(tmp_path, runtime=RUNTIME, library=LIBRARY, plain=TREE, tool=TOOL)
    node = plans.plan("tool")
    assert not needs_driver(node)
    require(node, HOST)


def test_a_value_of_an_axis_can_require_more_and_changes_no_derivation(tmp_path: Path) -> None:
    plans = planner(tmp_path, runtime=RUNTIME, library=LIBRARY, plain=TREE, tool=TOOL)
    fast = plans.plan("tool", {"speed": "fast"})
    assert fast.digest == plans.plan("tool").digest
    with pytest.raises(HostLacksError) as refused:
        require(fast, HOST)
    assert [lack.fact for lack in refused.value.lacks] == ["cpu.features"]


def test_a_fact_that_does_not_exist_is_told_when_it_is_planned(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError) as refused:
        planner(tmp_path, runtime=f'requires = {{ "cuda.drivers" = "1" }}\n{TREE}').plan("runtime")
    assert "'cuda.driver'" in refused.value.fix
