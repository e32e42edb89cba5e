"""A folder with the programs that the host lends to an environment: `sh`, and the Python interpreter of an ABI.

It holds links only, and lies in the user's cache folder, as what it names is this host's; its name is made from what
it links to, so that it never changes and is never in anybody's way.
"""

import os
import secrets
from hashlib import sha256
from pathlib import Path

from envmgr.builders.interpreter import library_name, program
from envmgr.model.errors import HostError


class NoCacheError(HostError):
    """The user's cache folder can't be written."""

    def __init__(self, folder: Path, reason: str) -> None:
        self.folder = folder
        super().__init__(
            f"the user's cache folder can't be written: {reason}",
            where=str(folder),
            fix="let XDG_CACHE_HOME name a folder that you may write to",
        )


def lent(abi: str | None, cache: Path) -> Path:
    """The folder with `sh` and, where an ABI is given, `python`, `python3` and `python3.N`; made where it is missing.

    Raises:
        InterpreterMissingError: no interpreter of the ABI is on this host.
        NoCacheError: the folder can't be made.
    """
    links = {"sh": Path("/bin/sh")}
    if abi is not None:
        links |= dict.fromkeys(("python", "python3", library_name(abi)), program(abi))
    named = "\0".join(f"{name}\0{target}" for name, target in links.items())
    folder = cache / "lent" / sha256(os.fsencode(named)).hexdigest()[:16]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, target in links.items():
            if not (folder / name).is_symlink():
                draft = folder / f".{name}.{secrets.token_hex(4)}"
                draft.symlink_to(target)
                draft.replace(folder / name)
    except OSError as error:
        raise NoCacheError(folder, error.strerror or str(error)) from error
    return folder
