"""One exact build, its canonical text, and the digests of that text.

Two digests belong to a derivation. The *derivation digest* names what was asked for: its inputs stand in the
text by their derivation digests. The *resolved digest* names what is done: its inputs stand there by their
store paths, so two ways to the same inputs are one build (early cutoff).

The text is written out field by field. In it: all that may change the bytes. Not in it: addresses, mirrors,
summary, checks, time limits, jobs, user, host name, clock, the version of envmgr, the place of the store.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from envmgr.model.canonical import Value, canonical_text
from envmgr.model.digest import Digest
from envmgr.model.store_path import StorePath

SCHEMA = 1

SYSTEMS = ("aarch64-linux", "x86_64-linux")
"""The systems that plans can be made for, on any machine."""

REVISIONS: Mapping[str, int] = {
    "cmake": 1,
    "fetch_files": 1,
    "python_env": 1,
    "run": 1,
    "script": 1,
    "tree": 1,
    "unpack": 1,
}
"""The output revision of each builder, bumped by hand when it gives other bytes for the same settings: that, and no
release of envmgr, makes its products (and only these) anew."""


@dataclass(frozen=True)
class FixedOutput:
    """An output that is known before it is fetched, by its hash alone.

    `known` is `{"sha256": …}`, or `{"md5": …}` (with `"size"`, where that is known) where nobody has published a
    SHA-256, for a file, and `{"manifest": …}` for a tree.
    """

    form: Literal["file", "tree"]
    known: Mapping[str, Value]
    file: str = ""
    """The name of the file inside the object; empty for a tree."""


@dataclass(frozen=True)
class BuiltOutput:
    """An output that a builder makes; what it contains is known when it is there."""


Output = FixedOutput | BuiltOutput


@dataclass(frozen=True)
class Derivation:
    """A build: a builder by name and output revision, its settings, and its inputs by role."""

    name: str
    version: str
    system: str
    """Such as `x86_64-linux`; `any` for a fixed output."""
    builder: str
    revision: int
    """The builder's output revision, bumped by hand when the builder gives other bytes for the same settings."""
    output: Output
    settings: Mapping[str, Value] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    host_tools: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, "Derivation"] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _ = self.digest  # also checks the fields; the inputs know theirs, so that no graph is too deep

    @property
    def kind(self) -> str:
        """`fixed` or `built`: part of the store path's fingerprint."""
        return "fixed" if isinstance(self.output, FixedOutput) else "built"

    @property
    def label(self) -> str:
        """How people call it: `name-version`."""
        return f"{self.name}-{self.version}"

    @cached_property
    def text(self) -> bytes:
        """The canonical text, inputs by derivation digest."""
        return canonical_text(self._fields({role: str(item.digest) for role, item in self.inputs.items()}))

    @cached_property
    def digest(self) -> Digest:
        """The derivation digest."""
        return Digest.of(self.text)

    @classmethod
    def parse(cls, text: bytes, inputs: Mapping[str, "Derivation"]) -> "Derivation":
        """The pair of `text`; `inputs` has the derivations that it names by digest, by role.

        Raises:
            ValueError: it is not the text of a derivation with these inputs.
        """
        fields = json.loads(text)
        try:
            derivation = _parsed(fields, inputs)
        except (KeyError, TypeError) as error:
            raise ValueError(f"not the text of a derivation: {error}") from error
        if derivation.text != text:
            raise ValueError("not the text of a derivation with these inputs")
        return derivation

    def resolved_text(self, inputs: Mapping[str, StorePath]) -> bytes:
        """The canonical text, inputs by store path; `inputs` has the roles of this derivation."""
        return canonical_text(self._fields({role: str(inputs[role]) for role in self.inputs}))

    def resolved_digest(self, inputs: Mapping[str, StorePath]) -> Digest:
        """The resolved digest: what realisations are looked up by."""
        return Digest.of(self.resolved_text(inputs))

    def _fields(self, inputs: Mapping[str, str]) -> dict[str, Value]:
        common: dict[str, Value] = {"schema": SCHEMA, "name": self.name, "version": self.version}
        match self.output:
            case FixedOutput(form, known, file):
                return {**common, "output": {"kind": "fixed", "form": form, "known": dict(known), "file": file}}
            case BuiltOutput():
                return {
                    **common,
                    "system": self.system,
                    "builder": {"name": self.builder, "revision": self.revision},
                    "settings": dict(self.settings),
                    "environment": dict(self.environment),
                    "host_tools": dict(self.host_tools),
                    "inputs": dict(inputs),
                    "output": {"kind": "built"},
                }


def _parsed(fields: Mapping[str, Any], inputs: Mapping[str, Derivation]) -> Derivation:
    output = fields["output"]
    if output["kind"] == "fixed":
        fixed = FixedOutput(output["form"], output["known"], output["file"])
        return Derivation(fields["name"], fields["version"], "any", "fetch", 1, fixed)
    return Derivation(
        name=fields["name"],
        version=fields["version"],
        system=fields["system"],
        builder=fields["builder"]["name"],
        revision=fields["builder"]["revision"],
        output=BuiltOutput(),
        settings=fields["settings"],
        environment=fields["environment"],
        host_tools=fields["host_tools"],
        inputs=inputs,
    )
