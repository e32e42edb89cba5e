"""What a shell reads from the text of an environment is that environment, whatever stands in it."""

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envmgr.environment.text import fish, sh
from envmgr.environment.variables import Environment

CHARACTERS = st.characters(blacklist_characters="\0:", blacklist_categories=["Cs"])
NAMES = st.text(CHARACTERS, min_size=1, max_size=12)
FOLDERS = st.lists(NAMES.map(lambda name: Path("/", name.replace("/", "-"))), min_size=1, max_size=3).map(tuple)
ENVIRONMENTS = st.builds(
    Environment,
    first=st.dictionaries(st.sampled_from(["PATH", "LD_LIBRARY_PATH"]), FOLDERS, min_size=1),
    fixed=st.dictionaries(
        st.sampled_from(["A", "B_2"]), st.text(st.characters(blacklist_characters="\0", blacklist_categories=["Cs"]))
    ),
)
BEFORE = {"PATH": "/usr/bin", "LD_LIBRARY_PATH": "/before", "A": "before"}


@given(environment=ENVIRONMENTS)
@settings(max_examples=60, deadline=None)
def test_sh_reads_what_was_written(environment: Environment) -> None:
    for pure in (True, False):
        text = sh(environment, pure=pure)
        assert _read(["sh", "-euc", 'eval "$1"; exec "$2" -0', "sh", text], environment) == _expected(
            environment, pure=pure
        )


@pytest.mark.skipif(shutil.which("fish") is None, reason="there is no fish here")
@given(environment=ENVIRONMENTS)
@settings(max_examples=20, deadline=None)
def test_fish_reads_what_was_written(environment: Environment) -> None:
    for pure in (True, False):
        text = fish(environment, pure=pure)
        command = ["fish", "--no-config", "-c", "echo -- $argv[1] | source; exec $argv[2] -0", text]
        assert _read(command, environment) == _expected(environment, pure=pure)


def _read(command: list[str], environment: Environment) -> dict[str, str]:
    env = shutil.which("env")
    assert env is not None
    said = subprocess.run(
        [shutil.which(command[0]) or "", *command[1:], env], env=BEFORE, capture_output=True, check=True
    )
    found = dict(item.split("=", 1) for item in said.stdout.decode().split("\0") if "=" in item)
    return {name: found[name] for name in (*environment.first, *environment.fixed)}


def _expected(environment: Environment, *, pure: bool) -> dict[str, str]:
    values = environment.over({} if pure else BEFORE)
    return {name: values[name] for name in (*environment.first, *environment.fixed)}
