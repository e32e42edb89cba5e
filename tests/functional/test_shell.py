"""`envmgr shell`: this process becomes the user's shell in the environment of some recipes."""

import os
import shutil
import subprocess

import pytest

from tests.functional.artifact import artifact
from tests.functional.conftest import Checkout


def typed(checkout: Checkout, lines: str, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """What `envmgr shell` says and how it ends when these lines are typed."""
    return subprocess.run(
        checkout.command("shell", *arguments),
        cwd=checkout.top,
        env={**checkout.environ, "ENVMGR_STORE": str(checkout.store), **environ},
        input=lines,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def two_tools(checkout: Checkout) -> Checkout:
    """A checkout with the recipes `one` and `two`."""
    artifact(checkout, "one", {"bin/one": "echo one"})
    artifact(checkout, "two", {"bin/two": "echo two"})
    return checkout


def test_it_is_the_users_shell_with_the_commands_of_all_recipes(two_tools: Checkout) -> None:
    shell = two_tools.write("shell", "#!/bin/sh\necho mine\nexec /bin/sh\n")
    shell.chmod(0o755)
    done = typed(two_tools, "one\ntwo\nexit 9\n", "one", "two", SHELL=str(shell))
    assert (done.stdout, done.returncode) == ("mine\none\ntwo\n", 9)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "nothing-that-we-know"])
def test_a_pure_shell_does_not_read_what_would_put_the_old_path_back(two_tools: Checkout, shell: str) -> None:
    found = shutil.which(shell)
    if found is None and shell in {"bash", "zsh", "fish"}:
        pytest.skip(f"there is no {shell} here")
    home = two_tools.top / "home"
    for name in (".bashrc", ".profile", ".zshrc", ".config/fish/config.fish"):
        two_tools.write(f"home/{name}", f"PATH={os.environ['PATH']}; export PATH\n")
    done = typed(
        two_tools, "one\nenv\n", "one", "--pure", SHELL=found or "/x/other", HOME=str(home), ENV=f"{home}/.profile"
    )
    assert (done.stdout, done.returncode) == ("one\n", 127)
