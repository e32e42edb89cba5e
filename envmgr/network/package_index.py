"""Where the user's pip looks for packages: the files that are found there, and their addresses.

No address of an index stands in any file of the project; where none is configured, `pypi_simple` knows the default.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import unquote, urlsplit

from packaging.utils import canonicalize_name, canonicalize_version
from pypi_simple import (
    ACCEPT_ANY,
    PYPI_SIMPLE_ENDPOINT,
    ProjectPage,
    UnparsableFilenameError,
    UnsupportedRepoVersionError,
    parse_filename,
)

from envmgr.model.errors import FetchError
from envmgr.model.source import PypiSource
from envmgr.network.address import Failure, Network, OfflineError, Page, UnreachableError, origin, read_page, shown
from envmgr.network.pip_settings import pip_settings

JSON = "application/vnd.pypi.simple.v1+json"
HTML = {"application/vnd.pypi.simple.v1+html", "text/html"}
NEAR_NAMES = 5


class UnknownProjectError(FetchError):
    """No index has a project of this name."""

    def __init__(self, project: str, places: Sequence[str]) -> None:
        super().__init__(
            f"no package index has a project {project}; asked: {', '.join(places) or 'nobody'}",
            fix="check the name, or tell pip where to look (PIP_EXTRA_INDEX_URL, PIP_FIND_LINKS, pip.conf)",
        )
        self.project = project
        self.places = tuple(places)


class UnknownFileError(FetchError):
    """The project is there, and has no such file; `near` has names that look like it."""

    def __init__(self, source: PypiSource, near: Sequence[str]) -> None:
        super().__init__(
            f"no package index has the file {source.file} of {source.project} with the SHA-256 that is pinned",
            fix=f"near names: {', '.join(near)}" if near else "check the version and the file name",
        )
        self.source = source
        self.near = tuple(near)


@dataclass(frozen=True)
class Places:
    """Where to look, in order."""

    find_links: tuple[str, ...] = ()
    """Folders, or addresses of pages with links."""
    indexes: tuple[str, ...] = (PYPI_SIMPLE_ENDPOINT,)
    certificates: Path | None = None


def places(environ: Mapping[str, str]) -> Places:
    """Read where pip and uv look, out of pip's configuration files and the environment."""
    pip = pip_settings(environ)
    find_links = [*pip.get("find-links", "").split(), *environ.get("UV_FIND_LINKS", "").replace(",", " ").split()]
    if pip.get("no-index", "").lower() in {"1", "true", "yes", "y", "on", "t"}:
        indexes = []
    else:
        named = environ.get("UV_INDEX", "").split()
        default = [environ.get("UV_DEFAULT_INDEX") or environ.get("UV_INDEX_URL", ""), pip.get("index-url", "")]
        indexes = [
            *(name.partition("=")[2] if _is_named(name) else name for name in named),
            *(list(filter(None, default)) or [PYPI_SIMPLE_ENDPOINT]),
            *pip.get("extra-index-url", "").split(),
        ]
    certificates = pip.get("cert") or environ.get("SSL_CERT_FILE")
    return Places(
        tuple(dict.fromkeys(find_links)), tuple(dict.fromkeys(indexes)), Path(certificates) if certificates else None
    )


@dataclass(frozen=True)
class IndexFile:
    """A file as a place shows it; what the place does not say is None."""

    name: str
    version: str
    url: str
    sha256: str | None = None
    size: int | None = None
    """Bytes."""


