"""What `envmgr.toml` of a project says: whose recipes can be inputs, beside those in `recipes/`."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from envmgr.model.recipe import Name
from envmgr.model.source import GitSource


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class InstalledImport(_Part):
    """The recipes that came with the envmgr that runs."""

    kind: Literal["installed"]


class PathImport(_Part):
    """The recipes of another project on this machine."""

    kind: Literal["path"]
    path: Annotated[str, Field(min_length=1)]
    """The folder in which its `recipes/` lies, relative to the one of `envmgr.toml`."""


Import = Annotated[InstalledImport | PathImport | GitSource, Field(discriminator="kind")]
"""Where recipes are imported from: this envmgr, a folder, or a commit, fetched as a source is."""


class ProjectFile(_Part):
    """`envmgr.toml`, at the top of a project."""

    imports: dict[Name, Import] = Field(default={}, alias="import")
    """Other projects, each by a name for people."""
