"""Collecting 10,000 dead objects of one file each, against Nix; wall seconds of whole processes, on one disk."""

import os
import shutil
import sys
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


def measure(checkout: Checkout) -> list[Row]:
    """Ours over Nix's. Both begin with a fresh copy of a full store, all of it on the disk."""
    with checkout.scratch("gc") as folder:
        fill(folder / "full", OBJECTS)
        nix = Nix(folder / "nix")
        _fill_nix(nix)
        measured = rounds(
            ROUNDS,
            {"ours": partial(_ours, checkout, folder / "full"), "peer": partial(_nix, nix, folder / "full-nix")},
        )
    ratio = median(turn["ours"] / turn["peer"] for turn in measured)
    ours, peer = (median(turn[side] for turn in measured) for side in ("ours", "peer"))
    return [Row("gc-10000", ratio, "x", 0.5, "<=", ours, peer)]


def _fill_nix(nix: Nix) -> None:
    """Fill it, and put what it holds aside as a copy."""
    added = nix.folder / "added"
    added.mkdir()
    files = [added / f"n{number}" for number in range(OBJECTS)]
    for number, file in enumerate(files):
        file.write_text(f"{number}\n")
    for begin in range(0, OBJECTS, ADDED_AT_ONCE):
        nix.call("nix-store", "--add", *files[begin : begin + ADDED_AT_ONCE])
    shutil.rmtree(added)
    for name in ("store", "var"):
        _copy(nix.folder / name, nix.folder.with_name("full-nix") / name)


def _ours(checkout: Checkout, full: Path) -> float:
    store = full.with_name("store")
    _copy(full, store)
    argv = [str(Path(sys.executable).with_name("envmgr")), "--store", str(store), "gc"]
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