@dataclass(frozen=True)
class PackageIndex:
    """All places together, seen as one index."""

    places: Places
    network: Network

    def locate(self, source: PypiSource) -> list[str]:
        """Where a pinned file is to be had, in the order of the user's places; yanked files count as well.

        Raises:
            UnknownProjectError, UnknownFileError: nobody has it.
            UnreachableError: those who answered have it not, and others did not answer.
            OfflineError: the same, with those others not asked.
        """
        files, failures = self._look_for(source.project)
        urls = [file.url for file in files if file.name == source.file and file.sha256 in {None, source.sha256}]
        if urls:
            return urls
        self._raise_failures(source.project, failures)
        raise UnknownFileError(source, _near(source, files))

    def files(self, project: str, version: str) -> list[IndexFile]:
        """List the files of one version of a project, in the order of the user's places, yanked ones too.

        Raises:
            UnknownProjectError, UnreachableError, OfflineError: as `locate`.
        """
        files, failures = self._look_for(canonicalize_name(project))
        found = [file for file in files if canonicalize_version(file.version) == canonicalize_version(version)]
        if not found:
            self._raise_failures(project, failures)
        return found

    def _look_for(self, project: str) -> tuple[list[IndexFile], list[Failure]]:
        files: list[IndexFile] = []
        failures: list[Failure] = []
        pages = [_address(place) for place in self.places.find_links]
        pages += [_project_page(index, project) for index in self.places.indexes]
        for page in pages:
            try:
                files += self._files_at(page, project)
            except OfflineError:
                failures.append(Failure(shown(page), "envmgr is offline"))
            except UnreachableError as error:
                failures += error.failures
        if not files:
            self._raise_failures(project, failures)
            raise UnknownProjectError(project, [shown(page) for page in pages])
        return files, failures

    def _files_at(self, url: str, project: str) -> Iterator[IndexFile]:
        folder = Path(unquote(urlsplit(url).path))
        if url.startswith("file:") and folder.is_dir():
            return _folder_files(folder, project)
        return _page_files(read_page(url, accept=ACCEPT_ANY, network=self.network), url, project)

    def _raise_failures(self, project: str, failures: Sequence[Failure]) -> None:
        """Tell of places that could not be asked; that a page is not there is an answer."""
        unanswered = [failure for failure in failures if failure.status not in {404, 410}]
        if unanswered and self.network.offline:
            raise OfflineError(f"the index page of {project}", [failure.url for failure in unanswered])
        if unanswered:
            raise UnreachableError(f"the index page of {project}", unanswered)


def users_index(environ: Mapping[str, str], network: Network | None = None) -> PackageIndex:
    """The index that pip and uv would ask; without a `network`, by one with the certificates that they trust."""
    looked = places(environ)
    return PackageIndex(looked, network or Network(certificates=looked.certificates))


def _is_named(index: str) -> bool:
    """Whether an index is written as uv's `name=address`; an address alone may hold an equals sign, too."""
    name, equals, _ = index.partition("=")
    return bool(equals) and "/" not in name


def _address(place: str) -> str:
    """Write a place as an address: pip takes plain paths as well."""
    return place if "://" in place else Path(place).expanduser().absolute().as_uri()


def _project_page(index: str, project: str) -> str:
    page = f"{_address(index).rstrip('/')}/{project}/"
    return page + "index.html" if page.startswith("file:") else page


def _folder_files(folder: Path, project: str) -> Iterator[IndexFile]:
    for path in sorted(folder.iterdir()):
        version = _version(path.name, project)
        if version is not None and path.is_file():
            yield IndexFile(path.name, version, path.absolute().as_uri(), size=path.stat().st_size)


def _page_files(page: Page, asked: str, project: str) -> Iterator[IndexFile]:
    for package in _parse(page, project).packages:
        name = package.filename if page.media_type.startswith(JSON) else _name_in(package.url)
        version = _version(name, project)
        if version is not None:
            url = _with_credentials(package.url, asked)
            yield IndexFile(name, version, url, package.digests.get("sha256"), package.size)


def _parse(page: Page, project: str) -> ProjectPage:
    media_type = page.media_type.partition(";")[0].strip().lower()
    try:
        if media_type == JSON:
            return ProjectPage.from_json_data(json.loads(page.body), base_url=page.url)
        if media_type in HTML:
            return ProjectPage.from_html(project, page.body, base_url=page.url)
        why = f"a page of {media_type} is not one of a package index"
    except (ValueError, UnsupportedRepoVersionError) as error:
        why = f"not a page that can be understood: {error}"
    raise UnreachableError("the page", [Failure(shown(page.url), why)])


def _name_in(url: str) -> str:
    return unquote(urlsplit(url).path.rpartition("/")[2])


def _version(file: str, project: str) -> str | None:
    """Find the version in a file name of the project; None for files of others, and for what is no package."""
    try:
        found, version, _ = parse_filename(file, project)
    except UnparsableFilenameError:
        return None
    return version if canonicalize_name(found) == project else None


def _with_credentials(url: str, index: str) -> str:
    """Give the credentials of an index to a file at its own origin, and to no other."""
    file, asked = urlsplit(url), urlsplit(index)
    credentials, at, _ = asked.netloc.rpartition("@")
    if not at or file.username or origin(file) != origin(asked):
        return url
    return file._replace(netloc=f"{credentials}@{file.netloc}").geturl()


def _near(source: PypiSource, files: Sequence[IndexFile]) -> list[str]:
    names = list(dict.fromkeys(file.name for file in files if file.name != source.file))
    same_version = [file.name for file in files if file.version == source.version and file.name in names]
    return list(dict.fromkeys([*get_close_matches(source.file, names, NEAR_NAMES), *same_version]))[:NEAR_NAMES]
