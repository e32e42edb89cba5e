"""`envmgr cache keygen`: a key to sign with."""

from pathlib import Path

import click
from typing_extensions import TypedDict

from envmgr.cli.answer import Answer, answers
from envmgr.cli.cache.named import folder
from envmgr.sharing.keys import PrivateKey, keep


class Generated(TypedDict):
    """A new key: the public one as others trust it, and the file of the private one."""

    name: str
    public: str
    file: Path


@click.command("keygen")
@click.argument("name")
@answers("cache-keygen")
def command(*, name: str) -> Answer[Generated]:
    """Make a key to sign with, and print the public one, for those who shall trust it.

    The private key stays in the folder `keys` of the configuration, readable by you only.
    """
    key = PrivateKey.generate(name)
    file = keep(folder() / "keys", key)
    return Answer({"name": name, "public": key.public.text, "file": file}, key.public.text)
