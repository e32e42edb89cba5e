"""Reading a store back: bytes a wall second, over `nix-store --verify --check-contents` of the same tree."""

import os
from itertools import count, islice
from pathlib import Path
from statistics import median

from benchmarks.checkout import Checkout, call
from benchmarks.nix import Nix
from benchmarks.paired import rounds, seconds
from benchmarks.project import Project
from benchmarks.row import Row

FILES = ((2**29, 1), (2**23, 64), (2**18, 2048), (2**14, 32768))
"""Bytes of a file, and how many there are: 2 GiB, a quarter of it in files of each size."""
FOLDERS = 64
ROUNDS = 5


def measure(checkout: Checkout) -> list[Row]:
    """One tree of files of four sizes, in both stores."""
    with checkout.scratch("verify") as folder:
        project, nix = Project(folder / "project"), Nix(folder / "nix")
        size = _write(project.folder / "data")
        project.recipe("added", "builder = 'tree'", head="[sources]\ndata = { kind = 'local', path = '../data' }\n")
        project.realize(folder / "store", "added", environ=checkout.environ)
        nix.call("nix-store", "--add", project.folder / "data")
        ours = Checkout.argv("--store", str(folder / "store"), "verify")
        peer = ["nix-store", "--verify", "--check-contents"]
        measured = rounds(
            ROUNDS,
            {
                "ours": lambda: seconds(lambda: call(ours, checkout.environ, cwd=checkout.folder)),
                "peer": lambda: seconds(lambda: nix.call(*peer)),
            },
        )
    ratio = median(turn["peer"] / turn["ours"] for turn in measured)
    ours_speed, peer_speed = (size / 1e6 / median(turn[side] for turn in measured) for side in ("ours", "peer"))
    return [Row("verify", ratio, "x", 1.2, ">=", ours_speed, peer_speed)]


def _write(top: Path) -> int:
    """Write the tree; its bytes."""
    numbers = count()
    for size, files in FILES:
        for number in islice(numbers, files):
            folder = top / str(number % FOLDERS)
            folder.mkdir(parents=True, exist_ok=True)
            (folder / str(number)).write_bytes(os.urandom(size))
    return sum(size * files for size, files in FILES)
