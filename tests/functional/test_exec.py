"""`envmgr exec`: this process becomes a command in the environment of a recipe, or of an object that is there."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.functional.artifact import artifact
from tests.functional.conftest import Checkout

LIBRARY = f"python3.{sys.version_info.minor}"
SITE = f"lib/{LIBRARY}/site-packages"
WAITS = "echo $$; read line; echo $line"
"""Says its process id, and ends when it is told a line."""


def start(checkout: Checkout, *arguments: str) -> subprocess.Popen[str]:
    """Start envmgr with a pipe to talk to the command that it becomes."""
    return subprocess.Popen(
        checkout.command(*arguments),
        cwd=checkout.top,
        env={**checkout.environ, "ENVMGR_STORE": str(checkout.store)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_the_command_is_found_and_gets_its_arguments_and_its_exit_code_is_ours(checkout: Checkout) -> None:
    artifact(checkout, "tool", {"bin/tool": 'echo "tool: $*"; exit 37'})
    result = checkout("exec", "tool", "--", "tool", "--json", "-j", "a b", expect=37)
    assert result.stdout == "tool: --json -j a b\n"


def test_the_command_is_the_very_process_that_was_started(checkout: Checkout) -> None:
    artifact(checkout, "tool", {"bin/tool": WAITS})
    with start(checkout, "exec", "tool", "--", "tool") as process:
        assert process.stdout is not None
        assert int(process.stdout.readline()) == process.pid
        process.send_signal(signal.SIGTERM)
        assert process.wait() == -signal.SIGTERM


def test_signals_that_python_ignores_reach_the_command_as_they_should(checkout: Checkout) -> None:
    artifact(
        checkout, "tool", {"bin/tool": 'while read name value; do case $name in SigIgn:) echo "$value"; esac; done'}
    )
    script = 'tool < "/proc/$$/status"'
    ignored = int(checkout("exec", "tool", "--", "sh", "-c", script).stdout, 16)
    assert not ignored & (1 << signal.SIGPIPE - 1 | 1 << signal.SIGXFSZ - 1)


def test_what_the_command_uses_is_kept_as_long_as_it_lives_and_no_longer(checkout: Checkout) -> None:
    artifact(checkout, "library", {"data": "what the tool refers to"})
    checkout.script("tool", 'echo "{library.name}" > "{out}/uses"', head="[inputs]\nlibrary = 'library'")
    checkout("realize", "tool")
    before = checkout.objects()
    with start(checkout, "exec", "tool", "--", "sh", "-c", WAITS) as process:
        assert process.stdout is not None
        process.stdout.readline()
        checkout("gc", "--now")
        assert {name.partition("-")[2] for name in checkout.objects()} == {"tool-1", "library-1"}
        process.communicate("done\n")
    checkout("gc", "--now")
    assert before
    assert checkout.objects() == set()


def test_a_process_that_the_command_leaves_behind_keeps_it_too(checkout: Checkout) -> None:
    artifact(checkout, "tool", {"bin/tool": "exec 3<&0; (read line <&3) >/dev/null & echo $!"})
    with start(checkout, "exec", "tool", "--", "tool") as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.wait()
        checkout("gc")
        assert len(checkout.objects()) == 1
        process.communicate("done\n")


def test_a_pure_environment_has_what_is_declared_the_basics_and_nothing_else(checkout: Checkout) -> None:
    artifact(checkout, "tool", {"bin/tool": "export -p"})
    said = checkout("exec", "--pure", "tool", "--", "tool", STRAY="x", TERM="dumb").stdout
    names = {line.split()[1].partition("=")[0] for line in said.splitlines()}
    basics = {"ENVMGR_ENVIRONMENT", "HOME", "LANG", "LOGNAME", "PATH", "TERM", "TMPDIR", "TZ", "USER"}
    assert names <= {*basics, "PWD", "OLDPWD"}  # the shell's own
    assert {"HOME", "TERM", "PATH"} <= names
    refused = checkout("exec", "--pure", "tool", "--", "env", expect=127)
    assert "env" in refused.stderr
    assert "STRAY=x\n" in checkout("exec", "tool", "--", "env", STRAY="x").stdout


def test_libraries_and_modules_are_found_with_the_interpreter_that_they_are_for(checkout: Checkout) -> None:
    files = {f"{SITE}/greeting.py": "def hello():\n    print('hello')\n", "lib/libgreeting.so.1": "not really"}
    artifact(checkout, "greeting", files)
    code = (
        "import greeting, os, sys; greeting.hello(); print(os.environ['LD_LIBRARY_PATH']); print(sys.version_info[1])"
    )
    shown = checkout("exec", "--pure", "greeting", "--", "python3", "-c", code).stdout.splitlines()
    folder = checkout("realize", "greeting").path
    assert shown == ["hello", f"{folder}/lib", str(sys.version_info.minor)]
    assert not list((folder / SITE).glob("__pycache__"))


def test_objects_for_two_interpreters_are_no_environment(checkout: Checkout) -> None:
    artifact(checkout, "old", {"lib/python3.8/site-packages/old.py": ""})
    artifact(checkout, "new", {f"{SITE}/new.py": ""})
    error = checkout.fails(3, "env", "old", "new")
    assert error["class"] == "SeveralPythonsError"


def test_a_benchmark_is_the_environment_of_what_it_runs_with(checkout: Checkout) -> None:
    artifact(checkout, "harness", {"bin/harness": "echo measuring"})
    checkout.recipe("bench", "[inputs]\nharness = 'harness'\n[[run.steps]]\nname = 'go'\nargv = ['/bin/sh']\n")
    assert checkout("exec", "bench", "--", "harness").stdout == "measuring\n"


def test_a_store_path_needs_no_recipe_and_a_moved_store_serves_as_well(checkout: Checkout, tmp_path: Path) -> None:
    artifact(checkout, "tool", {"bin/tool": "echo tool"})
    path = checkout("realize", "tool").path
    moved = checkout.with_store(checkout.store.rename(tmp_path / "else where'$x"))
    (checkout.top / "recipes" / "tool.toml").unlink()
    assert moved("exec", path.name, "--", "tool").stdout == "tool\n"
    assert moved("exec", str(path), "--", "tool").stdout == "tool\n"


def test_a_store_path_that_is_not_there_is_refused(checkout: Checkout) -> None:
    artifact(checkout, "tool", {"bin/tool": "echo tool"})
    path = checkout("realize", "tool").path
    other = path.name.replace(path.name[:4], "aaaa", 1)
    assert checkout.fails(7, "exec", other, "--", "tool")["class"] == "NotValidError"
    subprocess.run(["chmod", "-R", "u+w", path], check=True)
    subprocess.run(["rm", "-r", path], check=True)
    assert checkout.fails(7, "exec", path.name, "--", "tool")["class"] == "NotValidError"


@pytest.mark.parametrize("name", ["nothing-of-this-name", "bin/tool", "/"])
def test_a_command_that_cannot_be_started_is_said_with_127(checkout: Checkout, name: str) -> None:
    artifact(checkout, "tool", {"bin/tool": "echo tool"})
    result = checkout("exec", "tool", "--", name, expect=127)
    assert (result.stdout, name in result.stderr) == ("", True)


def test_a_store_in_a_path_with_a_colon_is_refused(checkout: Checkout, tmp_path: Path) -> None:
    artifact(checkout, "tool", {"bin/tool": "echo tool"})
    odd = checkout.with_store(tmp_path / "a:b")
    assert odd.fails(12, "exec", "tool", "--", "tool")["class"] == "ColonError"


def test_a_cache_folder_that_cannot_be_made_is_said(checkout: Checkout, tmp_path: Path) -> None:
    artifact(checkout, "tool", {"bin/tool": "echo tool"})
    (tmp_path / "file").touch()
    error = checkout.fails(12, "exec", "tool", "--", "tool", XDG_CACHE_HOME=str(tmp_path / "file"))
    assert error["class"] == "NoCacheError"


def test_a_standing_environment_is_left_as_it_was_but_for_what_comes_first(checkout: Checkout) -> None:
    artifact(checkout, "tool", {"bin/tool": 'echo "$PATH"'})
    path = checkout("exec", "tool", "--", "tool").stdout.strip()
    assert path.startswith(str(checkout.store))
    assert path.endswith(f":{os.environ['PATH']}")
