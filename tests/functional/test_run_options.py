"""The options of `envmgr run`: short ways to settings, variables of the steps, other recipes for inputs."""

from pathlib import Path

import pytest

from tests.functional.conftest import Checkout

TOY = """
[inputs]
model = "model"

[run]
settings = { batch = 1, count = 0, threads = 0 }

[[run.steps]]
name = "measure"
argv = ["/bin/sh", "-c", '''
read -r weights < "{model}/weights"
echo "{threads} {batch} {count} $weights ${GREETING-unset} ${OWN}" > "{step}/seen"
''']
environment = { OWN = "own" }

[variants.scenario]
default = "Offline"
Offline = {}
Server = {}
"""
VERSIONED = """
[build]
builder = "tree"

[variants.release]
default = "new"
new = { version = "2", settings = { texts = { weights = "second\\n" } } }
old = { version = "1.5", settings = { texts = { weights = "first\\n" } } }
"""


@pytest.fixture
def toy(checkout: Checkout) -> Checkout:
    """A benchmark `toy` that writes down what it sees; `model` is its input, `versioned` could be."""
    checkout.recipe("model", "[build]\nbuilder = 'tree'\nsettings.texts = { weights = \"usual\\n\" }\n")
    checkout.recipe("versioned", VERSIONED)
    checkout.recipe("toy", TOY)
    return checkout


def seen(checkout: Checkout, *arguments: str) -> str:
    """What the step of `toy` saw."""
    record = Path(checkout("run", "toy", *arguments, "--json").data["record"])
    return (record.parent / "measure" / "seen").read_text().strip()


def test_threads_batch_and_count_are_short_for_set(toy: Checkout) -> None:
    assert seen(toy, "--threads", "2", "--batch", "4", "--count", "9") == "2 4 9 usual unset own"
    assert seen(toy, "--set", "threads=2", "--set", "batch=4", "--count", "9") == "2 4 9 usual unset own"


def test_a_short_run_says_that_it_is_not_submittable(toy: Checkout) -> None:
    lengths = TOY.replace("threads = 0", "threads = 0, min_duration_ms = 10000")
    toy.recipe("toy", lengths + '[variants.round]\ndefault = "v5.1"\n"v5.1" = {}\n')
    ran = toy("run", "toy", "--short", "--set", "min_duration_ms=2000", "--json").data
    assert ran["run"]["settings"] == {"batch": 1, "count": 20, "min_duration_ms": 2000, "threads": 0}
    assert "it looks at 20 samples only" in ran["not_submittable"]
    assert toy("run", "toy", "--short").stdout.startswith("not submittable: ")
    assert all(line.endswith("not submittable") for line in toy("runs", "list").stdout.splitlines()[1:])


def test_a_setting_that_is_given_twice_with_two_values_is_refused(toy: Checkout) -> None:
    error = toy.fails(2, "run", "toy", "--threads", "2", "--set", "threads=3")
    assert ("--threads 2" in error["message"], "threads=3" in error["message"]) == (True, True)


@pytest.mark.parametrize("option", [("--threads", "-1"), ("--batch", "0"), ("--threads", "many")])
def test_numbers_that_make_no_sense_are_usage_errors(toy: Checkout, option: tuple[str, str]) -> None:
    assert toy.fails(2, "run", "toy", *option)["class"] == "UsageError"


def test_a_short_option_that_the_benchmark_has_no_setting_for_is_refused(toy: Checkout) -> None:
    toy.recipe("toy", TOY.replace(", threads = 0", "").replace("{threads} ", ""))
    error = toy.fails(3, "run", "toy", "--threads", "2")
    assert error["message"] == "there is no axis or setting 'threads'"
    assert error["fix"] == "known: batch, count, scenario"


def test_misspelt_axes_settings_and_values_get_the_nearest_one(toy: Checkout) -> None:
    assert toy.fails(3, "run", "toy", "--set", "thraeds=2")["fix"] == "did you mean 'threads'?"
    assert toy.fails(3, "run", "toy", "--set", "scenari=Server")["fix"] == "did you mean 'scenario'?"
    assert toy.fails(3, "run", "toy", "--scenario", "Severe")["fix"] == "did you mean 'Server'?"


