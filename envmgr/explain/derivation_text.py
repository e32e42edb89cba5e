"""The text of a derivation that was realised, read back from the store, and made readable for people."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from envmgr.model.digest import Digest
from envmgr.model.errors import IntegrityError
from envmgr.store.store import Store


class DamagedDerivationError(IntegrityError):
    """The text of a derivation is not what it was."""

    def __init__(self, derivation: Digest, where: str) -> None:
        self.derivation = derivation
        super().__init__("the text of this derivation is damaged", where=where, fix="envmgr verify")


@dataclass(frozen=True)
class DerivationText:
    """A derivation as its canonical text has it."""

    fields: Mapping[str, Any]

    @classmethod
    def parse(cls, text: bytes) -> "DerivationText":
        """Read a canonical text."""
        return cls(json.loads(text))

    @property
    def name(self) -> str:
        """The name of what is built."""
        return str(self.fields["name"])

    @property
    def system(self) -> str:
        """What it is built for; `any` for a fixed output."""
        return str(self.fields.get("system", "any"))

    @property
    def label(self) -> str:
        """How people call it: `name-version`."""
        return f"{self.name}-{self.fields['version']}"

    @property
    def is_fixed(self) -> bool:
        """Whether it is a source, and not built."""
        return bool(self.fields["output"]["kind"] == "fixed")

    @property
    def inputs(self) -> dict[str, Digest]:
        """Inputs by role: their derivation digests."""
        return {role: Digest.parse(digest) for role, digest in self.fields.get("inputs", {}).items()}

    @property
    def lines(self) -> list[str]:
        """The text over many lines, as people read it: indented, and texts with line breaks broken there."""
        text = json.dumps(self.fields, indent=2, ensure_ascii=False, sort_keys=True)
        return re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[0], text).split("\n")


def derivation_text(store: Store, derivation: Digest) -> DerivationText | None:
    """The text of a derivation that gave an object of this store; None where it has none.

    Raises:
        DamagedDerivationError: it is not what it was.
    """
    if (text := store.derivation_text(derivation)) is not None:
        return DerivationText.parse(text)
    if known := store.database.realisations_of_derivation(derivation):
        raise DamagedDerivationError(derivation, str(store.layout.record(known[0].store_path)))
    return None
