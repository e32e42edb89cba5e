"""A generated project: recipes in a folder of their own, each realised into a store that was never used."""

import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.checkout import Checkout, call


@dataclass(frozen=True)
class Project:
    """A folder with `recipes/`."""

    folder: Path

    def recipe(self, name: str, build: str, *, inputs: Iterable[str] = (), head: str = "") -> None:
        """Write a recipe: the keys of its table `build`, its inputs, and TOML that comes before."""
        named = "".join(f'{item} = "{item}"\n' for item in inputs)
        file = self.folder / "recipes" / f"{name}.toml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(
            f'name = "{name}"\nversion = "1"\nsummary = "Generated"\n\n{head}\n[inputs]\n{named}\n[build]\n{build}\n'
        )

    def script(self, name: str, script: str, *, inputs: Iterable[str] = ()) -> None:
        """Write a recipe that is a shell script in the sandbox."""
        self.recipe(name, f"builder = 'script'\nsettings.argv = ['/bin/sh', '-c', '{script}']", inputs=inputs)

    def realize(self, store: Path, *arguments: str, environ: Mapping[str, str]) -> str:
        """Run `envmgr realize` with a store; what it said on stderr.

        Raises:
            FailedError: it failed.
        """
        return self._call(store, "realize", *arguments, environ=environ).stderr

    def envmgr(self, store: Path, *arguments: str, environ: Mapping[str, str]) -> str:
        """Run a command with a store; what it said on stdout.

        Raises:
            FailedError: it failed.
        """
        return self._call(store, *arguments, environ=environ).stdout

    def _call(self, store: Path, *arguments: str, environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        argv = Checkout.argv(*arguments)
        return call(argv, {**environ, "ENVMGR_STORE": str(store)}, cwd=self.folder)