def test_variables_reach_the_steps_and_the_record(toy: Checkout) -> None:
    assert seen(toy, "--env", "GREETING=a=b c").endswith("usual a=b c own")
    assert seen(toy, "--env", "GREETING=").endswith("usual  own")
    run = toy("run", "toy", "--env", "GREETING=hello", "--env", "FIRST=1", "--json").data["run"]
    assert run["environment"] == {"FIRST": "1", "GREETING": "hello"}
    assert toy("run", "toy", "--json").data["run"]["environment"] == {}


def test_a_variable_that_a_step_sets_itself_is_refused_before_anything_runs(toy: Checkout) -> None:
    error = toy.fails(2, "run", "toy", "--env", "OWN=mine")
    assert (error["class"], "OWN" in error["message"]) == ("TakenVariableError", True)
    assert list((toy.store / "runs").glob("*")) == []


@pytest.mark.parametrize("text", ["GREETING", "=hello", "1ST=hello", "A-B=hello", "GRÜSSE=hello"])
def test_what_is_no_variable_is_refused(toy: Checkout, text: str) -> None:
    assert toy.fails(2, "run", "toy", "--env", text)["class"] == "UsageError"


def test_another_recipe_stands_in_for_an_input_and_the_derivation_says_so(toy: Checkout) -> None:
    usual = toy("run", "toy", "--json").data["run"]
    other = toy("run", "toy", "--with", "model=versioned", "--json").data["run"]
    assert other["derivation"] != usual["derivation"]
    assert (usual["replaced"], other["replaced"]) == ({}, {"model": "versioned"})
    assert other["inputs"]["model"]["store_path"].endswith("-versioned-2")
    assert seen(toy, "--with", "model=versioned") == "0 1 0 second unset own"
    assert seen(toy, "--with", "model=versioned@1.5") == "0 1 0 first unset own"


def test_a_lockfile_refuses_an_input_that_it_does_not_pin(toy: Checkout) -> None:
    toy.recipe("other", "[build]\nbuilder = 'tree'\nsettings.texts = { weights = \"other\\n\" }\n")
    toy("lock", "toy")
    assert toy.fails(4, "run", "toy", "--lock", "recipes.lock", "--with", "model=other")["class"] == "NotLockedError"
    toy("lock", "other")
    error = toy.fails(4, "run", "toy", "--lock", "recipes.lock", "--with", "model=other")
    assert (error["class"], "inputs.model" in error["message"]) == ("OutOfDateError", True)


def test_unknown_inputs_recipes_and_versions_get_the_nearest_one(toy: Checkout) -> None:
    for text, message, fix in (
        ("modle=versioned", "there is no input 'modle'", "did you mean 'model'?"),
        ("model=versiond", "there is no recipe 'versiond'", "did you mean 'versioned'?"),
        ("model=versioned@3", "there is no version of versioned '3'", "known: 1.5, 2"),
        ("model=model@2", "there is no version of model '2'", "known: 1"),
    ):
        error = toy.fails(3, "run", "toy", "--with", text)
        assert (error["class"], error["message"], error["fix"]) == ("UnknownNameError", message, fix)


@pytest.mark.parametrize("text", ["model", "model=", "=versioned", "model=versioned@", "model=@1"])
def test_a_replacement_has_an_input_and_a_recipe(toy: Checkout, text: str) -> None:
    assert toy.fails(2, "run", "toy", "--with", text)["class"] == "UsageError"


def test_a_recipe_that_fixes_axes_of_a_benchmark_is_one(toy: Checkout) -> None:
    toy.recipe("served", "use = { recipe = 'toy', set = { scenario = 'Server' } }")
    run = toy("run", "served", "--threads", "3", "--json").data["run"]
    assert (run["axes"], run["settings"]["threads"]) == ({"scenario": "Server"}, 3)
    assert toy.fails(2, "run", "served", "--scenario", "Offline")["class"] == "UsageError"
