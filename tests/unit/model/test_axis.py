"""How the value of an axis is chosen, and when a condition holds."""

import pytest

from envmgr.model.axis import choose, holds, version_key
from envmgr.model.host import CpuFacts, CudaFacts, HostFacts, PythonFacts

HOST = HostFacts(
    system="x86_64-linux", distribution="d", kernel="6.1", libc="glibc 2.36",
    cpu=CpuFacts(model="m", cores=2, features=("avx2", "fma")), memory_bytes=8 << 30,
    python=PythonFacts(abi="cp311", version="3.11.7"), cuda=CudaFacts(driver="535.104.05", devices=1),
)  # fmt: skip


@pytest.mark.parametrize(
    ("condition", "held"),
    [
        ({"python.abi": "cp311"}, True),
        ({"python.abi": "cp312"}, False),
        ({"python.abi": ("cp311", "cp312")}, True),
        ({"cpu.features": "avx2"}, True),
        ({"cpu.features": "avx512f"}, False),
        ({"cuda.driver": ">=535"}, True),
        ({"cuda.driver": ">= 535.104.06"}, False),
        ({"cpu.cores": 2, "python.abi": "cp311"}, True),
        ({"cpu.cores": 4, "python.abi": "cp311"}, False),
    ],
)
def test_a_condition_holds_when_every_fact_is_as_it_says(condition: dict[str, str | int], held: bool) -> None:  # noqa: FBT001
    assert holds(condition, HOST.fact) is held


def test_an_empty_version_is_older_than_any() -> None:
    nothing = HOST.model_copy(update={"cuda": CudaFacts()})
    assert not holds({"cuda.driver": ">=0"}, nothing.fact)


def test_the_first_value_whose_condition_holds_is_chosen_before_the_default() -> None:
    whens = {"cpu": None, "cuda": {"cuda.driver": ">=535"}, "late": {"cuda.driver": ">=500"}}
    assert choose(whens, "cpu", HOST.fact) == "cuda"


def test_the_default_is_chosen_where_no_condition_holds_and_nothing_where_there_is_none() -> None:
    assert choose({"cpu": None, "cuda": {"cuda.driver": ">=999"}}, "cpu", HOST.fact) == "cpu"
    assert choose({"cpu": None, "cuda": {"cuda.driver": ">=999"}}, None, HOST.fact) is None


def test_an_unknown_fact_is_an_error_and_every_named_fact_is_known() -> None:
    with pytest.raises(KeyError):
        HOST.fact("cpu.colour")
    assert [HOST.fact(name) is not None for name in HostFacts.names()] == [True] * len(HostFacts.names())


def test_versions_compare_by_their_numbers() -> None:
    assert version_key("535.104.05") == (535, 104, 5)
    assert version_key("9.10") > version_key("9.9")
