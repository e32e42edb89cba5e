"""From nothing to a score: a fresh copy of this checkout, an empty store, empty caches, and the README's command.

It downloads everything, so it is measured only when it is named.
"""

import os
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.checkout import LOCK, RAN, TOP, Checkout, call
from benchmarks.paired import seconds
from benchmarks.row import Row
from envmgr.model.run_record import RunRecord

CACHES = ("XDG_CACHE_HOME", "UV_CACHE_DIR", "PIP_CACHE_DIR")


def measure(checkout: Checkout) -> list[Row]:
    """Seconds of `python3 bootstrap.py run benchmark --lock recipes.lock`; the peer is the run's own steps."""
    with TemporaryDirectory(prefix="envmgr-first-contact-") as name:
        top = Path(name, "checkout")
        copy_checkout(top)
        environ = {key: value for key, value in os.environ.items() if key not in ("ENVMGR_STORE", "VIRTUAL_ENV")}
        environ |= {cache: str(Path(name, cache)) for cache in CACHES}
        argv = [os.path.realpath(sys.executable), "bootstrap.py", "run", "benchmark", *LOCK]
        ours = seconds(lambda: call(argv, environ, cwd=top, expect=RAN))
        (record,) = (RunRecord.parse(file.read_text()) for file in top.glob("store/runs/*/record.json"))
    return [Row("first-contact", ours, "s", 300.0, "<=", ours, sum(step.seconds for step in record.steps))]


def copy_checkout(top: Path) -> None:
    """Copy what a clone of this checkout has."""
    shutil.copytree(TOP, top, ignore=_not_copied)


def _not_copied(folder: str, names: list[str]) -> set[str]:
    """What a clone would not have: the repository, environments, caches, and what is in the store."""
    if Path(folder) == TOP:
        return {name for name in names if name.startswith(".") or name in ("build", "dist")}
    if Path(folder) == TOP / "store":
        return set(names) - {"README.md"}
    return set(names) & {"__pycache__"}
