"""`envmgr cache revoke`: whose signatures count no more."""

import click
from typing_extensions import TypedDict

from envmgr.cli.answer import Answer, answers
from envmgr.cli.cache.named import folder
from envmgr.config import Caches, change_caches
from envmgr.model.errors import UsageError
from envmgr.sharing.keys import PublicKey


class Revoked(TypedDict):
    """A key whose signatures count no more."""

    name: str


class UnknownKeyError(UsageError):
    """No trusted key has that name."""

    def __init__(self, name: str, known: list[str]) -> None:
        super().__init__(
            f"no key {name!r} is trusted", fix=f"trusted: {', '.join(known) or 'none'}; or name the key as NAME:BASE64"
        )
        self.name = name


@click.command("revoke")
@click.argument("key")
@answers("cache-revoke")
def command(*, key: str) -> Answer[Revoked]:
    """Refuse from now on what nobody but KEY has signed: the name of a trusted key, or NAME:BASE64.

    What is in the store stays there; `show PATH` says which key had signed an object.
    """
    name = key.partition(":")[0]
    change_caches(folder(), lambda before: _without(before, key))
    return Answer({"name": name}, f"what only {name} signed is refused")


def _without(before: Caches, key: str) -> Caches:
    if ":" in key:
        public = PublicKey.parse(key)
        name, text = public.name, public.base64
    elif key in before.trusted:
        name, text = key, before.trusted[key]
    else:
        raise UnknownKeyError(key, sorted(before.trusted))
    rest = {other: value for other, value in before.trusted.items() if value != text}
    return before.model_copy(update={"trusted": rest, "revoked": {**before.revoked, name: text}})
