"""`envmgr recipe new|check|fmt`: recipes of one's own."""

import tomli

from tests.functional.conftest import Checkout

UNTIDY = """\
#:schema ../recipe.schema.json

version="1"
# the name of all names
name   = "untidy"
summary = "An untidy one"
[variants.size] # of what is laid out
default = "small"
small.settings.texts = { size = '''
small = "not a key"
''' }


large = {}
[inputs]
zebra = "zebra"   # striped
ant = "ant"
[sources.words]
kind = "local"
path = "words"
# how it is built

# really
[build]
builder = "tree"
settings.texts = {
  a = "[not a table]",   # a comment with [brackets
}
# the end
"""
TIDY = """\
#:schema ../recipe.schema.json
# the name of all names
name = "untidy"
version = "1"
summary = "An untidy one"

[sources.words]
kind = "local"
path = "words"

[inputs]
ant = "ant"
zebra = "zebra"   # striped

# how it is built

# really
[build]
builder = "tree"
settings.texts = {
  a = "[not a table]",   # a comment with [brackets
}

[variants.size] # of what is laid out
default = "small"
small.settings.texts = { size = '''
small = "not a key"
''' }

large = {}

# the end
"""


def test_a_new_recipe_is_valid_and_in_form_and_can_be_realised(checkout: Checkout) -> None:
    file = checkout.top / "recipes" / "mine.toml"
    assert checkout("recipe", "new", "mine").stdout == f"{file}\n"
    assert checkout("recipe", "check").stdout == "1 checked, no fault\n"
    assert checkout("recipe", "fmt", "--check", "--json").data == {"changed": [], "unchanged": 1}
    assert (checkout("realize", "mine").path / "hello.txt").read_text() == "hello\n"


def test_a_recipe_that_is_there_is_not_overwritten_and_a_name_is_one(checkout: Checkout) -> None:
    checkout("recipe", "new", "mine")
    assert checkout.fails(2, "recipe", "new", "mine")["class"] == "AlreadyThereError"
    for name in ("Mine", "my model", "../mine", ".mine"):
        assert checkout.fails(2, "recipe", "new", name)["class"] == "UsageError"


def test_fmt_puts_keys_in_order_and_keeps_every_comment(checkout: Checkout) -> None:
    file = checkout.write("recipes/untidy.toml", UNTIDY)
    assert checkout.fails(3, "recipe", "fmt", "--check")["class"] == "NotInFormError"
    assert file.read_text() == UNTIDY
    assert checkout("recipe", "fmt").stdout == f"{file}\n"
    assert file.read_text() == TIDY
    assert tomli.loads(TIDY) == tomli.loads(UNTIDY)
    assert checkout("recipe", "fmt", str(file)).stdout == ""


def test_fmt_leaves_alone_what_is_no_recipe(checkout: Checkout) -> None:
    file = checkout.write("recipes/broken.toml", 'name = "broken"\n[build\n')
    assert checkout.fails(3, "recipe", "fmt")["where"].startswith(f"{file}:2:")
    elsewhere = checkout.write("broken.toml", "")
    assert checkout.fails(2, "recipe", "fmt", str(elsewhere))["where"] == str(elsewhere)


def test_check_names_all_faults_with_their_places(checkout: Checkout) -> None:
    first = checkout.recipe("first", "bild = 1\n[build]\nbuilder = 'scribt'\n")
    second = checkout.recipe("second", "[inputs]\nlibrary = 'libary'\n[build]\nbuilder = 'tree'\n")
    checkout.recipe("library", "[build]\nbuilder = 'tree'\n[variants.size]\ndefault = 's'\ns = {}\nl.inputs.a = 'b'\n")
    third = checkout.recipe("third", "[build]\nbuilder = 'tree'\nsettings.text = { a = 'b' }\n")
    result = checkout("recipe", "check", "--json", expect=3)
    assert result.error["class"] == "FaultsError"
    faults = {(fault["message"], fault["where"].partition("\n")[0]): fault["fix"] for fault in result.data["faults"]}
    assert faults["unknown key 'bild' in the file", f"{first}:4:1"] == "did you mean 'build'?"
    assert any("build.builder" in message and where == f"{first}:6:1" for message, where in faults)
    assert faults["there is no recipe 'libary'", str(second)] == "did you mean 'library'?"
    assert any("'b'" in message for message, _ in faults)
    assert any("text" in message and where == str(third) for message, where in faults)
    assert len(faults) == 5


def test_check_plans_for_every_system_that_a_recipe_is_for(checkout: Checkout) -> None:
    begin = "[build]\nbuilder = 'tree'\n[variants.system]\nx86_64-linux = {}\n"
    for line, faults in {
        "aarch64-linux = {}": [],
        "aarch64-linux.inputs.library = 'libary'": ["there is no recipe 'libary'"],
        "default = 'x86_64-linux'": ["no `default`, no `when`"],
        "aarch64-linux.when = { 'cpu.cores' = 1 }": ["no `default`, no `when`"],
    }.items():
        checkout.recipe("tool", f"{begin}{line}\n")
        found = checkout("recipe", "check", "--json", expect=3 if faults else 0).data["faults"]
        assert len(found) == len(faults)
        assert all(said in fault["message"] for said, fault in zip(faults, found, strict=True))


def test_check_finds_a_recipe_whose_own_defaults_it_refuses(checkout: Checkout) -> None:
    checkout.recipe(
        "never",
        "[build]\nbuilder = 'tree'\n[variants.mode]\ndefault = 'a'\na = {}\nb = {}\n"
        "[[refusals]]\nwhen = { mode = 'a' }\nwhy = 'it comes to nothing'\n",
    )
    (fault,) = checkout("recipe", "check", "--json", expect=3).data["faults"]
    assert fault["message"] == "never can't have mode = a: it comes to nothing"


def test_check_looks_at_the_files_that_are_named(checkout: Checkout) -> None:
    file = checkout.recipe("good", "[build]\nbuilder = 'tree'\n")
    checkout.recipe("bad", "bild = 1\n")
    assert checkout("recipe", "check", str(file)).stdout == "1 checked, no fault\n"
    assert checkout("recipe", "check", expect=3).stdout.startswith(str(checkout.top / "recipes" / "bad.toml"))
