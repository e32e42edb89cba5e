"""`python -m benchmarks.reproducibility [VARIATION...]`: a closure built from nothing, varied, and compared bit by bit.

Each variation has a store of its own, empty at first. Sources are taken from a folder of files, which are fetched once;
everything that is built is built anew. What comes out is held against what recipes.lock pins: the outputs that other
people's machines gave.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.checkout import TOP
from benchmarks.first_contact import copy_checkout
from benchmarks.user_mode_linux import ROOM
from benchmarks.variations import Variation, variations
from envmgr.manifest import Manifest, difference
from envmgr.model.lockfile import Lockfile
from envmgr.store.record import read
from envmgr.store.remove import remove_tree

SOURCES = ("*.whl", "*.tar.gz", "*.zip")
SHOWN = 10


@dataclass(frozen=True)
class Outcome:
    """What a variation came to."""

    variation: Variation
    outputs: Mapping[str, str]
    """Store paths by derivation digest."""
    isolation: str
    """How its builds were held."""
    records: Path
    """The folder of the records of the objects."""
    seconds: float
    load: float


class FailedError(Exception):
    """A varied build failed."""


def main() -> int:
    """Vary, compare, print a table: 0 where all that could be tried came out equal, 1 otherwise."""
    asked = _arguments()
    with TemporaryDirectory(prefix="envmgr-varied-", dir=asked.work) as name:
        work = Path(name).resolve()
        pinned = _pinned(asked.recipe)
        _fetch(asked.recipe, asked.store, work / "sources")
        known = variations(work, root=asked.root, python=asked.python)
        equal = [_vary(asked.recipe, item, work, pinned) for item in known if item.name in (asked.names or [item.name])]
    return 0 if all(equal) else 1


def _vary(recipe: str, variation: Variation, work: Path, pinned: Mapping[str, str]) -> bool:
    """Build under one variation and say what came of it; False where it failed or came out different."""
    if variation.lacks:
        print(f"{variation.name} is skipped: this machine has not {variation.lacks}", file=sys.stderr)
        return True
    print(f"{variation.name}: {variation.what}", file=sys.stderr, flush=True)
    try:
        outcome = _build(recipe, variation, work)
    except FailedError as error:
        print(error, file=sys.stderr, flush=True)
        return False
    print(_row(outcome, pinned), flush=True)
    _explain(outcome, pinned, work.glob("varied-*/answer/records"))
    return len(_equal(outcome, pinned)) == len(pinned)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reproducibility", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="VARIATION", help="which; by default all")
    parser.add_argument("--recipe", default="benchmark", metavar="NAME", help="whose closure; by default benchmark")
    parser.add_argument("--store", type=Path, metavar="DIR", help="a store to take sources from; by default fetched")
    parser.add_argument("--work", type=Path, metavar="DIR", help="where to work; not below /dev")
    parser.add_argument("--root", type=Path, metavar="DIR", help="the root of another distribution")
    parser.add_argument("--python", type=Path, metavar="PATH", help="another interpreter of the same ABI")
    return parser.parse_args()


def _pinned(recipe: str) -> dict[str, str]:
    """What the lockfile says of everything that is built here: store paths by derivation digest."""
    graph = json.loads(_envmgr(["graph", recipe, "--json"], {}))["data"]
    here = {node["derivation"] for node in graph["nodes"] if node["recipe"]}
    entries = Lockfile.parse((TOP / "recipes.lock").read_text()).entry
    return {
        str(entry.derivation): str(entry.store_path)
        for entry in entries
        if str(entry.derivation) in here and entry.store_path
    }


def _envmgr(arguments: list[str], environ: Mapping[str, str]) -> str:
    argv = [sys.executable, "-m", "envmgr", *arguments]
    return subprocess.run(
        argv, cwd=TOP, env={**os.environ, **environ}, stdout=subprocess.PIPE, text=True, check=True
    ).stdout


def _fetch(recipe: str, store: Path | None, sources: Path) -> None:
    """Gather the files that the closure is made from; without a store they are fetched by building once."""
    sources.mkdir()
    with TemporaryDirectory(prefix="envmgr-sources-", dir=sources.parent) as name:
        if store is None:
            _envmgr(["realize", recipe, "--lock", "recipes.lock"], {"ENVMGR_STORE": name})
        for pattern in SOURCES:
            for file in (store or Path(name)).glob(f"objects/*/{pattern}"):
                shutil.copy(file, sources)


def _build(recipe: str, variation: Variation, work: Path) -> Outcome:
    """Build all in an empty store, under the variation."""
    place, checkout = work / f"varied-{variation.name}", work / variation.folder
    answer, store = place / "answer", place / variation.store
    if not checkout.exists():
        copy_checkout(checkout)
    home = place / "home" if variation.machine is None else ROOM / "tmp"
    environ = {
        **{name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ},
        **variation.environ,
        "HOME": str(home),
        "TMPDIR": str(home),
        "ENVMGR_STORE": str(store),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(work / "sources"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": os.pathsep.join(filter(None, [str(checkout), variation.environ.get("PYTHONPATH")])),
    }
    jobs = variation.cores or len(os.sched_getaffinity(0))
    command = [*variation.before, variation.python, "-m", "envmgr", "realize", recipe, f"-j{jobs}"]
    answer.mkdir(parents=True)
    began, load = time.monotonic(), os.getloadavg()[0]
    if variation.machine is None:
        home.mkdir()
        run = subprocess.run(
            command, cwd=checkout, env=environ, umask=variation.umask, capture_output=True, text=True, check=False
        )
        code, said = run.returncode, run.stdout + run.stderr
    else:
        copying = f'"$@"; code=$?; cp -r {store}/records {ROOM}/answer; exit $code'
        code, said = variation.machine.run(
            ["/bin/sh", "-c", copying, "sh", *command], environ, folder=checkout, answer=answer
        )
    seconds = time.monotonic() - began
    if code:
        raise FailedError(f"{variation.name}: exit {code}\n{said}")
    return _outcome(variation, store, answer / "records", seconds, load)


def _outcome(variation: Variation, store: Path, records: Path, seconds: float, load: float) -> Outcome:
    """Keep what was written down, and delete the rest."""
    if variation.machine is None:
        shutil.copytree(store / "records", records)
        remove_tree(store)
    found = [item.realisation for file in records.iterdir() for item in read(file).written]
    outputs = {str(made.derivation): str(made.store_path) for made in found}
    isolation = ", ".join(sorted({made.isolation for made in found}))
    return Outcome(variation, outputs, isolation, records, seconds, load)


def _equal(outcome: Outcome, pinned: Mapping[str, str]) -> list[str]:
    return [derivation for derivation, path in pinned.items() if outcome.outputs.get(derivation) == path]


def _row(outcome: Outcome, pinned: Mapping[str, str]) -> str:
    equal = f"{len(_equal(outcome, pinned))} of {len(pinned)}"
    name, what = outcome.variation.name, outcome.variation.what
    return f"| {name} | {what} | {outcome.isolation} | {equal} | {outcome.seconds:.0f} s at load {outcome.load:.0f} |"


def _explain(outcome: Outcome, pinned: Mapping[str, str], records: Iterable[Path]) -> None:
    """Name the entries in which outputs differ from those that are pinned, where another variation gave these."""
    folders = list(records)
    for derivation in sorted(pinned.keys() - set(_equal(outcome, pinned))):
        wanted, got = pinned[derivation], outcome.outputs.get(derivation, "nothing")
        print(f"{outcome.variation.name}: pinned {wanted}, here {got}", file=sys.stderr)
        there = [file for folder in folders if (file := folder / wanted).is_file()]
        here = outcome.records / got
        if there and here.is_file():
            changes = difference(*(Manifest.parse(read(file).manifest) for file in (there[0], here)))
            print("".join(f"    {change.path}\n" for change in changes[:SHOWN]), end="", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
