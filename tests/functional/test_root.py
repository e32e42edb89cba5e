"""`envmgr root`: what is kept, and why."""

import signal
from pathlib import Path

import pytest

from tests.functional.conftest import Checkout, until

TREE = "[build]\nbuilder = 'tree'\nsettings.texts = { hello = 'hello' }\n"


@pytest.fixture
def tool(checkout: Checkout) -> Checkout:
    """A checkout with `library`, `tool`, which refers to it, and `app`, which refers to that."""
    checkout.script("library", 'echo text > "{out}/file"')
    checkout.script("tool", 'echo "{library.name}" > "{out}/uses"', head="inputs.library = 'library'")
    checkout.script("app", 'echo "{tool.name}" > "{out}/uses"', head="inputs.tool = 'tool'")
    return checkout


def test_a_root_that_is_added_is_realised_and_listed_until_it_is_removed(checkout: Checkout) -> None:
    checkout.recipe("words", TREE)
    added = checkout("root", "add", "mine", "words", "--json").data
    assert (checkout.store / "objects" / added["paths"][0] / "hello").read_text() == "hello"
    (root,) = checkout("root", "list", "--json").data["roots"]
    assert root == {"kind": "profile", "name": "mine", "reason": "envmgr root add mine words", "paths": added["paths"]}
    assert checkout("root", "list").stdout == "profile mine: envmgr root add mine words\n"
    assert checkout("root", "remove", "mine").stdout == "removed mine\n"
    assert checkout("root", "list").stdout == ""


def test_adding_a_root_again_replaces_it(checkout: Checkout) -> None:
    checkout.recipe("words", TREE)
    before = checkout("root", "add", "words", "--json").data["paths"]
    checkout.recipe("words", TREE.replace("'hello'", "'other'"))
    after = checkout("root", "add", "words", "--json").data["paths"]
    (root,) = checkout("root", "list", "--json").data["roots"]
    assert before != after
    assert root["paths"] == after


def test_a_store_path_can_be_kept_as_it_is(checkout: Checkout) -> None:
    checkout.recipe("words", TREE)
    path = checkout("realize", "words").path
    checkout.recipe("words", TREE.replace("'hello'", "'other'"))
    assert checkout("root", "add", "old", str(path), "--json").data["paths"] == [path.name]
    checkout("gc", "--now")
    assert checkout.objects() == {path.name}
    absent = f"{'a' * 32}-words-1"
    assert checkout.fails(7, "root", "add", "none", absent)["class"] == "NotValidError"


def test_the_inputs_of_a_run_can_be_kept(tool: Checkout) -> None:
    step = "[[run.steps]]\nname = 'step'\nargv = ['/bin/sh', '-c', 'echo done']\n"
    tool.recipe("bench", f"inputs.tool = 'tool'\n{step}")
    (path,) = tool("root", "add", "bench", "--json").data["paths"]
    assert path.endswith("-tool-1")


def test_removing_an_unknown_root_names_the_known_ones(checkout: Checkout) -> None:
    checkout.recipe("words", TREE)
    checkout("root", "add", "words")
    assert "profiles: words" in checkout.fails(2, "root", "remove", "words", "wrods")["fix"]
    assert len(checkout("root", "list", "--json").data["roots"]) == 1


def test_a_name_that_is_no_file_name_is_refused(checkout: Checkout) -> None:
    checkout.recipe("words", TREE)
    assert checkout.fails(2, "root", "add", "../words", "words")["class"] == "UsageError"


def test_a_run_can_be_let_go_and_its_record_stays(tool: Checkout) -> None:
    step = "[[run.steps]]\nname = 'step'\nargv = ['/bin/sh', '-c', 'echo done']\n"
    tool.recipe("bench", f"inputs.tool = 'tool'\n{step}")
    run = Path(tool("run", "bench", "--json").data["record"]).parent.name
    tool("root", "remove", run)
    tool("gc", "--now")
    assert tool.objects() == set()
    assert tool("show", run, "--json").data["id"] == run


def test_why_names_every_root_and_the_shortest_way_to_the_object(tool: Checkout) -> None:
    app = tool("root", "add", "mine", "app", "--json").data["paths"][0]
    middle = tool("root", "add", "tool", "--json").data["paths"][0]
    library = tool("realize", "library").path.name
    (found,) = tool("root", "why", library, "--json").data["objects"]
    chains = {(kept["kind"], kept["name"]): kept["chain"] for kept in found["kept_by"]}
    assert found["store_path"] == library
    assert chains["profile", "mine"] == [app, middle, library]
    assert chains["profile", "tool"] == [middle, library]
    lines = tool("root", "why", "library").stdout.splitlines()
    assert lines[:4] == ["profile mine: envmgr root add mine app", *(f"    {path}" for path in (app, middle, library))]


def test_why_says_so_when_no_root_keeps_an_object(tool: Checkout) -> None:
    tool("root", "add", "library")
    tool("root", "add", "tool")
    tool("root", "remove", "tool")
    (found,) = tool("root", "why", "tool", "--json").data["objects"]
    assert found["kept_by"] == []
    assert tool("root", "why", "tool").stdout.startswith("no root keeps ")


def test_a_running_command_is_a_root_by_its_process(tool: Checkout, sandboxed: None) -> None:
    tool("root", "add", "library")
    tool.script("endless", "kill -STOP $$", head="inputs.library = 'library'")
    with tool.start("realize", "endless") as process:
        until(process, "build endless-1")
        (running,) = [root for root in tool("root", "list", "--json").data["roots"] if root["kind"] == "running"]
        assert running["reason"] == f"process {process.pid} relies on it"
        (found,) = tool("root", "why", "library", "--json").data["objects"]
        assert [kept["kind"] for kept in found["kept_by"]] == ["profile", "running"]
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)


def test_a_lockfile_is_let_go_by_its_path(tool: Checkout) -> None:
    tool("lock", "library")
    tool("realize", "library", "--lock", "recipes.lock")
    assert [root["kind"] for root in tool("root", "list", "--json").data["roots"]].count("lockfile") == 1
    tool("root", "remove", str(Path("recipes.lock")))
    assert "lockfile" not in [root["kind"] for root in tool("root", "list", "--json").data["roots"]]
