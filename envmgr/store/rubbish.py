"""Rubbish: what stands below the store's folder and no row of the index, no root and no process stands for.

Crashes leave it, builds and runs that failed, and roots whose anchor is gone. `suspects` looks for it without any lock,
so what it names may be about to become valid; who deletes it asks `rubbish_among` before, holding the collector lock
alone.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from envmgr.model.run_files import RECORD
from envmgr.model.store_path import StorePath
from envmgr.store import partial, roots, staging
from envmgr.store.db import Database
from envmgr.store.layout import Layout, log_name
from envmgr.store.path_lock import is_free

FAILED_SECONDS = 30 * 86400.0
"""How long the log of a build is kept that gave nothing, and what a run left that did not end."""


@dataclass(frozen=True)
class Rubbish:
    """A file or a tree below the store's folder (`place` is relative to it), and why nobody needs it."""

    place: Path
    why: str


@dataclass(frozen=True)
class Search:
    """Looks for rubbish in one store.

    `kept` is what roots name, those of running processes above all: an object of theirs may come before its row.
    """

    layout: Layout
    database: Database
    kept: Collection[StorePath]
    printed_seconds: float

    def suspects(self) -> list[Rubbish]:
        """All that may be rubbish; each folder is read once."""
        folders = [folder for folder in self._rules() if folder.is_dir()]
        return self._found({folder: [file.name for file in folder.iterdir()] for folder in folders})

    def rubbish_among(self, suspected: Iterable[Rubbish]) -> list[Rubbish]:
        """What is rubbish of all that may be; call it under the collector lock, alone."""
        names: defaultdict[Path, list[str]] = defaultdict(list)
        for item in suspected:
            names[self.layout.root / item.place.parent].append(item.place.name)
        return self._found(names)

    def _found(self, names: Mapping[Path, list[str]]) -> list[Rubbish]:
        return [
            Rubbish((folder / name).relative_to(self.layout.root), why)
            for folder, (why, strays) in self._rules().items()
            for name in sorted(strays(names.get(folder, [])))
        ]

    def _rules(self) -> Mapping[Path, tuple[str, Callable[[list[str]], Iterable[str]]]]:
        """For each folder which of some names in it stand for nothing, and why."""
        layout = self.layout
        return {
            layout.objects: ("no valid object has this name", self._invalid),
            layout.records: ("no valid object has this name", self._invalid),
            layout.logs: ("its build failed, long ago", self._old_logs),
            layout.runs: ("this run did not end, long ago", self._unended),
            layout.staging: ("its process is gone", self._ownerless),
            layout.partial: ("nobody goes on with its fetch", self._abandoned),
            **{layout.roots / kind: ("it keeps nothing any more", self._unheld(kind)) for kind in roots.KINDS},
        }

    def _invalid(self, names: Iterable[str]) -> set[str]:
        return set(names) - self.database.valid_among(names) - {str(path) for path in self.kept}

    def _old_logs(self, names: Iterable[str]) -> set[str]:
        old = _old(self.layout.logs, names)
        realised = self.database.realised(name.partition(".")[0] for name in old)
        return set(old) - {log_name(derivation) for derivation, _ in realised}

    def _unended(self, names: Iterable[str]) -> set[str]:
        folder = self.layout.runs
        unrecorded = [name for name in names if (folder / name).is_dir() and not (folder / name / RECORD).exists()]
        return {name for name in _old(folder, unrecorded) if is_free(self.layout.run_lock(name))}

    def _ownerless(self, names: Iterable[str]) -> set[str]:
        return {folder.name for folder in staging.leftovers(self.layout, kept=True)}.intersection(names)

    def _abandoned(self, names: Iterable[str]) -> set[str]:
        return {name for name in names if partial.is_abandoned(self.layout, name)}

    def _unheld(self, kind: roots.Kind) -> Callable[[Iterable[str]], set[str]]:
        def strays(names: Iterable[str]) -> set[str]:
            files = {name: self.layout.roots / kind / name for name in names if not name.startswith(".")}
            return {
                name
                for name, file in files.items()
                if roots.held(self.layout, kind, file, printed_seconds=self.printed_seconds) is None
            }

        return strays


def _old(folder: Path, names: Iterable[str]) -> list[str]:
    """Those that nothing was written to for so long that nobody will look at them."""
    before = time.time() - FAILED_SECONDS
    return [name for name in names if (folder / name).lstat().st_mtime < before]
