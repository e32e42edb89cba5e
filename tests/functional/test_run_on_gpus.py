"""`envmgr run` of what needs a GPU: refused without a driver; lent a driver, which here is a fake one."""

import sys
from pathlib import Path

import pytest

from envmgr.builders.nvidia_driver import nvidia_driver
from envmgr.builders.sandbox import executor
from envmgr.model.host import CudaFacts
from envmgr.planning.catalog import Catalog
from envmgr.planning.cuda.driver import driver
from envmgr.planning.plan import Planner
from envmgr.planning.probe import probe
from envmgr.planning.requirements import require
from envmgr.run import Question, run
from envmgr.store.store import Store
from tests import fake_cuda
from tests.functional.conftest import Checkout
from tests.functional.test_run import step

NEWER = "9999.1"
"""A driver that no host has."""
OPENS = "import ctypes, os; print(ctypes.CDLL('libcuda.so.1').cuInit(0), *os.listdir('/dev'))"
PYTHON = f"[variants.python]\ndefault = 'cp3{sys.version_info.minor}'\ncp3{sys.version_info.minor} = {{}}\n"


def test_without_the_driver_it_ends_with_12_before_anything_is_built(checkout: Checkout) -> None:
    checkout.script("runtime", 'echo code > "{out}/code"', head=f"requires = {{ 'cuda.driver' = '>={NEWER}' }}")
    checkout.recipe("toy", f"[inputs]\nruntime = 'runtime'\n{step('measure', 'echo done')}")
    error = checkout.fails(12, "run", "toy")
    assert (error["class"], "envmgr realize toy" in error["fix"]) == ("HostLacksError", True)
    assert f"an NVIDIA driver (cuda.driver) >={NEWER} for runtime-1, found " in error["message"]
    assert not checkout.store.exists()
    assert checkout("realize", "runtime").path.name.endswith("-runtime-1")


def test_a_recipe_that_uses_another_requires_nothing_itself(checkout: Checkout) -> None:
    checkout.script("runtime", 'echo code > "{out}/code"')
    checkout.recipe("same", "requires = { 'cuda.devices' = 1 }\n[use]\nrecipe = 'runtime'\n")
    assert checkout.fails(3, "realize", "same")["class"] == "RecipeError"


@pytest.mark.usefixtures("sandboxed")
def test_with_the_driver_the_steps_find_it_and_the_record_names_it(
    checkout: Checkout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = fake_cuda.shared_library(tmp_path / "driver" / fake_cuda.DRIVER, fake_cuda.DRIVER_SOURCE)
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev" / "nvidia0").touch()
    checkout.recipe(
        "toy",
        "requires = { 'cuda.driver' = '>=580.65.06' }\n"
        f'[[run.steps]]\nname = "open"\nargv = ["{{python}}", "-c", "{OPENS}"]\n{PYTHON}',
    )
    monkeypatch.chdir(checkout.top)
    facts = probe().model_copy(update={"cuda": CudaFacts(driver="580.65.06", devices=1)})
    node = Planner(Catalog(checkout.top / "recipes"), facts).plan("toy")
    require(node, facts)
    lent = nvidia_driver(driver({"LD_LIBRARY_PATH": str(library.parent)}), tmp_path / "dev")
    with Store.open(checkout.store) as store:
        record = run(Question(node, {}, {}, None, facts, driver=lent), store, executor("required"))
        said = (store.layout.runs / record.id / "open" / "output.txt").read_text().split()
    assert said[0] == "0"
    assert "nvidia0" in said
    assert record.bare_host.items() >= lent.record.items()
    assert record.host.cuda.driver == "580.65.06"
