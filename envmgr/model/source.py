"""Where bytes that nobody builds come from, and what is known about them before they are fetched.

Only what is known (hashes, sizes, names) reaches a derivation. Addresses and mirrors never do: the same
bytes are the same object wherever they were found.
"""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, RootModel, model_validator

from envmgr.model.digest import Digest
from envmgr.model.store_path import VERSION_PATTERN

FileName = Annotated[str, Field(pattern=r"^[0-9A-Za-z_][0-9A-Za-z._+-]*$", max_length=200)]
Sha256Hex = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Md5Hex = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Address = Annotated[str, Field(pattern=r"^(https?|s3|file)://.+")]
AddressPattern = Annotated[str, Field(pattern=r"^(https?|s3|file)://[^{}]*\{name\}[^{}]*$")]


class _Source(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PypiSource(_Source):
    """One file of a Python project, looked for wherever the user's pip looks."""

    kind: Literal["pypi"]
    project: Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
    """Normalised name (PEP 503)."""
    version: Annotated[str, Field(pattern=VERSION_PATTERN)]
    """The release that the file belongs to."""
    file: FileName
    """The file's name in the index, which says what it is built for."""
    sha256: Sha256Hex
    """Of the file."""
    size: Annotated[int, Field(gt=0)]
    """Bytes."""


class UrlSource(_Source):
    """A file at one of several addresses, tried in order."""

    kind: Literal["url"]
    urls: Annotated[tuple[Address, ...], Field(min_length=1)]
    """Where it can be had; they never reach a derivation."""
    file: FileName
    """The file's name in the object."""
    version: Annotated[str, Field(pattern=VERSION_PATTERN)] = "0"
    """The version of what the file holds."""
    size: Annotated[int, Field(gt=0)] | None = None
    """Bytes."""
    sha256: Sha256Hex | None = None
    """Of the file."""
    md5: Md5Hex | None = None
    """Checked in addition to SHA-256; on its own only until the first fetch writes the SHA-256 down."""
    at_most: Annotated[int, Field(gt=0)] | None = None
    """Bytes that the file has at most, where its size is not known either; a bound, and no part of what it is."""

    @model_validator(mode="after")
    def _is_pinned(self) -> Self:
        if self.sha256 is None and self.md5 is None:
            raise ValueError("a url source is pinned by `sha256`, or, where nobody published one, by `md5`")
        bounds = (self.size is not None) + (self.at_most is not None)
        if bounds > 1 or (self.sha256 is None and not bounds):
            raise ValueError("a url source without `sha256` says its `size` or, where that is not known, `at_most`")
        return self


class LocalSource(_Source):
    """A file or a tree of the checkout, taken as it is."""

    kind: Literal["local"]
    path: Annotated[str, Field(pattern=r"^[^/].*$")]
    """Relative to the folder of the recipes (`..` may climb to the checkout, not out of it)."""
    exclude: tuple[str, ...] = ()
    """Names that are left out wherever they stand in the tree, beside `__pycache__`."""

    @property
    def excluded(self) -> frozenset[str]:
        """All names that are left out."""
        return frozenset({"__pycache__", *self.exclude})


class GitSource(_Source):
    """The files of one commit, without the history."""

    kind: Literal["git"]
    url: Address
    """The repository."""
    commit: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]
    """The whole id of the commit."""
    manifest: Digest
    """Digest of the manifest of the checked-out tree."""


class FilesSource(_Source):
    """The addresses of many files that a list names; the list is an input of the recipe (builder `fetch_files`)."""

    kind: Literal["files"] = "files"
    urls: tuple[AddressPattern, ...]
    """Where each file can be had, tried in order: `{name}` stands for a name of the list."""


class WheelsSource(_Source):
    """The wheels of a Python environment, pinned for each interpreter ABI in a generated file beside the recipe."""

    kind: Literal["wheels"]
    path: Annotated[str, Field(pattern=r"^[^/].*\.toml$")]
    """Relative to the folder of the recipes; `envmgr lock --update` writes it."""
    requirements: Annotated[tuple[str, ...], Field(min_length=1)]
    """What is asked for (PEP 508); the file says what that came to."""


class Wheels(RootModel[dict[str, dict[str, PypiSource]]]):
    """A file of pinned wheels: interpreter ABI -> project -> wheel."""

    model_config = ConfigDict(frozen=True)


FixedSource = PypiSource | UrlSource | LocalSource | GitSource
"""A source of one fixed output."""
FetchedSource = FixedSource | FilesSource
"""Where something that is fetched comes from."""
Source = Annotated[PypiSource | UrlSource | LocalSource | GitSource | WheelsSource, Field(discriminator="kind")]
