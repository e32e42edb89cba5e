"""This checkout as its user has it: the command `envmgr` beside this interpreter, and a store."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from envmgr.store.remove import remove_tree

TOP = Path(__file__).parents[1]
LOCK = ("--lock", "recipes.lock")
RAN = (0, 8, 9)
"""Exit codes of a run that left a record: valid, LoadGen says INVALID, accuracy below target."""


class FailedError(Exception):
    """A command that is measured failed, so there is nothing to measure."""

    def __init__(self, argv: list[str], done: subprocess.CompletedProcess[str]) -> None:
        self.argv, self.done = argv, done
        super().__init__(f"exit {done.returncode}: {' '.join(argv)}\n{done.stdout}{done.stderr}")


def call(
    argv: list[str], environ: Mapping[str, str], *, cwd: Path = TOP, expect: Collection[int] = (0,)
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end.

    Raises:
        FailedError: it ended with an exit code that is not expected.
    """
    done = subprocess.run(argv, env=environ, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode not in expect:
        raise FailedError(argv, done)
    return done


@dataclass(frozen=True)
class Checkout:
    """Calls of this checkout's envmgr."""

    store: Path | None = None
    """The store; None: the checkout's own."""
    folder: Path = TOP
    """Where the calls are made: in this checkout, or in another one."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Further variables of every call."""

    @property
    def environ(self) -> dict[str, str]:
        """The environment of every call."""
        store = {"ENVMGR_STORE": str(self.store.resolve())} if self.store else {}
        return {**os.environ, **store, **self.environment}

    @contextmanager
    def scratch(self, name: str) -> Iterator[Path]:
        """A folder on the disk of the store, gone at the end: what is measured there shall not be a disk in memory."""
        place = self.store.resolve().parent if self.store else TOP / "build"
        place.mkdir(exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f"benchmark-{name}-", dir=place))
        try:
            yield folder
        finally:
            remove_tree(folder)

    @staticmethod
    def argv(*arguments: str) -> list[str]:
        """How envmgr is called."""
        return [str(Path(sys.executable).with_name("envmgr")), *arguments]

    def envmgr(self, *arguments: str, expect: Collection[int] = (0,)) -> str:
        """What a call prints on stdout.

        Raises:
            FailedError: it ended with an exit code that is not expected.
        """
        return call(self.argv(*arguments), self.environ, cwd=self.folder, expect=expect).stdout

    def realize(self, *names: str) -> list[Path]:
        """Where recipes' outputs lie, locked; what is missing is built."""
        return [Path(line) for line in self.envmgr("realize", *names, *LOCK).splitlines()]
