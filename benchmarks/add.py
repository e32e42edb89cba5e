"""Adding to the store what lies in the checkout: bytes a CPU second, over `nix-store --add` of the same.

Ours is what `envmgr realize` takes over `envmgr realize --dry-run`: planning reads a source once, too, to know what it
is. Of Nix the start is taken off.
"""

import os
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.checkout import Checkout
from benchmarks.nix import Nix
from benchmarks.paired import cpu_seconds, rounds
from benchmarks.project import Project
from benchmarks.row import Row

FILE_BYTES = 512 * 2**20
TREE_FILES, TREE_FILE_BYTES, TREE_FOLDERS = 25_000, 21_000, 250
ROUNDS = 3


def measure(checkout: Checkout) -> list[Row]:
    """One large file, and a tree of many small ones."""
    added = {
        "add-file": (FILE_BYTES, _write_file),
        "add-tree": (TREE_FILES * TREE_FILE_BYTES, _write_tree),
    }
    rows = []
    with checkout.scratch("add") as folder:
        nix = Nix(folder / "nix")
        for name, (size, write) in added.items():
            project = Project(folder / name)
            source = f"[sources]\ndata = {{ kind = 'local', path = '../{name}' }}\n"
            project.recipe("added", "builder = 'tree'", head=source)
            write(project.folder / name)
            sides = {"ours": partial(_ours, project, checkout), "peer": partial(_nix, nix, project.folder / name)}
            measured = rounds(ROUNDS, sides)
            ratio = median(turn["peer"] / turn["ours"] for turn in measured)
            ours, peer = (size / 1e6 / median(turn[side] for turn in measured) for side in ("ours", "peer"))
            rows.append(Row(name, ratio, "x", 1.0, ">=", ours, peer))
    return rows


def _write_file(place: Path) -> None:
    with place.open("wb") as file:
        for _ in range(FILE_BYTES // 2**20):
            file.write(os.urandom(2**20))


def _write_tree(place: Path) -> None:
    for number in range(TREE_FILES):
        folder = place / str(number % TREE_FOLDERS)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / str(number)).write_bytes(os.urandom(TREE_FILE_BYTES))


def _ours(project: Project, checkout: Checkout) -> float:
    store = project.folder / f"store-{len(list(project.folder.glob('store-*')))}"
    realize = partial(project.realize, store, "added", environ=checkout.environ)
    planned = cpu_seconds(lambda: realize("--dry-run"))
    return cpu_seconds(realize) - planned


def _nix(nix: Nix, place: Path) -> float:
    """What is there already is not added again, so each round has a name of its own."""
    renamed = place.with_name(f"{place.name}-{len(list(nix.folder.glob('store/*')))}")
    place.rename(renamed)
    start = cpu_seconds(lambda: nix.call("nix-store", "--version"))
    taken = cpu_seconds(lambda: nix.call("nix-store", "--add", renamed))
    renamed.rename(place)
    return taken - start
