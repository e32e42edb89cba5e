"""Many small files that a list names, from addresses that differ by the name only: the pictures of a data set.

Nobody has published hashes of such files together. So this is no fixed output: the lockfile pins the manifest that the
first fetch came to, as it pins what a build came to. What was fetched before an error or a kill is not fetched again.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from envmgr.builders import jpeg
from envmgr.builders.action import OutputTooBigError
from envmgr.builders.builder import BuildReport, BuildTask
from envmgr.builders.fetch import NoSourceError
from envmgr.builders.tree import copy_files, found_input, inside
from envmgr.builders.workplace import read_settings
from envmgr.model.errors import BuildError, IntegrityError
from envmgr.model.source import FilesSource
from envmgr.network.checked_file import Checks

if TYPE_CHECKING:
    from envmgr.network.address import Network

TRANSFERS = 8
"""Files on their way at a time."""
LINE = re.compile(r"(?P<name>[0-9A-Za-z_-]{1,200})(?: (?P<sha256>[0-9a-f]{64}))?")


class FetchFilesSettings(BaseModel):
    """What is fetched, and where it goes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    names: str
    """`role/path` of the list in an input: a name a line, with a space and its SHA-256 where that is known."""
    place: Annotated[str, Field(pattern=r"^[^{}]*\{name\}[^{}]*$")]
    """Path of each file in the tree, `{name}` being its name."""
    form: Literal["any", "jpeg"] = "any"
    """What each file must be, and whole."""
    at_most: Annotated[int, Field(gt=0)]
    """Bytes of one file at most."""
    files: dict[str, str] = {}
    """Path to `role/path`: a file or folder of an input that is copied beside them."""


class ListError(BuildError):
    """A line of the list is no name, or names what an earlier one does; `line` counts from 1."""

    def __init__(self, label: str, names: str, line: int, why: str) -> None:
        self.label, self.line = label, line
        super().__init__(f"{label}: line {line} of {names} {why}")


class BrokenFileError(IntegrityError):
    """A file came whole as far as its server says, and is not what it should be."""

    def __init__(self, name: str, why: str, origin: str) -> None:
        self.name, self.why = name, why
        super().__init__(f"the file {name} is broken: {why}", where=origin, fix="try again, or add another mirror")


class FetchFilesBuilder:
    """Fetches files by name, several at a time; `environ` and `network` are as for the builder `fetch`."""

    name: ClassVar[str] = "fetch_files"

    def __init__(self, environ: Mapping[str, str] = os.environ, network: "Network | None" = None) -> None:
        self._environ = environ
        self._network = network

    def build(self, task: BuildTask) -> BuildReport:
        """Fetch what is not there yet, then move all of it into the tree.

        Raises:
            FetchError: no address has one of the files, which is named; the others stay for the next try.
            IntegrityError: a file is not what was pinned, or broken.
            BuildError: the list is no list, or all files together are more than the bound.
        """
        from envmgr.network.package_index import users_index

        settings = read_settings(FetchFilesSettings, task.derivation)
        if not isinstance(task.source, FilesSource):
            raise NoSourceError(f"nobody says where {task.derivation.label} comes from")
        names = dict(_listed(task, settings.names))
        network = users_index(self._environ, self._network).network
        fetch = _Fetch(task, settings, task.source.urls, task.partial or task.work, network)
        _all_or_first_error(lambda item: fetch.file(*item), list(names.items()))
        for name in names:
            (fetch.folder / name).rename(inside(task, settings.place.replace("{name}", name)))
        copy_files(task, settings.files)
        return BuildReport("sandboxed")  # no foreign code runs: there is nothing to hold


def _listed(task: BuildTask, names: str) -> Iterator[tuple[str, str | None]]:
    """Each name with its SHA-256, if that is known."""
    seen: set[str] = set()
    for number, line in enumerate(found_input(task, names).read_text("ascii", "replace").splitlines(), start=1):
        match = LINE.fullmatch(line)
        if match is None:
            raise ListError(task.derivation.label, names, number, f"is no name: {line!r}")
        if match["name"] in seen:
            raise ListError(task.derivation.label, names, number, f"names {match['name']} again")
        seen.add(match["name"])
        yield match["name"], match["sha256"]


def _all_or_first_error(act: Callable[[tuple[str, str | None]], None], items: list[tuple[str, str | None]]) -> None:
    """Act on all, some at a time; after an error nothing new is begun, and it is raised."""
    with ThreadPoolExecutor(TRANSFERS, thread_name_prefix="fetch") as pool:
        futures = [pool.submit(act, item) for item in items]
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
    for future in futures:
        if not future.cancelled():
            future.result()


class _Fetch:
    """One fetch under way; `folder` has what is there so far, each file under its name once it is whole."""

    def __init__(
        self, task: BuildTask, settings: FetchFilesSettings, urls: tuple[str, ...], folder: Path, network: "Network"
    ) -> None:
        self.task, self.settings, self.urls, self.folder, self.network = task, settings, urls, folder, network
        self._lock = Lock()
        self._bytes = 0

    def file(self, name: str, sha256: str | None) -> None:
        """Fetch one file, unless it is here and right."""
        from envmgr.network.download import download

        path = self.folder / name
        checks = Checks(sha256=sha256)
        if path.is_file() and not self._flaw(path):  # its hash was right when it got its name
            self._count(path)
            return
        urls = [url.replace("{name}", name) for url in self.urls]
        download(urls, path, checks, network=self.network, limit_bytes=self.settings.at_most, progress=self._beat)
        if flaw := self._flaw(path):
            path.unlink()
            raise BrokenFileError(name, flaw, urls[0])
        self._count(path)

    def _beat(self, _done: int = 0, _total: int | None = None) -> None:
        """Tell what is there in all; whoever is told may end the fetch by raising."""
        self.task.progress(self._bytes, None)

    def _flaw(self, path: Path) -> str:
        return jpeg.flaw(path.read_bytes()) if self.settings.form == "jpeg" else ""

    def _count(self, path: Path) -> None:
        limit = self.task.limits.output_bytes
        with self._lock:
            self._bytes += path.stat().st_size
        self._beat()
        if self._bytes > limit:
            raise OutputTooBigError(self.task.derivation.label, limit, self.task.log)
