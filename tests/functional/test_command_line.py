"""The command line as a whole."""

import subprocess

import click
import pytest

from envmgr.cli.command_line import COMMANDS, envmgr
from tests.functional.conftest import Checkout
from tests.records import keep, record

TREE = "[build]\nbuilder = 'tree'\n"


@pytest.fixture
def checkout(checkout: Checkout) -> Checkout:
    """Nothing is forked: how the program starts is part of what is tested here."""
    return checkout.afresh()


def test_without_a_command_the_help_is_printed(checkout: Checkout) -> None:
    result = checkout()
    assert result.stdout == checkout("--help").stdout
    assert all(f"\n  {name}" in result.stdout for name in COMMANDS)
    assert result.stderr == ""


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str) -> None:
    """In this process: it is click's doing, and the same for all."""
    command = envmgr.get_command(click.Context(envmgr), name)
    assert command is not None
    assert command.help
    for parameter in command.params:
        assert not isinstance(parameter, click.Option) or parameter.help, parameter.name


def test_help_is_asked_for_in_both_ways(checkout: Checkout) -> None:
    asked = checkout("gc", "--help").stdout
    assert "--dry-run" in asked
    assert asked == checkout("gc", "-h").stdout


def test_a_misspelt_command_gets_the_nearest_one(checkout: Checkout) -> None:
    error = checkout.fails(2, "realise")
    assert error == {
        "class": "UsageError",
        "message": "there is no command 'realise'",
        "where": "",
        "fix": "did you mean 'realize'?",
        "exit": 2,
    }


def test_a_misspelt_option_is_a_usage_error_with_the_command_to_ask(checkout: Checkout) -> None:
    result = checkout("root", "list", "--jsno", expect=2)
    assert result.stdout == ""
    assert "see `envmgr root list --help`" in result.stderr


def test_errors_say_what_where_and_what_to_do_next(checkout: Checkout) -> None:
    file = checkout.recipe("words", "bild = 1\n")
    result = checkout("show", "words", expect=3)
    assert result.stdout == ""
    what, where, shown, fix = result.stderr.splitlines()
    assert what == "error: unknown key 'bild' in the file"
    assert where == f"  where: {file}:4:1"
    assert shown.strip() == "4 | bild = 1"
    assert fix == "  fix:   did you mean 'build'?"


def test_errors_as_json_carry_the_name_of_their_command(checkout: Checkout) -> None:
    answer = checkout("root", "remove", "nothing", "--json", expect=2).json()
    assert (answer["schema"], answer["ok"], answer["data"]) == ("envmgr.root-remove/1", False, {})


def test_off_a_terminal_there_are_no_escape_codes(checkout: Checkout) -> None:
    checkout.recipe("words", TREE)
    for call in (("realize", "words"), ("show", "nothing")):
        result = checkout(*call, expect=None, NO_COLOR="1", TERM="xterm-256color")
        assert "\x1b" not in result.stdout + result.stderr


def test_a_reader_that_goes_away_is_no_error(checkout: Checkout) -> None:
    checkout.recipe("words", TREE)
    checkout("realize", "words")
    for call in (("schema", "lockfile"), ("realize", "words")):
        with checkout.start(*call) as process:
            assert process.stdout
            assert process.stderr
            process.stdout.close()
            assert process.stderr.read() == "", call


def test_the_shell_completes_commands_recipes_and_runs(checkout: Checkout) -> None:
    checkout.recipe("words", TREE)
    keep(checkout.store / "runs", record("20260101-000000-aaaaaa"))
    script = checkout(_ENVMGR_COMPLETE="bash_source").stdout
    assert subprocess.run(["bash", "-n"], input=script, text=True, check=True, capture_output=True).stderr == ""
    assert complete(checkout, "envmgr ro") == ["plain,root"]
    assert complete(checkout, "envmgr realize wo") == ["plain,words"]
    assert complete(checkout, "envmgr runs show 2026") == ["plain,20260101-000000-aaaaaa"]


def test_the_version_is_printed_alone(checkout: Checkout) -> None:
    assert checkout("--version").stdout.count("\n") == 1


def complete(checkout: Checkout, words: str) -> list[str]:
    position = str(words.count(" "))
    return checkout(_ENVMGR_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=position).stdout.splitlines()
