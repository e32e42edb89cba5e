"""Derivation texts and store paths of example recipes: whatever changes one of these makes every such object anew.

`ENVMGR_ACCEPT=1 pytest tests/golden` writes what comes out now as what is expected, and skips the tests; the diff is
reviewed like code. A failing test leaves what came out beside what was expected, as `.actual`.
"""

import json
import os
from pathlib import Path

import pytest

from envmgr.builders.builder import Limits
from envmgr.builders.sandbox import executor
from envmgr.model.host import CpuFacts, HostFacts, PythonFacts
from envmgr.model.node import Node
from envmgr.planning.catalog import Catalog
from envmgr.planning.plan import Planner
from envmgr.realize import Options, Realizer
from envmgr.store.store import Store

HERE = Path(__file__).parent
HOST = HostFacts(
    system="x86_64-linux", distribution="any", kernel="6.1", libc="glibc 2.36", cpu=CpuFacts(model="any", cores=2),
    memory_bytes=8 << 30, python=PythonFacts(abi="cp311", version="3.11.2"),
)  # fmt: skip
VARIANTS = [("words", ""), ("greeting", "polite"), ("greeting", "short"), ("program", "")]


def plan(name: str, manner: str) -> Node:
    return Planner(Catalog(HERE / "recipes"), HOST).plan(name, {"manner": manner} if manner else {})


@pytest.mark.parametrize(("name", "manner"), VARIANTS)
def test_derivation_texts_are_as_expected(name: str, manner: str) -> None:
    node = plan(name, manner)
    shown = [f"{item.digest}\n{_readable(item.derivation.text)}" for item in node.walk()]
    compare("\n\n".join(shown), "-".join(filter(None, (name, manner, "derivations"))))


@pytest.mark.parametrize(("name", "manner"), [variant for variant in VARIANTS if variant[0] != "program"])
def test_store_paths_are_as_expected(name: str, manner: str, tmp_path: Path) -> None:
    node = plan(name, manner)
    with Store.open(tmp_path / "store") as store:
        options = Options(jobs=1, limits=Limits(seconds=60))
        realizer = Realizer(store, executor("preferred"), options=options, system=HOST.system)
        done = realizer.realize([node], {})
        shown = [f"{done[item.digest].store_path}\n{done[item.digest].manifest}" for item in node.walk()]
    compare("\n\n".join(shown), "-".join(filter(None, (name, manner, "outputs"))))


def compare(text: str, name: str) -> None:
    expected, actual = HERE / f"{name}.expected", HERE / f"{name}.actual"
    if os.environ.get("ENVMGR_ACCEPT"):
        expected.write_text(text + "\n")
        pytest.skip(f"accepted: {expected.name}")
    if not expected.is_file() or expected.read_text() != text + "\n":
        actual.write_text(text + "\n")
        pytest.fail(f"{actual.name} is not {expected.name}: compare them; ENVMGR_ACCEPT=1 accepts what came out")
    actual.unlink(missing_ok=True)


def _readable(text: bytes) -> str:
    return json.dumps(json.loads(text), ensure_ascii=False, indent=1)
