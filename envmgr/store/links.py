"""Objects that lie in another store: links to their trees there, and from which stores they are lent.

`objects/<store path>` is then a link to `../below/<number>/<store path>`, and `below/<number>` one to the `objects/` of
the other store. So everything that asks for the tree finds it, and what asks for links sees one. Nothing is ever
written through a link: what is damaged, collected or moved here is the link.
"""

import os
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from envmgr.model.store_path import StorePath
from envmgr.store.layout import Layout


def lend(layout: Layout, lender: Path, path: StorePath, link: Path) -> None:
    """Make a link that will be an object, once it stands in `objects/`: the one of that name in another store.

    Args:
        layout: the store that borrows.
        lender: the folder `objects/` of the other store, absolute.
        path: which object.
        link: where the link is made for now.
    """
    name = sha256(os.fsencode(lender)).hexdigest()[:16]
    layout.below.mkdir(exist_ok=True)
    with suppress(FileExistsError):
        (layout.below / name).symlink_to(lender)
    link.symlink_to(Path("..", layout.below.name, name, str(path)))


def lenders(layout: Layout) -> list[Path]:
    """The folders `objects/` of all stores that lent something, whether they are there or not."""
    try:
        names = os.listdir(layout.below)  # noqa: PTH208  names are all that is wanted
    except FileNotFoundError:
        return []
    return [(layout.below / name).readlink() for name in names]


def borrowed_objects(layout: Layout) -> set[StorePath]:
    """The objects that are links to other stores."""
    if not lenders(layout):
        return set()
    with os.scandir(layout.objects) as found:
        return {StorePath(entry.name) for entry in found if entry.is_symlink()}


def lent_from(layout: Layout, path: StorePath) -> Path | None:
    """Where the tree of an object that is a link lies, or lay; None of any other."""
    place = layout.object(path)
    if not place.is_symlink():
        return None
    through = layout.objects / place.readlink()
    return through.parent.readlink() / through.name if through.parent.is_symlink() else through
