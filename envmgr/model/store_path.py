"""Store paths: `<32 characters>-<name>-<version>`, named by what the object contains."""

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from envmgr.model.canonical import canonical_text
from envmgr.model.digest import Digest, text_schema

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

BASE_LENGTH = 32
NAME_PATTERN = r"[a-z0-9][a-z0-9+_.-]*"
VERSION_PATTERN = r"[0-9A-Za-z][0-9A-Za-z+_.]*"
PATTERN = rf"^[a-z2-7]{{{BASE_LENGTH}}}-{NAME_PATTERN}-{VERSION_PATTERN}$"
MAX_LENGTH = 200


@dataclass(frozen=True, slots=True, order=True)
class StorePath:
    """The name of a store object: a folder of that name below `objects/`.

    It says what the object contains, so it holds in any store, wherever that store lies.
    """

    text: str

    def __post_init__(self) -> None:
        if not re.fullmatch(PATTERN, self.text) or len(self.text) > MAX_LENGTH:
            raise ValueError(f"not a store path (<32 characters>-<name>-<version>): {self.text!r}")

    def __str__(self) -> str:
        return self.text

    @property
    def base(self) -> str:
        """The 32 characters that stand for the content; references are found by scanning for them."""
        return self.text[:BASE_LENGTH]

    @property
    def label(self) -> str:
        """What people call the object: `name-version`."""
        return self.text[BASE_LENGTH + 1 :]

    @property
    def name(self) -> str:
        """The name of the recipe or source."""
        return self.label.rpartition("-")[0]

    @property
    def version(self) -> str:
        """Its version."""
        return self.label.rpartition("-")[2]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a store path; raises ValueError where the text is none."""
        return cls(text)

    @classmethod
    def of(cls, *, kind: str, manifest: Digest, name: str, version: str) -> Self:
        """The store path of a tree: 160 bits of the SHA-256 of the fingerprint, in lower-case base 32 (RFC 4648).

        Args:
            kind: `fixed` for a tree that was known before it was fetched, `built` for the output of a builder.
            manifest: digest of the tree's manifest.
            name: name of the recipe or source.
            version: its version.
        """
        fingerprint = canonical_text({"kind": kind, "manifest": str(manifest), "name": name, "version": version})
        base = base64.b32encode(hashlib.sha256(fingerprint).digest()[:20]).decode().lower()
        return cls(f"{base}-{name}-{version}")

    def kind(self, manifest: Digest) -> str | None:
        """`fixed` or `built`, as whichever a tree with this manifest has this store path; None if as neither."""
        name, _, version = self.text[BASE_LENGTH + 1 :].rpartition("-")
        for kind in ("built", "fixed"):
            if self == StorePath.of(kind=kind, manifest=manifest, name=name, version=version):
                return kind
        return None

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: "GetCoreSchemaHandler") -> "CoreSchema":
        """Let a pydantic model hold a store path: text in, text out."""
        return text_schema(cls, PATTERN)
