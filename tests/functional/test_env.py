"""`envmgr env`: the variables of an environment, for a shell to read."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.functional.artifact import artifact
from tests.functional.conftest import Checkout

READERS = {"sh": ["sh", "-euc", 'eval "$1"; $2', "sh"], "fish": ["fish", "-c", "echo $argv[1] | source; $argv[2]"]}
"""How a shell reads a text, and then starts a command."""


def read(shell: str, text: str, command: str, **environ: str) -> str:
    """What a command says in a shell that has read a text; skip where the shell is not here."""
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell} here")
    argv = [*READERS[shell], text, command]
    return subprocess.run(argv, env=environ, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("shell", READERS)
def test_a_shell_that_reads_the_text_finds_the_commands_first(checkout: Checkout, tmp_path: Path, shell: str) -> None:
    artifact(checkout, "tool", {"bin/tool": "echo tool"})
    odd = checkout.with_store(tmp_path / "it's a $(store)")
    text = odd("env", "tool", "--format", shell).stdout
    assert read(shell, text, "tool", PATH=os.environ["PATH"]) == "tool\n"


@pytest.mark.parametrize("shell", READERS)
def test_a_variable_that_was_not_set_gets_no_empty_part(checkout: Checkout, shell: str) -> None:
    artifact(checkout, "tool", {"lib/libtool.so": "not really"})
    path = checkout("realize", "tool").path
    text = checkout("env", "tool", "--format", shell).stdout
    shown = read(shell, text, "env", PATH=os.environ["PATH"])
    assert f"LD_LIBRARY_PATH={path}/lib" in shown.splitlines()
    shown = read(shell, text, "env", PATH=os.environ["PATH"], LD_LIBRARY_PATH="/a:/b")
    assert f"LD_LIBRARY_PATH={path}/lib:/a:/b" in shown.splitlines()


def test_a_pure_one_forgets_what_stood_in_its_variables(checkout: Checkout) -> None:
    artifact(checkout, "tool", {"bin/tool": 'echo "$PATH $OTHER"'})
    path = checkout("realize", "tool").path
    text = checkout("env", "tool", "--pure").stdout
    first, _, rest = read("sh", text, "tool", PATH=os.environ["PATH"], OTHER="stays").partition(":")
    assert first == f"{path}/bin"
    assert (os.environ["PATH"] in rest, rest.endswith(" stays\n")) == (False, True)


def test_json_has_the_values_as_a_command_would_get_them(checkout: Checkout) -> None:
    artifact(checkout, "tool", {"bin/tool": 'echo "$PATH"; echo "$ENVMGR_ENVIRONMENT"'})
    values = json.loads(checkout("env", "tool", "--format", "json").stdout)
    seen = checkout("exec", "tool", "--", "tool").stdout.splitlines()
    assert [values["PATH"], values["ENVMGR_ENVIRONMENT"]] == seen


def test_several_recipes_are_one_environment_the_first_found_first(checkout: Checkout) -> None:
    for name in ("one", "two"):
        artifact(checkout, name, {"bin/tool": f"echo {name}", f"bin/only-{name}": ""})
    data = checkout("env", "two", "one", "--json").data
    assert [path.partition("-")[2] for path in data["objects"]] == ["two-1", "one-1"]
    text = checkout("env", "two", "one").stdout
    assert read("sh", text, "tool", PATH=os.environ["PATH"]) == "two\n"


def test_what_the_lockfile_does_not_pin_is_refused(checkout: Checkout) -> None:
    artifact(checkout, "tool", {"bin/tool": "echo tool"})
    checkout("lock", "tool")
    assert checkout("env", "tool", "--lock", "recipes.lock").stdout
    checkout.write("files/tool/bin/tool", "#!/bin/sh\necho another\n")
    assert checkout.fails(4, "env", "tool", "--lock", "recipes.lock")["class"] == "OutOfDateError"


def test_what_was_printed_is_kept_for_whoever_asked(checkout: Checkout) -> None:
    artifact(checkout, "tool", {"bin/tool": "echo tool"})
    checkout("env", "tool")
    checkout("gc")
    assert [name.partition("-")[2] for name in checkout.objects()] == ["tool-1"]
    checkout("gc", "--now")
    assert checkout.objects() == set()
