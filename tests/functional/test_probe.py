"""`envmgr probe`: the facts of this host."""

import os
import platform
import sys

from tests.functional.conftest import Checkout


def test_the_facts_are_those_of_this_host(checkout: Checkout) -> None:
    facts = checkout("probe", "--json").data
    assert facts["system"] == f"{platform.machine()}-linux"
    assert facts["kernel"] == platform.release()
    assert facts["cpu"]["cores"] == len(os.sched_getaffinity(0))
    assert facts["python"]["abi"] == f"cp3{sys.version_info.minor}"


def test_people_see_a_fact_a_line(checkout: Checkout) -> None:
    lines = checkout("probe").stdout.splitlines()
    assert lines == sorted(lines)
    assert f"python.version   {platform.python_version()}" in lines


def test_recipes_and_a_store_are_not_needed(checkout: Checkout) -> None:
    (checkout.top / "recipes").rmdir()
    checkout("probe")
    assert not checkout.store.exists()
