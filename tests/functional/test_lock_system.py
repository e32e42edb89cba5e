"""`envmgr lock --system`: another machine's builds are planned and pinned here, and built there."""

import io
import json
import zipfile
from hashlib import sha256
from pathlib import Path

import pytest
import tomli

from envmgr.model.derivation import SYSTEMS
from envmgr.planning.probe import probe
from tests.functional.conftest import Checkout
from tests.loopback import Origin, Reply

HERE, ABI = probe().system, probe().python.abi
THERE = next(system for system in SYSTEMS if system != HERE)
LOCK = ("--lock", "recipes.lock")
TREE = '[build]\nbuilder = "tree"\n'
SYSTEM = f"""
[variants.system.{HERE}.settings.texts]
made = "here"
[variants.system.{THERE}.settings.texts]
made = "there"
"""


@pytest.fixture
def tool(checkout: Checkout) -> Checkout:
    """`tool` is made from `library`, which is another one on each system."""
    checkout.recipe("library", TREE + SYSTEM)
    checkout.script(
        "tool",
        'read -r made < "{library}/made" || true; echo "$made" > "{out}/made"',
        head="inputs.library = 'library'",
    )
    return checkout


def entries(checkout: Checkout, system: str) -> list[dict[str, object]]:
    lockfile = tomli.loads((checkout.top / "recipes.lock").read_text())
    return [entry for entry in lockfile["entry"] if entry["system"] == system]


def test_another_system_is_pinned_to_the_derivations_and_nothing_is_built(tool: Checkout) -> None:
    tool("lock", "tool")
    ours = entries(tool, HERE)
    locked = tool("lock", "tool", "--system", THERE, "--json")
    assert (locked.data["entries"], locked.data["unproven"], locked.built) == (4, 2, [])
    assert entries(tool, HERE) == ours
    assert all("store_path" in entry for entry in ours)
    theirs = entries(tool, THERE)
    assert [entry["recipe"] for entry in theirs] == ["library", "tool"]
    assert not any("store_path" in entry for entry in theirs)
    assert {str(entry["derivation"]) for entry in theirs}.isdisjoint(str(entry["derivation"]) for entry in ours)
    assert not any("system" in entry.get("axes", {}) for entry in ours + theirs)  # type: ignore[operator]
    assert theirs[0]["settings"] == {"texts": {"made": "there"}}


def test_every_system_is_checked_and_locked_again(tool: Checkout) -> None:
    tool("lock", "tool")
    tool("lock", "tool", "--system", THERE)
    assert tool("lock", "--check", "--json").data["up_to_date"] is True
    tool.recipe("library", TREE + SYSTEM.replace('"there"', '"there, but otherwise"'))
    error = tool.fails(4, "lock", "--check")
    assert (error["class"], "library" in error["message"]) == ("OutOfDateError", True)
    assert tool("lock", "--check", "--system", HERE, "--json").data["up_to_date"] is True
    ours = entries(tool, HERE)
    assert tool("lock", "--json").data["entries"] == 4
    assert entries(tool, HERE) == ours
    assert tool("lock", "--check", "--json").data["up_to_date"] is True


def test_what_another_system_must_build_is_refused_here_before_anything_is_done(tool: Checkout) -> None:
    tool("lock", "tool", "--system", THERE)
    error = tool.fails(12, "realize", "tool", "--system", THERE, *LOCK)
    assert error["class"] == "OtherSystemError"
    assert f"can only be built on {THERE}, and this is {HERE}" in error["message"]
    assert tool.objects() == set()
    survey = tool("realize", "tool", "--system", THERE, "--dry-run", "--json").data
    assert survey["build"] == ["library-1", "tool-1"]
    assert (tool("realize", "tool", "--system", HERE).path / "made").read_text() == "here\n"
    assert tool.fails(4, "realize", "tool", *LOCK)["class"] == "NotLockedError"


