"""`envmgr cache sign`: signatures for what a cache holds already."""

import click
from typing_extensions import TypedDict

from envmgr.cli.answer import Answer, answers
from envmgr.cli.cache.named import cache, settings, signing_key
from envmgr.cli.project import Project
from envmgr.model.store_path import StorePath
from envmgr.sharing.record import Record, SignedRealisation
from envmgr.sharing.sign import Vouched, sign
from envmgr.sharing.trust import Trust
from envmgr.store.store import Store


class Signatures(TypedDict):
    """Realisations by what became of them."""

    key: str
    signed: int
    already: int
    """Signed by this key before."""
    left: int
    """Not signed: nobody vouches for them."""


@click.command("sign")
@click.argument("name", metavar="CACHE")
@click.argument("paths", nargs=-1, metavar="[PATH...]")
@click.option("--key", help="The name of your key; may be left out if you have but one.")
@click.option("--all", "everything", is_flag=True, help="Also what nobody vouches for: you do, then.")
@click.pass_obj
@answers("cache-sign")
def command(
    project: Project, /, *, name: str, paths: tuple[str, ...], key: str | None, everything: bool
) -> Answer[Signatures]:
    """Sign what a cache says, of all objects or of some, where somebody vouches for it.

    That is where a key that you trust has signed it, or where your own store has come to the same.
    """
    wanted, private = cache(name), signing_key(key)
    wanted.introduce()
    store = project.store_if_any()
    vouched = _everything if everything else _vouched(Trust.of(settings()), store)
    done = sign(wanted, [StorePath.parse(path) for path in paths] or wanted.paths(), private, vouched)
    data: Signatures = {"key": private.name, "signed": done.signed, "already": done.already, "left": done.left}
    text = f"{done.signed} signed by {private.name}, {done.already} were already, {done.left} left unsigned"
    return Answer(data, text)


def _everything(_record: Record, _made: SignedRealisation) -> bool:
    return True


def _vouched(trust: Trust, store: Store | None) -> Vouched:
    def vouched(record: Record, made: SignedRealisation) -> bool:
        if trust.signer(record, made):
            return True
        if store is None or store.object(record.store_path) != record.described:
            return False
        said = record.realisation(made, origin="")
        return any(known.model_copy(update={"origin": ""}) == said for known in store.realisations_of(made.digest))

    return vouched
