"""The files of one commit, by the host's git, without its history and without anything that the user or git configured.

Only git's own programs run: no hook, no filter, no submodule, no credential helper.
"""

import os
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

from envmgr.model.errors import FetchError, HostError

PASSED_ON = (
    "PATH",
    "http_proxy",
    "https_proxy",
    "HTTPS_PROXY",
    "no_proxy",
    "NO_PROXY",
    "SSL_CERT_FILE",
    "GIT_SSL_CAINFO",
)
TAIL_LINES = 5


class NoGitError(HostError):
    """A source is a git commit, and the host has no git."""

    def __init__(self, url: str) -> None:
        super().__init__(f"git is needed to fetch {url}, and is not on PATH", fix="install git")
        self.url = url


class GitError(FetchError):
    """Git could not fetch or check out the commit; `tail` is what it said last."""

    def __init__(self, url: str, commit: str, tail: str) -> None:
        super().__init__(
            f"git could not fetch commit {commit} of {url}: {tail}",
            fix="check that the server still has the commit and gives single commits",
        )
        self.url = url
        self.commit = commit
        self.tail = tail


def check_out(url: str, commit: str, folder: Path, *, work: Path, log: Path, seconds: float) -> None:
    """Fill an empty folder with the files of a commit.

    Args:
        url: https, http or file.
        commit: 40 hex digits.
        folder: where the files go; submodules are empty folders there.
        work: an empty folder for git's own data.
        log: what git says is appended to it.
        seconds: the most that one step may take.

    Raises:
        NoGitError: the host has no git.
        GitError: the commit cannot be had.
    """
    git = shutil.which("git")
    if git is None:
        raise NoGitError(url)
    steps = (
        ["init", "--quiet", "--template="],
        ["fetch", "--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules", "--", url, commit],
        ["checkout", "--quiet", "--force", "--detach", commit],
    )
    for step in steps:
        command = [git, *_options(url), *step]
        try:
            done = subprocess.run(
                command,
                env=_environment(folder, work),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise GitError(url, commit, f"git {step[0]} took longer than {seconds} s") from error
        with log.open("ab") as file:
            file.write(done.stdout)
        if done.returncode:
            raise GitError(url, commit, "\n".join(done.stdout.decode(errors="replace").splitlines()[-TAIL_LINES:]))


def _options(url: str) -> list[str]:
    """Settings that stand for all that a configuration file could say; only the transport of the address is allowed."""
    settings = {
        "protocol.allow": "never",
        f"protocol.{urlsplit(url).scheme}.allow": "always",
        "core.hooksPath": os.devnull,
        "core.autocrlf": "false",
        "core.symlinks": "true",
        "core.fileMode": "true",
        "advice.detachedHead": "false",
        "gc.auto": "0",
    }
    return [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]


def _environment(folder: Path, work: Path) -> dict[str, str]:
    return {
        **{name: os.environ[name] for name in PASSED_ON if name in os.environ},
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_DIR": str(work / "git"),
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_WORK_TREE": str(folder),
        "HOME": str(work),
        "LC_ALL": "C",
    }
