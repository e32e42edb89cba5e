"""What stands in an exported file, and in which order: `parse` and `text` of its parts are pairs.

`export.json` comes first and says what follows: with a checkout `checkout.manifest` and `checkout.content`, then for
each object, references before their referrers, `objects/<store path>.json`, `.manifest` and `.content`. A content is
the bytes of the files in the order of the manifest; nothing else decides what becomes of it.
"""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from envmgr.model.canonical import canonical_text
from envmgr.model.digest import Digest
from envmgr.model.realisation import Realisation, StoreObject
from envmgr.model.store_path import StorePath
from envmgr.sharing.json_text import parsed

CONTENTS = "export.json"
CHECKOUT = "checkout"
MAX_TEXT = 2**26
"""Bytes of a record; one has some thousands."""
MAX_MANIFEST = 2**28
"""Bytes of a manifest; the largest that we know, of a toolchain with 25,000 files, has four million."""


Word = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9+_.-]*$", max_length=200)]
"""What can be a file's name: names of recipes, and store paths."""
Line = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f-\x9f]{1,200}$")]
"""What can be printed without a terminal being told to do something: axes and their values."""


class ExportPart(BaseModel):
    """A part that is JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    @classmethod
    def parse(cls, text: bytes) -> Self:
        """Read the text of a part.

        Raises:
            ValueError: it has another form.
        """
        part = parsed(cls, text)
        if part.text != text:
            raise ValueError("its text is not canonical")
        return part

    @property
    def text(self) -> bytes:
        """The part as it stands in the file."""
        return canonical_text(self.model_dump(mode="json", by_alias=True))


def _once(paths: tuple[StorePath, ...]) -> tuple[StorePath, ...]:
    if len(set(paths)) != len(paths):
        raise ValueError("an object stands here twice")
    return paths


class ExportedRoot(ExportPart):
    """Something that was asked for."""

    name: Word
    kind: Literal["recipe", "run", "path"]
    given: dict[Line, Line]
    """The axes that were set."""
    axes: dict[Line, Line]
    """All axes that decide what it is, with their values."""
    paths: tuple[StorePath, ...]
    """Its output; of a benchmark, which has none, the outputs that it runs with."""


class Contents(ExportPart):
    """The first part: what was asked for, and what follows."""

    schema_: Literal["envmgr.export/1"] = Field(default="envmgr.export/1", alias="schema")
    roots: Annotated[tuple[ExportedRoot, ...], Field(min_length=1)]
    checkout: bool
    """Whether recipes, local sources and lockfile come along."""
    size: Annotated[int, Field(ge=0)]
    """Bytes of all contents."""
    objects: Annotated[tuple[StorePath, ...], AfterValidator(_once)]


class ExportedObject(ExportPart):
    """What is known of an object: its description, what gave it, and the texts of those derivations, sorted."""

    described: StoreObject
    realisations: tuple[Realisation, ...]
    derivations: tuple[str, ...]

    @property
    def texts(self) -> Mapping[Digest, bytes]:
        """The derivation texts by digest."""
        return {Digest.of(text.encode()): text.encode() for text in self.derivations}


def part(name: str, kind: Literal["json", "manifest", "content"]) -> str:
    """The name of a part of an object, or of the checkout."""
    return f"{name if name == CHECKOUT else f'objects/{name}'}.{kind}"