def test_an_output_that_nobody_has_proved_is_taken_and_said_to_be_so_until_it_is_locked(tool: Checkout) -> None:
    tool("lock", "tool", "--no-realize")
    for _ in ("built now", "there already"):
        answer = tool("realize", "tool", *LOCK, "--json").json()
        assert ["library, tool: what comes out is unproven" in text for text in answer["warnings"]] == [True]
    assert "unproven" in tool("realize", "tool", *LOCK).stderr
    assert (
        tool("exec", "tool", *LOCK, "--", "true").warned[0].startswith("the lockfile pins no output of library, tool")
    )
    tool("lock")
    assert tool("realize", "tool", *LOCK, "--json").json()["warnings"] == []


def test_a_recipe_that_is_not_for_a_system_says_so(checkout: Checkout) -> None:
    wheel = f"quick-1.0-py3-none-manylinux_2_28_{HERE.partition('-')[0]}.whl"
    pin = f"version = '1.0', file = '{wheel}', sha256 = '{'0' * 64}', size = 1"
    checkout.recipe("wheel", f"sources.it = {{ kind = 'pypi', project = 'quick', {pin} }}\n{TREE}")
    checkout.recipe("closed", f"{TREE}[variants.system]\n{HERE} = {{}}\n")
    checkout.recipe("picky", f"requires.system = '{HERE}'\n{TREE}")
    for name, why in {"wheel": wheel, "closed": HERE, "picky": f"it requires {HERE}"}.items():
        error = checkout.fails(12, "lock", name, "--system", THERE)
        assert (error["class"], why in error["message"]) == ("NotForSystemError", True)
        assert checkout("show", name).exit == 0


def test_the_system_is_no_axis_to_be_set(tool: Checkout) -> None:
    assert tool.fails(3, "realize", "library", "--set", f"system={THERE}")["class"] == "UnknownNameError"
    (shown,) = tool("show", "library", "--json").data["variants"]
    assert (shown["axis"], shown["chosen"], shown["why"]) == ("system", HERE, "this host")


def test_wheels_are_resolved_for_each_system_into_files_of_their_own(checkout: Checkout, origin: Origin) -> None:
    asked = "kind = 'wheels', requirements = ['quick==1.0']"
    checkout.recipe(
        "environment",
        f"[sources]\nwheels = {{ {asked}, path = 'here.toml' }}\n"
        "[build]\nbuilder = 'python_env'\n"
        f"[variants.python.{ABI}]\nwhen = {{ 'python.abi' = '{ABI}' }}\nsettings.python = '{ABI}'\n"
        f"[variants.system]\n{HERE} = {{}}\n"
        f"{THERE}.sources.wheels = {{ {asked}, path = 'there.toml' }}\n",
    )
    here, there = (checkout.top / "recipes" / name for name in ("here.toml", "there.toml"))
    index = _index(origin, *(f"quick-1.0-py3-none-manylinux_2_28_{system.partition('-')[0]}.whl" for system in SYSTEMS))
    update = ("lock", "environment", "--update", "--no-realize")
    checkout(*update, "--system", THERE, PIP_INDEX_URL=index)
    assert (here.exists(), _machine(there)) == (False, THERE.partition("-")[0])
    there.unlink()
    checkout(*update, PIP_INDEX_URL=index)
    assert (_machine(here), _machine(there)) == (HERE.partition("-")[0], THERE.partition("-")[0])


def _index(origin: Origin, *names: str) -> str:
    """The address of an index that has these wheels of `quick`, all of the same bytes."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as wheel:
        wheel.writestr("quick-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: quick\nVersion: 1.0\n")
        wheel.writestr("quick-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: false\n")
        wheel.writestr("quick-1.0.dist-info/RECORD", "")
    body = content.getvalue()
    hashes = {"sha256": sha256(body).hexdigest()}
    files = [
        {"filename": name, "url": origin.serve(f"/{name}", Reply(body)), "hashes": hashes, "size": len(body)}
        for name in names
    ]
    page = {"meta": {"api-version": "1.1"}, "name": "quick", "versions": ["1.0"], "files": files}
    kind = {"Content-Type": "application/vnd.pypi.simple.v1+json"}
    origin.serve("/simple/quick/", Reply(json.dumps(page).encode(), headers=kind))
    return f"{origin.url}/simple"


def _machine(pins: Path) -> str:
    name: str = tomli.loads(pins.read_text())[ABI]["quick"]["file"]
    return name.removesuffix(".whl").partition("_2_28_")[2]
