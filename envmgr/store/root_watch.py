"""The roots as a collection sees them from its beginning to its end: those it began with, and what comes to be kept."""

import os
from collections.abc import Iterable
from pathlib import Path

from envmgr.model.store_path import StorePath
from envmgr.store import roots
from envmgr.store.layout import Layout
from envmgr.store.roots import PRINTED_SECONDS


class RootWatch:
    """Tells which objects came to be named by a root since it was last asked.

    A root that goes away meanwhile is taken to be there still: the next collection is about that. A file that did not
    change is not read again, so asking often costs little.
    """

    def __init__(self, layout: Layout, *, printed_seconds: float = PRINTED_SECONDS) -> None:
        """Watch the roots of a store; `printed_seconds`: how long what was printed is kept."""
        self.kept: set[StorePath] = set()
        """All that some root named so far."""
        self._layout = layout
        self._printed_seconds = printed_seconds
        self._counted: dict[Path, tuple[int, int, int]] = {}

    def news(self) -> set[StorePath]:
        """What roots name and did not name before; call it under the collector lock, alone.

        Running roots come first: who adds a lasting root and ends is seen as the one or the other.

        Raises:
            DamagedRootError: the file of a root has another form.
        """
        found = {path for file in self._changed(roots.running(self._layout)) for path in roots.relied_on(file)}
        kinds = {file: kind for kind, file in roots.files(self._layout)}
        for file in self._changed(kinds):
            root = roots.held(self._layout, kinds[file], file, printed_seconds=self._printed_seconds)
            if root is None:
                del self._counted[file]  # it may hold the next time, though its file is the same
            else:
                found.update(root.paths)
        found -= self.kept
        self.kept |= found
        return found

    def _changed(self, files: Iterable[Path]) -> list[Path]:
        """Those of some files that are not as they were when they were last counted; they are counted now."""
        changed = []
        for file in files:
            try:
                state = os.stat(file)  # noqa: PTH116  for each root in each section
            except FileNotFoundError:
                continue
            stamp = (state.st_mtime_ns, state.st_size, state.st_ino)
            if self._counted.get(file) != stamp:
                self._counted[file] = stamp
                changed.append(file)
        return changed
