"""SHA-256 values, parsed and printed."""

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler
    from pydantic_core import CoreSchema

PREFIX = "sha256:"
PATTERN = r"^sha256:[0-9a-f]{64}$"
_HEX = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, order=True)
class Digest:
    """A SHA-256 digest; `str()` prints it as `sha256:<64 hex digits>`, `parse` reads that back."""

    hex: str

    def __post_init__(self) -> None:
        if not _HEX.fullmatch(self.hex):
            raise ValueError(f"not a SHA-256 in 64 lower-case hex digits: {self.hex!r}")

    def __str__(self) -> str:
        return PREFIX + self.hex

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `sha256:<64 hex digits>`.

        Raises:
            ValueError: the text has another form.
        """
        if not text.startswith(PREFIX):
            raise ValueError(f"not a digest (sha256:<64 hex digits>): {text!r}")
        return cls(text.removeprefix(PREFIX))

    @classmethod
    def of(cls, data: bytes) -> Self:
        """The digest of some bytes."""
        return cls(hashlib.sha256(data).hexdigest())

    @classmethod
    def __get_pydantic_core_schema__(cls, source: object, handler: "GetCoreSchemaHandler") -> "CoreSchema":
        """Let a pydantic model hold a digest: text in, text out."""
        return text_schema(cls, PATTERN)


def text_schema(cls: Any, pattern: str) -> "CoreSchema":  # noqa: ANN401  any class with `parse`
    """The pydantic schema of a value that is written as text: `cls.parse` reads it, `str` prints it."""
    from pydantic_core import core_schema

    return core_schema.no_info_after_validator_function(
        lambda value: value if isinstance(value, cls) else cls.parse(value),
        core_schema.union_schema([core_schema.is_instance_schema(cls), core_schema.str_schema(pattern=pattern)]),
        serialization=core_schema.plain_serializer_function_ser_schema(str, return_schema=core_schema.str_schema()),
    )
