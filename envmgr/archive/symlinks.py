"""Where the symlinks of a finished tree lead: each must stay inside, however it is followed.

Looking at one link's text is not enough, since its path may go through other links. So the whole tree is read, without
following anything, and each link is then followed in memory.
"""

from collections.abc import Mapping
from pathlib import Path

from envmgr.model.errors import IntegrityError
from envmgr.tree import walk

MAX_LINKS_ON_A_WAY = 40
"""As in the kernel."""


class StrayLinkError(IntegrityError):
    """A symlink leads out of its tree, or nowhere but in a circle."""

    def __init__(self, folder: Path, path: str, target: str) -> None:
        super().__init__(
            f"the symlink {path!r} leads out of its tree, to {target!r}",
            where=str(folder),
            fix="leave the link out, or let it lead to something beside it",
        )
        self.path = path
        self.target = target


def check_symlinks(folder: Path) -> None:
    """Prove that no symlink of a tree leads out of it; a link to nothing inside is let be.

    Raises:
        StrayLinkError: one does.
        UnfitTreeError: the tree holds something else than files, folders and symlinks.
    """
    check_links(folder, {level.path(entry): level.target(entry) for level in walk(folder) for entry in level.symlinks})


def check_links(folder: Path, links: Mapping[str, str]) -> None:
    """Prove the same of a tree whose symlinks are known, with their targets.

    Raises:
        StrayLinkError: one leads out of it.
    """
    for path, target in links.items():
        if not _stays_inside(path, links):
            raise StrayLinkError(folder, path, target)


def _stays_inside(path: str, links: Mapping[str, str]) -> bool:
    """Follow a path from the top of the tree, name by name, through all links on the way."""
    here: list[str] = []
    ahead = path.split("/")[::-1]
    followed = 0
    while ahead:
        name = ahead.pop()
        if name == ".." and not here:
            return False
        if name == "..":
            here.pop()
        elif name not in {"", "."}:
            here.append(name)
        target = links.get("/".join(here)) if name not in {"", ".", ".."} else None
        if target is not None:
            followed += 1
            if target.startswith("/") or followed > MAX_LINKS_ON_A_WAY:
                return False
            here.pop()
            ahead += target.split("/")[::-1]
    return True
