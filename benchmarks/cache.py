"""To a zstd cache in a folder and back, beside `nix copy`: bytes a CPU second, and what nothing to do costs.

Both sides are whole processes. Ours signs and checks signatures, Nix does neither. What a round wrote stays to the
end: ext4 without a journal searches long for an inode that was not deleted a minute ago, and both sides would pay for
that more than for all else.
"""

import os
import shutil
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median

from benchmarks.checkout import Checkout
from benchmarks.filled_store import fill
from benchmarks.nix import Nix
from benchmarks.paired import cpu_seconds, rounds, seconds
from benchmarks.project import Project
from benchmarks.row import Row

LIBRARIES = Path("/usr/lib")
BYTES = 512 * 10**6
PATHS = 1_000
ROUNDS = 3
QUICK_ROUNDS = 15
COPY = ("nix", "--extra-experimental-features", "nix-command", "copy")


def measure(checkout: Checkout) -> list[Row]:
    """Half a gigabyte of a system's libraries, up and down."""
    with checkout.scratch("cache") as folder:
        project = Project(folder / "project")
        size = _copy_libraries(project.folder / "data")
        project.recipe(
            "libraries",
            "builder = 'tree'\nsettings.files = { lib = 'data' }",
            head="[sources]\ndata = { kind = 'local', path = '../data' }\n",
        )
        ours, peer = _Ours(project, checkout), _Peer(Nix(folder / "nix"), project.folder / "data")
        measured = rounds(ROUNDS, {"ours": ours.there_and_back, "peer": peer.there_and_back})
        rows = []
        for way, name in enumerate(("cache-up", "cache-down")):
            ratio = median(turn["peer"][way] / turn["ours"][way] for turn in measured)
            speeds = [size / 1e6 / median(turn[side][way] for turn in measured) for side in ("ours", "peer")]
            rows.append(Row(name, ratio, "x", 1.3, ">=", *speeds))
        return rows


def measure_nothing(checkout: Checkout) -> list[Row]:
    """A thousand paths that are there already: seconds of the whole process."""
    with checkout.scratch("cache-nothing") as folder:
        store, cache = folder / "store", str(folder / "cache")
        fill(store, PATHS)
        paths = sorted(path.name for path in (store / "objects").iterdir())
        project = Project(folder / "project")
        project.folder.mkdir()
        push = partial(project.envmgr, store, "cache", "push", cache, *paths, environ=checkout.environ)
        push()
        nix = Nix(folder / "nix")
        copy = partial(nix.call, *COPY, "--to", f"file://{folder}/nix-cache?compression=zstd", *_tiny(nix, folder))
        copy()
        measured = rounds(QUICK_ROUNDS, {"ours": lambda: seconds(push), "peer": lambda: seconds(copy)})
        ours, peer = (median(turn[side] for turn in measured) for side in ("ours", "peer"))
        return [Row("cache-nothing", ours, "s", 0.15, "<=", ours, peer)]


def _copy_libraries(place: Path) -> int:
    """Files of the system, as many as make the bytes; how many bytes that are."""
    size = 0
    for folder, _, names in sorted(os.walk(LIBRARIES)):
        for name in sorted(names):
            file = Path(folder, name)
            if file.is_symlink() or not file.is_file() or not os.access(file, os.R_OK):
                continue
            if size + file.stat().st_size <= BYTES:
                target = place / file.relative_to(LIBRARIES)
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, target)
                size += file.stat().st_size
    return size


def _tiny(nix: Nix, folder: Path) -> list[str]:
    """So many objects of Nix's of one small file."""
    files = [folder / f"n{number}" for number in range(PATHS)]
    for file in files:
        file.write_text(f"{file.name}\n")
    return nix.call("nix-store", "--add", *files).split()


class _Ours:
    """An object of ours; each round has a cache and a store of its own."""

    def __init__(self, project: Project, checkout: Checkout) -> None:
        self._project = project
        self._rounds = count()
        self._environ = {**checkout.environ, "ENVMGR_CONFIG": str(project.folder / "config")}
        self._store = project.folder / "store"
        self._call(self._store, "cache", "trust", self._call(self._store, "cache", "keygen", "benchmark").strip())
        self._path = Path(self._call(self._store, "realize", "libraries").split()[-1]).name

    def there_and_back(self) -> tuple[float, float]:
        """Processor seconds of a push and a pull."""
        number = next(self._rounds)
        cache, other = (self._project.folder / f"{name}-{number}" for name in ("cache", "other"))
        up = cpu_seconds(lambda: self._call(self._store, "cache", "push", str(cache), self._path))
        down = cpu_seconds(lambda: self._call(other, "cache", "pull", str(cache), self._path))
        return up, down

    def _call(self, store: Path, *arguments: str) -> str:
        return self._project.envmgr(store, *arguments, environ=self._environ)


class _Peer:
    """The same files in Nix's store."""

    def __init__(self, nix: Nix, data: Path) -> None:
        self._nix = nix
        self._path = nix.call("nix-store", "--add", data).strip()
        self._rounds = count()

    def there_and_back(self) -> tuple[float, float]:
        """Processor seconds of `nix copy` to a cache, and from it into a new store."""
        number = next(self._rounds)
        folder, other = (self._nix.folder / f"{name}-{number}" for name in ("cache", "other"))
        cache = f"file://{folder}?compression=zstd"
        back = ("--store", other, "--from", cache, "--no-check-sigs")
        up = cpu_seconds(lambda: self._nix.call(*COPY, "--to", cache, self._path))
        down = cpu_seconds(lambda: self._nix.call(*COPY, *back, self._path))
        return up, down
