"""A fixed output from outside: a file of a package index, a file at an address, a commit, or a part of the checkout.

The only builder with network. No foreign code runs in it, so there is nothing for a sandbox to hold.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from envmgr.archive.symlinks import check_links
from envmgr.builders.builder import BuildReport, BuildTask
from envmgr.builders.git import check_out
from envmgr.builders.local import take_in
from envmgr.manifest import Manifest, SymlinkEntry, manifest_of
from envmgr.model.derivation import FixedOutput
from envmgr.model.errors import EnvmgrError, IntegrityError
from envmgr.model.source import FilesSource, GitSource, LocalSource, PypiSource, UrlSource
from envmgr.network.checked_file import Checks

if TYPE_CHECKING:
    from envmgr.network.address import Network


class WrongTreeError(IntegrityError):
    """A tree is not the one that was pinned; `expected` and `actual` are digests of manifests."""

    def __init__(self, label: str, origin: str, *, expected: str, actual: str) -> None:
        super().__init__(
            f"{label} is not the tree that was pinned: its manifest is {actual}, and {expected} was expected",
            where=origin,
            fix="if a local tree was edited meanwhile, run again; if the pin is wrong, lock again",
        )
        self.label = label
        self.origin = origin
        self.expected = expected
        self.actual = actual


class NoSourceError(EnvmgrError):
    """A fixed output came to be fetched without anybody saying from where."""


class FetchBuilder:
    """Fetches files and trees, and holds them against what is known of them.

    `environ` says where the user's pip looks, `network` how the outside is reached (None: as pip's settings say).
    """

    name: ClassVar[str] = "fetch"

    def __init__(self, environ: Mapping[str, str] = os.environ, network: "Network | None" = None) -> None:
        self._environ = environ
        self._network = network

    def build(self, task: BuildTask) -> BuildReport:
        """Fill the folder with the one file or the tree of the source.

        Raises:
            FetchError: the source cannot be had.
            IntegrityError: it is not what was pinned, or a symlink leads out of it.
            HostError: there is no git for a commit.
        """
        match task.source:
            case PypiSource() | UrlSource() as source:
                self._download(task, source)
            case GitSource(url=url, commit=commit):
                check_out(url, commit, task.out, work=task.work, log=task.log, seconds=task.limits.seconds)
                _check_tree(task, url, manifest_of(task.out))
            case LocalSource(path=path):
                origin = (task.checkout or Path()).joinpath(path).resolve()
                manifest = take_in(origin, task.out, exclude=task.source.excluded)
                _check_tree(task, str(origin), manifest)
                return BuildReport("sandboxed", manifest=manifest)
            case FilesSource() | None:
                raise NoSourceError(f"nobody says where {task.derivation.label} comes from")
        return BuildReport("sandboxed")

    def _download(self, task: BuildTask, source: PypiSource | UrlSource) -> None:
        # Only who fetches pays for the import of requests.
        from envmgr.network.download import download
        from envmgr.network.package_index import users_index

        index = users_index(self._environ, self._network)
        urls: Sequence[str]
        limit = task.limits.output_bytes
        match source:
            case PypiSource():
                urls, md5 = index.locate(source), None
            case UrlSource():
                urls, md5, limit = source.urls, source.md5, min(limit, source.at_most or limit)
        download(
            urls,
            task.work / source.file,
            Checks(sha256=source.sha256, md5=md5, size=source.size),
            network=index.network,
            limit_bytes=limit,
            progress=task.progress,
        )
        (task.work / source.file).rename(task.out / source.file)


def _check_tree(task: BuildTask, origin: str, manifest: Manifest) -> None:
    links = {entry.path: entry.target for entry in manifest.entries if isinstance(entry, SymlinkEntry)}
    check_links(task.out, links)
    output = task.derivation.output
    expected = output.known["manifest"] if isinstance(output, FixedOutput) else None
    if expected != str(manifest.digest):
        raise WrongTreeError(task.derivation.label, origin, expected=str(expected), actual=str(manifest.digest))
