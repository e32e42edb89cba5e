"""Ed25519 keys by name: who vouches for what a cache says. This is the only gateway to `cryptography`.

A key is written as `NAME:BASE64`, the private one (its 32 bytes of seed) as well as the public one. Private keys lie in
the folder `keys` of the user's configuration, one file `NAME.key` each, readable by their owner only.
"""

import base64
import binascii
import os
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from envmgr.config import NAME_PATTERN
from envmgr.model.errors import HostError, UsageError

_SEED_BYTES = 32
_OTHERS = 0o077


class KeyTextError(UsageError):
    """A text is not a key."""

    def __init__(self, why: str, *, where: str = "") -> None:
        super().__init__(f"not a key: {why}", where=where, fix="a key is NAME:BASE64, as `cache keygen` prints it")


class NoKeyError(UsageError):
    """There is no private key of that name."""

    def __init__(self, name: str, folder: Path) -> None:
        super().__init__(f"there is no private key {name!r}", where=str(folder), fix=f"envmgr cache keygen {name}")
        self.name = name


class KeyExistsError(UsageError):
    """A private key of that name is there already."""

    def __init__(self, name: str, folder: Path) -> None:
        super().__init__(f"there is a private key {name!r} already", where=str(folder), fix="take another name")
        self.name = name


class ExposedKeyError(HostError):
    """Others than its owner may read a private key."""

    def __init__(self, file: Path) -> None:
        super().__init__(
            "others may read this private key",
            where=str(file),
            fix=f"chmod 600 {file}; and if others could have read it, revoke it and make a new one",
        )
        self.file = file


@dataclass(frozen=True)
class PrivateKey:
    """A private key: it signs."""

    name: str
    seed: bytes = field(repr=False)

    @classmethod
    def generate(cls, name: str) -> Self:
        """A new one.

        Raises:
            KeyTextError: a key cannot be called so.
        """
        return cls(_checked_name(name), secrets.token_bytes(_SEED_BYTES))

    @classmethod
    def parse(cls, text: str, *, where: str = "") -> Self:
        """Read `NAME:BASE64`; `text` is the pair to it.

        Raises:
            KeyTextError: it is none.
        """
        return cls(*_parse(text, where))

    @property
    def text(self) -> str:
        """The private key as text."""
        return f"{self.name}:{base64.b64encode(self.seed).decode()}"

    @property
    def public(self) -> "PublicKey":
        """The public key to it."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return PublicKey(self.name, Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw())

    def sign(self, statement: bytes) -> str:
        """The signature of a statement, in base 64."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return base64.b64encode(Ed25519PrivateKey.from_private_bytes(self.seed).sign(statement)).decode()


@dataclass(frozen=True)
class PublicKey:
    """A public key: it tells whether a signature holds."""

    name: str
    point: bytes

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `NAME:BASE64`; `text` is the pair to it.

        Raises:
            KeyTextError: it is none.
        """
        return cls(*_parse(text, ""))

    @property
    def base64(self) -> str:
        """Its bytes, in base 64."""
        return base64.b64encode(self.point).decode()

    @property
    def text(self) -> str:
        """The public key as text."""
        return f"{self.name}:{self.base64}"

    def holds(self, signature: str, statement: bytes) -> bool:
        """Whether the private key to this one signed that statement."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            key = Ed25519PublicKey.from_public_bytes(self.point)
            key.verify(base64.b64decode(signature, validate=True), statement)
        except (InvalidSignature, ValueError):
            return False
        return True


def keep(folder: Path, key: PrivateKey) -> Path:
    """Write a private key into a folder (made where it is missing); returns its file.

    Raises:
        KeyExistsError: one of that name is there.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / f"{key.name}.key"
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise KeyExistsError(key.name, folder) from None
    try:
        os.write(descriptor, f"{key.text}\n".encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return file


def load(folder: Path, name: str) -> PrivateKey:
    """Read the private key of this name.

    Raises:
        NoKeyError: there is none.
        ExposedKeyError: others may read it.
        KeyTextError: the file holds another key, or none.
    """
    file = folder / f"{_checked_name(name)}.key"
    try:
        if file.stat().st_mode & _OTHERS:
            raise ExposedKeyError(file)
        key = PrivateKey.parse(file.read_text(encoding="ascii").strip(), where=str(file))
    except FileNotFoundError:
        raise NoKeyError(name, folder) from None
    if key.name != name:
        raise KeyTextError(f"the file is of {name!r}, and the key in it is {key.name!r}", where=str(file))
    return key


def names(folder: Path) -> list[str]:
    """The names of the private keys in a folder, sorted."""
    return sorted(file.stem for file in folder.glob("*.key"))


def _parse(text: str, where: str) -> tuple[str, bytes]:
    name, colon, rest = text.partition(":")
    if not colon:
        raise KeyTextError("there is no colon in it", where=where)
    try:
        data = base64.b64decode(rest, validate=True)
    except binascii.Error:
        raise KeyTextError("what follows the colon is not base 64", where=where) from None
    if len(data) != _SEED_BYTES:
        raise KeyTextError(f"it has {len(data)} bytes, not {_SEED_BYTES}", where=where)
    return _checked_name(name), data


def _checked_name(name: str) -> str:
    if not re.fullmatch(NAME_PATTERN, name):
        raise KeyTextError(f"{name!r} is no name: letters, digits, and . _ - after the first")
    return name
