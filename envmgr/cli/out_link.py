"""Symlinks where the user wants them (`--out-link`), which lead to objects and keep them as long as they do."""

import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from envmgr.cli.operand import store_path
from envmgr.model.digest import Digest
from envmgr.model.errors import UsageError
from envmgr.model.store_path import StorePath
from envmgr.store.roots import Root
from envmgr.store.store import Store


class LinkTakenError(UsageError):
    """Something stands where a link is to be, and is no link to an object: it is not replaced."""

    def __init__(self, link: Path) -> None:
        self.link = link
        super().__init__("this is no link to a store object, and stays", where=str(link), fix="--out-link elsewhere")


def links_of(first: Path | None, count: int) -> list[Path]:
    """The links of so many objects, `LINK`, `LINK-2`, `LINK-3`; looked at before anything is built for them.

    Raises:
        LinkTakenError: one of them would replace something else.
    """
    if first is None:
        return []
    place = first.absolute()
    links = [place if number == 1 else place.with_name(f"{place.name}-{number}") for number in range(1, count + 1)]
    for link in links:
        if os.path.lexists(link) and not (link.is_symlink() and store_path(str(link.readlink()))):
            raise LinkTakenError(link)
    return links


def keep_by_links(store: Store, links: Iterable[tuple[Path, StorePath]]) -> None:
    """Let each link lead to its object, and keep that as long as it does."""
    for link, path in links:
        link.parent.mkdir(parents=True, exist_ok=True)
        draft = link.with_name(f".{link.name}-{secrets.token_hex(4)}")
        draft.symlink_to(store.layout.object(path))
        draft.replace(link)
        name = Digest.of(os.fsencode(link)).hex[:16]
        store.add_root(Root("link", name, (path,), f"link {link}", anchor=str(link)))
