"""A real recipe whose publisher is played by a server on loopback, with small files of the same form."""

import re
from collections.abc import Mapping
from hashlib import md5, sha256

from tests.functional.conftest import TOP, Checkout
from tests.loopback import Origin

HOSTS = re.compile(r"https?://(?=[^\"]+\")")


def md5_of(body: bytes) -> str:
    """The MD5 of some bytes, in hex."""
    return md5(body, usedforsecurity=False).hexdigest()


def take(checkout: Checkout, name: str, origin: Origin, bodies: Mapping[str, bytes] | None = None) -> None:
    """Write the recipe `name` of this project into the checkout, its addresses leading to the origin."""
    checkout.write(f"recipes/{name}.toml", played(name, origin, bodies or {}))


def played(name: str, origin: Origin, bodies: Mapping[str, bytes]) -> str:
    """The recipe `name` of this project, its addresses leading to the origin.

    `https://host/path` becomes `<origin>/host/path`. `bodies` has, by the digest of the real file, what is served
    in its stead; the recipe then pins that.
    """
    text = HOSTS.sub(f"{origin.url}/", (TOP / "recipes" / f"{name}.toml").read_text())
    for real, body in bodies.items():
        assert real in text
        text = text.replace(real, md5_of(body) if len(real) == len(md5_of(b"")) else sha256(body).hexdigest())
        text = re.sub(r"(?m)^size = \d+$", f"size = {len(body)}", text)
    return text
