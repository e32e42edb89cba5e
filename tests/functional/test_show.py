"""`envmgr show`: a recipe, a store path, a run."""

import json
from hashlib import sha256
from pathlib import Path

from envmgr.store.record import read
from tests.functional.conftest import Checkout
from tests.records import imported, keep

RUN = "[[run.steps]]\nname = 'measure'\nargv = ['/bin/sh', '-c', 'echo done']\n"


def test_a_recipe_is_shown_with_the_text_that_is_hashed(checkout: Checkout) -> None:
    checkout.recipe("words", "[build]\nbuilder = 'tree'\nsettings.texts = { hello = 'hello' }\n")
    data = checkout("show", "words", "--json").data
    assert data["text"]["settings"] == {"texts": {"hello": "hello"}}
    assert data["realisations"] == []
    path = checkout("realize", "words").path
    (written,) = read(checkout.store / "records" / path.name).written
    assert f"sha256:{sha256(written.derivation.encode()).hexdigest()}" == data["derivation"]
    (realisation,) = checkout("show", "words", "--json").data["realisations"]
    assert realisation["store_path"] == path.name


AXES = """
[inputs]
library = "library"
[build]
builder = "tree"
[variants.size]
summary = "How much"
default = "small"
small = {}
large = { version = "2", inputs = { words = "words" }, settings = { texts = { size = "large" } } }
"""
HOSTED = """
[build]
builder = "tree"
[variants.family]
other = { when = { system = "none" } }
linux = { when = { system = ["x86_64-linux", "aarch64-linux"] }, settings = { texts = { here = "yes" } } }
[variants.size]
default = "large"
small = {}
large = {}
"""


def test_every_axis_is_shown_with_what_its_values_change_and_why_one_was_chosen(checkout: Checkout) -> None:
    checkout.recipe("words", "[build]\nbuilder = 'tree'\n")
    checkout.recipe("library", HOSTED)
    checkout.recipe("tool", AXES)
    own, family, theirs = checkout("show", "tool", "--json").data["variants"]
    assert (own["axis"], own["recipe"], own["chosen"], own["why"]) == ("size", "tool", "small", "default")
    large = own["values"]["large"]
    assert large["changes"] == ["version = 2", "inputs.words = words", "settings.texts = size"]
    assert (family["chosen"], family["why"]) == ("linux", "this host: system = x86_64-linux or aarch64-linux")
    assert (theirs["recipe"], theirs["chosen"], theirs["why"]) == ("library", "small", "a recipe above")
    assert checkout("show", "tool", "--set", "size=large", "--json").data["variants"][0]["why"] == "set"
    shown = checkout("show", "tool").stdout.splitlines()
    assert shown[:5] == [
        "tool: An example",
        "",
        "size = small (default; tool): How much",
        "  * small",
        "    large  version = 2; inputs.words = words; settings.texts = size",
    ]


def test_a_store_path_is_shown_with_what_it_refers_to(checkout: Checkout) -> None:
    checkout.script("library", 'echo text > "{out}/file"')
    checkout.script("tool", 'echo "{library.name}" > "{out}/uses"', head="inputs.library = 'library'")
    library = checkout("realize", "library").path
    tool = checkout("realize", "tool").path
    for name in (tool.name, str(tool)):
        data = checkout("show", name, "--json").data
        assert data["folder"] == str(tool)
        assert data["references"] == [library.name]
        assert data["closure"] == sorted([tool.name, library.name])
        assert data["size"] == len(library.name) + 1


def test_a_store_path_that_is_not_here_is_an_integrity_error(checkout: Checkout) -> None:
    checkout.recipe("words", "[build]\nbuilder = 'tree'\n")
    checkout("realize", "words")
    assert checkout.fails(7, "show", f"{'a' * 32}-words-1")["class"] == "NotValidError"


def test_a_run_is_shown_by_the_beginning_of_its_id(checkout: Checkout) -> None:
    checkout.recipe("bench", RUN)
    record = Path(checkout("run", "bench", "--json").data["record"])
    name = record.parent.name
    assert checkout("show", name, "--json").data == json.loads(record.read_text())
    shown = checkout("show", name[:-3]).stdout
    assert shown == checkout("runs", "show", name[:-3]).stdout
    assert shown.startswith(f"run {name}: bench 1\n")
    assert shown.endswith(f"files: {record.parent}\n")
    keep(record.parent.parent, imported("20260101-000000-aaaaaa", metrics={"result_valid": False}))
    shown = checkout("runs", "show", "20260101").stdout
    assert [words for words in ("imported from results", "result_valid  False") if words not in shown] == []
    assert checkout.fails(2, "runs", "show", "2025")["class"] == "NoSuchRunError"


def test_an_unknown_name_gets_the_nearest_one(checkout: Checkout) -> None:
    checkout.recipe("words", "[build]\nbuilder = 'tree'\n")
    error = checkout.fails(3, "show", "wrods")
    assert (error["class"], error["fix"]) == ("UnknownNameError", "did you mean 'words'?")
