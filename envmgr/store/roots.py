"""What garbage collection keeps, and why.

A *lasting* root is a file `roots/<kind>/<name>` that names store paths and a reason:

- `profile`: somebody asked for it; it holds until it is removed.
- `lockfile`, `run`: it hangs on an anchor, the lockfile or the folder of the run; when that is gone, it holds nothing.
- `import`: it hangs on the file of a project that imports recipes from a commit.
- `link`: its anchor is a symlink of the user's (`--out-link`), and it holds while that leads to the object.
- `printed`: a command printed the path, so that whoever asked for it is about to use it. It holds for some minutes
  from the time of its file, is not known to be durable, and need not be.

A *running* root is a file that its process holds locked, and adds store paths to as it comes to rely on them. The
kernel frees the lock when the process ends, however it ends, so a dead process keeps nothing.
"""

import fcntl
import json
import os
import secrets
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from envmgr.model.canonical import canonical_text
from envmgr.model.digest import Digest
from envmgr.model.errors import IntegrityError
from envmgr.model.store_path import StorePath
from envmgr.store.durable import sync_folder, write_file
from envmgr.store.layout import Layout
from envmgr.store.path_lock import hold_new, is_free

Kind = Literal["lockfile", "import", "profile", "link", "run", "printed", "running"]
KINDS: tuple[Kind, ...] = ("lockfile", "import", "profile", "link", "run", "printed")
"""Of lasting roots."""

PRINTED_SECONDS = 600.0
"""How long what was printed is kept for whoever asked for it."""
_INHERITED = 99
"""The least number of a descriptor that other programs inherit: scripts use those of one digit as they like."""


class DamagedRootError(IntegrityError):
    """The file of a root can't be read, so nobody knows what it keeps; nothing may be collected."""

    def __init__(self, file: Path, reason: str) -> None:
        super().__init__(
            f"the file of this root is damaged: {reason}",
            where=str(file),
            fix="delete it if nothing is to be kept for it; otherwise add the root again",
        )
        self.file = file


@dataclass(frozen=True)
class Root:
    """A lasting root.

    `name` is a file name, unique within its kind; `reason` is for people; `anchor` is a path (absolute, or relative
    to the store's folder) on which the root hangs, or empty.
    """

    kind: Kind
    name: str
    paths: tuple[StorePath, ...]
    reason: str
    anchor: str = ""

    def __post_init__(self) -> None:
        if not self.name or self.name.startswith(".") or "/" in self.name:
            raise ValueError(f"not a name for a root: {self.name!r}")

    @property
    def text(self) -> bytes:
        """The file's text; `parse` reads it back."""
        paths = [str(path) for path in self.paths]
        return canonical_text({"paths": paths, "reason": self.reason, "anchor": self.anchor})

    @classmethod
    def parse(cls, kind: Kind, name: str, text: bytes) -> "Root":
        """Read the text of a root's file.

        Raises:
            ValueError: it has another form.
        """
        fields = json.loads(text)
        return cls(kind, name, tuple(map(StorePath, fields["paths"])), fields["reason"], fields["anchor"])


def add(layout: Layout, root: Root, *, scratch: Path) -> None:
    """Write a lasting root, in place of one of that name; `scratch` is a folder for the draft."""
    folder = layout.roots / root.kind
    folder.mkdir(exist_ok=True)
    write_file(folder / root.name, root.text, scratch=scratch)
    sync_folder(folder)


def remove(layout: Layout, kind: Kind, name: str) -> bool:
    """Drop a lasting root; whether there was one."""
    try:
        (layout.roots / kind / name).unlink()
    except FileNotFoundError:
        return False
    return True


def spare(layout: Layout, paths: Iterable[StorePath], reason: str) -> str:
    """Keep what is about to be printed for some minutes; the name of the root, which stands for these paths."""
    kept = tuple(sorted(set(paths)))
    root = Root("printed", Digest.of("\n".join(map(str, kept)).encode()).hex[:32], kept, reason)
    folder = layout.roots / root.kind
    folder.mkdir(exist_ok=True)
    draft = folder / f".{root.name}-{os.getpid()}"
    draft.write_bytes(root.text)
    draft.replace(folder / root.name)
    return root.name


def lasting(layout: Layout) -> list[Root]:
    """Every lasting root that holds now.

    Raises:
        DamagedRootError: the file of a root has another form.
    """
    return [root for kind, file in files(layout) if (root := held(layout, kind, file))]


def files(layout: Layout) -> Iterator[tuple[Kind, Path]]:
    """The file of every lasting root, also of those that do not hold."""
    for kind in KINDS:
        with suppress(FileNotFoundError):
            found = sorted((layout.roots / kind).iterdir())
            yield from ((kind, file) for file in found if not file.name.startswith("."))


def held(layout: Layout, kind: Kind, file: Path, *, printed_seconds: float = PRINTED_SECONDS) -> Root | None:
    """The root of a file, if it holds now; what was printed is kept for so many seconds.

    Raises:
        DamagedRootError: the file has another form.
    """
    try:
        if kind == "printed" and time.time() - file.stat().st_mtime >= printed_seconds:
            return None
        root = Root.parse(kind, file.name, file.read_bytes())
    except FileNotFoundError:  # removed meanwhile
        return None
    except (ValueError, KeyError, TypeError) as error:
        if kind == "printed":  # torn by a crash, which its reader did not survive either
            return None
        raise DamagedRootError(file, str(error)) from error
    return root if _is_anchored(layout, root) else None


def _is_anchored(layout: Layout, root: Root) -> bool:
    anchor = layout.root / root.anchor
    if root.kind == "link":
        places = [os.path.realpath(layout.object(path)) for path in root.paths]
        return anchor.is_symlink() and [os.path.realpath(anchor)] == places
    return not root.anchor or os.path.lexists(anchor)


class RunningRoot:
    """The root of this process; the file is made with the first store path."""

    def __init__(self, layout: Layout) -> None:
        self._file = layout.running / f"{os.getpid()}-{secrets.token_hex(8)}"
        self._descriptor = -1
        self._held: set[StorePath] = set()
        self._mutex = threading.Lock()

    def hold(self, paths: Iterable[StorePath]) -> None:
        """Keep some objects until `close`. Call it under the collector lock, shared."""
        with self._mutex:
            if not (new := set(paths) - self._held):
                return
            if self._descriptor < 0:
                self._descriptor = hold_new(self._file)
            os.write(self._descriptor, "".join(f"{path}\n" for path in new).encode())
            self._held |= new

    def outlive(self) -> None:
        """Let what is held stay held by the program that this process becomes, and by what that one starts.

        A lock belongs to the open file, not to the process: it is free when the last descriptor is closed.
        """
        fcntl.fcntl(self._descriptor, fcntl.F_DUPFD, _INHERITED)

    def close(self) -> None:
        """Keep nothing any more."""
        with self._mutex:
            if self._descriptor >= 0:
                self._file.unlink(missing_ok=True)
                os.close(self._descriptor)
                self._descriptor = -1


def running(layout: Layout) -> list[Path]:
    """The files of the roots of living processes; call it under the collector lock, alone.

    The files of dead processes are deleted.
    """
    alive = []
    for file in layout.running.iterdir():
        if is_free(file):
            file.unlink(missing_ok=True)
        else:
            alive.append(file)
    return alive


def relied_on(file: Path) -> list[StorePath]:
    """What the living process of a running root relies on."""
    try:
        return [StorePath(line) for line in file.read_text().split()]
    except FileNotFoundError:  # it ended meanwhile
        return []
