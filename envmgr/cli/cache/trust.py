"""`envmgr cache trust`: whose signatures count."""

from pathlib import Path

import click
from typing_extensions import TypedDict

from envmgr.cli.answer import Answer, answers
from envmgr.cli.cache.named import folder
from envmgr.config import Caches, change_caches
from envmgr.model.errors import UsageError
from envmgr.sharing.keys import KeyTextError, PublicKey


class Trusted(TypedDict):
    """A key whose signatures count from now on."""

    name: str
    public: str


class RevokedKeyError(UsageError):
    """A key that was revoked shall be trusted."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the key {name} was revoked", fix="let its owner make a new one: envmgr cache keygen NAME")
        self.name = name


class OtherKeyError(UsageError):
    """Another key of that name is trusted."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"another key {name} is trusted already",
            fix=f"envmgr cache revoke {name}, or let the new one have a new name",
        )
        self.name = name


@click.command("trust")
@click.argument("key")
@answers("cache-trust")
def command(*, key: str) -> Answer[Trusted]:
    """Believe what is signed with KEY: NAME:BASE64, as `cache keygen` prints it, or a file with that."""
    public = PublicKey.parse(key if ":" in key else _read(Path(key)))
    change_caches(folder(), lambda before: _with(before, public))
    return Answer({"name": public.name, "public": public.text}, f"what {public.name} signs is believed")


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise KeyTextError("it has no colon, and is no file that can be read", where=str(file)) from error


def _with(before: Caches, key: PublicKey) -> Caches:
    if key.name in before.revoked or key.base64 in before.revoked.values():
        raise RevokedKeyError(key.name)
    if before.trusted.get(key.name, key.base64) != key.base64:
        raise OtherKeyError(key.name)
    return before.model_copy(update={"trusted": {**before.trusted, key.name: key.base64}})
