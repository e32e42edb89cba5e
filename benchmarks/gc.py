"""Collecting 10,000 dead objects of one file each, against Nix; wall seconds of whole processes, on one disk.

An object of ours is always a folder. A path of Nix's may be a file alone, which is the cheapest that it can collect,
or a folder as ours: both are measured.
"""

import os
import shutil
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.checkout import Checkout, call
from benchmarks.filled_store import fill
from benchmarks.nix import Nix
from benchmarks.paired import rounds, seconds
from benchmarks.row import Row

OBJECTS = 10_000
ADDED_AT_ONCE = 500
ROUNDS = 3
PEERS = {"gc-10000": ".", "gc-10000-folders": "file"}
"""By row, where a path of Nix's has its text: it is a file, or a folder with one as ours."""


def measure(checkout: Checkout) -> list[Row]:
    """Ours over Nix's. All begin with a fresh copy of a full store, all of it on the disk."""
    with checkout.scratch("gc") as folder:
        fill(folder / "full", OBJECTS)
        sides = {"ours": partial(_ours, checkout, folder / "full")}
        for name, file in PEERS.items():
            nix = Nix(folder / name)
            _fill_nix(nix, file)
            sides[name] = partial(_nix, nix, folder / f"full-{name}")
        measured = rounds(ROUNDS, sides)
    return [_row(name, measured) for name in PEERS]


def _row(name: str, measured: list[dict[str, float]]) -> Row:
    ratio = median(turn["ours"] / turn[name] for turn in measured)
    ours, peer = (median(turn[side] for turn in measured) for side in ("ours", name))
    return Row(name, ratio, "x", 0.5, "<=", ours, peer)


def _fill_nix(nix: Nix, file: str) -> None:
    """Fill it with paths that have their text in such a file, and put what it holds aside as a copy."""
    added = nix.folder / "added"
    paths = [added / f"n{number}" for number in range(OBJECTS)]
    for number, path in enumerate(paths):
        (path / file).parent.mkdir(parents=True, exist_ok=True)
        (path / file).write_text(f"{number}\n")
    for begin in range(0, OBJECTS, ADDED_AT_ONCE):
        nix.call("nix-store", "--add", *paths[begin : begin + ADDED_AT_ONCE])
    shutil.rmtree(added)
    for name in ("store", "var"):
        _copy(nix.folder / name, nix.folder.with_name(f"full-{nix.folder.name}") / name)


def _ours(checkout: Checkout, full: Path) -> float:
    store = full.with_name("store")
    _copy(full, store)
    argv = Checkout.argv("--store", str(store), "gc")
    taken = seconds(lambda: call(argv, checkout.environ, cwd=checkout.folder))
    if left := [*(store / "objects").iterdir()]:
        raise AssertionError(f"{len(left)} objects are left")
    return taken


def _nix(nix: Nix, full: Path) -> float:
    for name in ("store", "var"):
        _copy(full / name, nix.folder / name)
    return seconds(lambda: nix.call("nix-store", "--gc"))


def _copy(full: Path, place: Path) -> None:
    """Make a store anew as a copy of a full one, and bring it to the disk."""
    call(["rm", "-rf", str(place)], dict(os.environ))
    place.parent.mkdir(exist_ok=True)
    call(["cp", "-a", str(full), str(place)], dict(os.environ))
    os.sync()
