"""`envmgr why-depends`: which references, and in which files they were found."""

import pytest

from tests.functional.conftest import Checkout, empty_checkout


@pytest.fixture(scope="module")
def tower(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """`top` refers to `left` and `right`, both of these to `base`; `left` was built with `tool`, and keeps nothing."""
    checkout = empty_checkout(tmp_path_factory.mktemp("tower"))
    checkout.script("base", 'echo base > "{out}/file"')
    checkout.script("tool", 'echo tool > "{out}/file"')
    checkout.script(
        "left",
        'echo "{base.name}" > "{out}/uses"',
        'echo "{base.name}/more" > "{out}/uses-again"',
        head="inputs = { base = 'base', tool = 'tool' }",
    )
    checkout.recipe("right", linking_to(checkout("realize", "base").path.name, "inputs.base = 'base'"))
    checkout.script(
        "top", 'echo "{left.name} {right.name}" > "{out}/both"', head="inputs = { left = 'left', right = 'right' }"
    )
    checkout("realize", "top", "tool")
    return checkout


def linking_to(path: str, head: str) -> str:
    """A recipe's body: its object is one link to the file of another object."""
    return f"{head}\n[build]\nbuilder = 'tree'\nsettings.symlinks = {{ link = '../{path}/file' }}\n"


def test_every_way_is_shown_with_the_files_that_hold_the_references(tower: Checkout) -> None:
    data = tower("why-depends", "top", "base", "--json").data
    assert data["depends"]
    found = {
        (edge["referrer"][33:], edge["reference"][33:]): [(item["path"], item["target"]) for item in edge["mentions"]]
        for edge in data["edges"]
    }
    (base,) = data["references"]
    assert found == {
        ("top-1", "left-1"): [("both", "")],
        ("top-1", "right-1"): [("both", "")],
        ("left-1", "base-1"): [("uses", ""), ("uses-again", "")],
        ("right-1", "base-1"): [("link", f"../{base}/file")],
    }


def test_what_leads_elsewhere_is_left_out(tower: Checkout) -> None:
    data = tower("why-depends", "top", "left", "--json").data
    assert [(edge["referrer"][33:], edge["reference"][33:]) for edge in data["edges"]] == [("top-1", "left-1")]


def test_store_paths_serve_as_well_as_names(tower: Checkout) -> None:
    left, base = (tower("realize", name).path for name in ("left", "base"))
    assert tower("why-depends", str(left), base.name).stdout.splitlines() == [
        left.name,
        f"  refers to {base.name}",
        "    uses",
        "    uses-again",
    ]


def test_no_dependence_is_an_answer_and_a_build_time_input_is_named(tower: Checkout) -> None:
    result = tower("why-depends", "top", "tool", "--json")
    assert (result.data["depends"], result.data["edges"]) == (False, [])
    assert [(use["label"], use["role"]) for use in result.data["built_with"]] == [("top-1", "left"), ("left-1", "tool")]
    assert "does not depend on tool" in tower("why-depends", "top", "tool").stdout


def test_what_was_no_input_either_is_said(tower: Checkout) -> None:
    data = tower("why-depends", "base", "tool", "--json").data
    assert (data["depends"], data["built_with"]) == (False, [])


def test_a_run_depends_by_its_inputs(tower: Checkout) -> None:
    tower.recipe("bench", "inputs.top = 'top'\n[[run.steps]]\nname = 'go'\nargv = ['/bin/sh', '-c', 'echo done']\n")
    data = tower("why-depends", "bench", "right", "--json").data
    assert [(edge["referrer"][33:], edge["reference"][33:]) for edge in data["edges"]] == [("top-1", "right-1")]


def test_a_source_is_found_by_its_name(checkout: Checkout) -> None:
    checkout.write("notes/file", "some words\n")
    head = "sources.notes = { kind = 'local', path = '../notes' }"
    checkout.recipe("page", f"{head}\n[build]\nbuilder = 'tree'\nsettings.files = {{ copy = 'notes' }}\n")
    checkout("realize", "page")
    (notes,) = (name for name in checkout.objects() if name.endswith("-notes-0"))
    checkout.recipe("page", linking_to(notes, head))
    checkout("realize", "page")
    (edge,) = checkout("why-depends", "page", "notes", "--json").data["edges"]
    assert edge["reference"] == notes


def test_what_is_not_realised_is_said_with_what_to_do(tower: Checkout) -> None:
    tower.script("other", 'echo other > "{out}/file"')
    error = tower.fails(3, "why-depends", "top", "other")
    assert (error["class"], error["fix"]) == ("NotRealisedError", "envmgr realize other")
    assert tower.fails(3, "why-depends", "tpo", "base")["fix"] == "did you mean 'top'?"


def test_a_link_names_an_input_by_its_role_and_leads_to_it(checkout: Checkout) -> None:
    checkout.recipe("under", "[build]\nbuilder = 'tree'\nsettings.texts = { file = 'below' }\n")
    body = "[inputs]\nbase = 'under'\n[build]\nbuilder = 'tree'\nsettings.symlinks = { link = '../{ROLE.name}/file' }\n"
    checkout.recipe("over", body.replace("ROLE", "base"))
    assert (checkout("realize", "over").path / "link").read_text() == "below"
    assert "link -> ../" in checkout("why-depends", "over", "under").stdout
    checkout.recipe("over", body.replace("ROLE", "bass"))
    assert checkout.fails(3, "realize", "over")["fix"] == "did you mean {base.name}?"
