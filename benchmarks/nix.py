"""Nix as the peer: a store of its own in a folder, with its sandbox, and nothing of the machine's Nix."""

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.checkout import call
from envmgr.builders.bare_host import bare_host

PROGRAM = "nix-store"


class NoPeerError(Exception):
    """The peer of a benchmark is not installed."""


@dataclass(frozen=True)
class Nix:
    """Nix with all its state below one folder."""

    folder: Path
    jobs: int = 2
    sandbox: bool = True

    def __post_init__(self) -> None:
        if shutil.which(PROGRAM) is None:
            raise NoPeerError(f"{PROGRAM} is not installed (Debian: nix-bin)")
        (self.folder / "etc").mkdir(parents=True)
        (self.folder / "etc/nix.conf").write_text(self._configuration)

    @property
    def environ(self) -> dict[str, str]:
        """The environment of every call."""
        folders = {"STORE_DIR": "store", "STATE_DIR": "var", "LOG_DIR": "log", "CONF_DIR": "etc"}
        return {**os.environ, **{f"NIX_{name}": str(self.folder / place) for name, place in folders.items()}}

    @property
    def _configuration(self) -> str:
        """Its sandbox shows a build what ours does: the shell and what that needs, of the host."""
        shown = " ".join(f"{place}={path}" for place, path in bare_host().readable.items())
        return (
            f"build-users-group =\nsubstituters =\nsandbox = {str(self.sandbox).lower()}\nsandbox-fallback = false\n"
            f"sandbox-paths = {shown}\n"
            f"max-jobs = {self.jobs}\ncores = 1\n"
        )

    def call(self, *argv: str | Path) -> str:
        """What a Nix command prints on stdout.

        Raises:
            FailedError: it failed.
        """
        return call([str(word) for word in argv], self.environ, cwd=self.folder).stdout

    def instantiate(self, expression: str) -> str:
        """The derivation that an expression gives."""
        return self.call("nix-instantiate", "--expr", expression).strip()


def derivation(name: str, script: str, inputs: Sequence[str] = ()) -> str:
    """The expression of a build that is one shell script; `inputs` are expressions, too."""
    listed = " ".join(inputs)
    return (
        f'derivation {{ name = "{name}"; system = builtins.currentSystem; builder = "/bin/sh"; '
        f'args = [ "-c" "{script}" ]; inputs = [ {listed} ]; passAsFile = [ "inputs" ]; }}'
    )
