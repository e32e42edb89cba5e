"""A cache as it is named on the command line: one of the user's, or an address."""

from pathlib import Path

from envmgr import places
from envmgr.config import Caches, CacheSettings, read_caches
from envmgr.model.errors import UsageError
from envmgr.model.names import did_you_mean
from envmgr.sharing.cache import Cache
from envmgr.sharing.keys import PrivateKey, load, names


class UnknownCacheError(UsageError):
    """The user has no cache of that name."""

    def __init__(self, name: str, known: list[str]) -> None:
        near = did_you_mean(name, known)
        fix = f"did you mean {near!r}?" if near else f"known: {', '.join(known) or 'none'}; `envmgr cache add` adds one"
        super().__init__(f"there is no cache {name!r}", fix=fix)
        self.name = name


class AmbiguousKeyError(UsageError):
    """There are several private keys, and none was named."""

    def __init__(self, known: list[str]) -> None:
        super().__init__(f"you have several keys: {', '.join(known)}", fix="name one with --key")
        self.known = known


def folder() -> Path:
    """The folder of the user's configuration."""
    return Path(places.config())


def settings() -> Caches:
    """The user's caches and keys.

    Raises:
        ConfigError: the file is not valid.
    """
    return read_caches(folder())


def cache(name: str) -> Cache:
    """The user's cache of this name, or the cache at this address (what has a slash in it is one).

    Raises:
        UnknownCacheError: there is none.
    """
    known = settings().cache
    if name in known:
        return Cache(name, known[name])
    if "/" in name:
        return Cache(name, CacheSettings(url=address(name)))
    raise UnknownCacheError(name, sorted(known))


def signing_key(name: str | None) -> PrivateKey:
    """The user's private key of this name; without a name the only one there is.

    Raises:
        NoKeyError: there is none.
        AmbiguousKeyError: there are several, and none was named.
        ExposedKeyError: others may read it.
    """
    keys = folder() / "keys"
    known = names(keys)
    if name is None and len(known) > 1:
        raise AmbiguousKeyError(known)
    return load(keys, name or next(iter(known), "NAME"))


def address(text: str) -> str:
    """An address as it can be kept: the path of a folder is made absolute."""
    return text if "://" in text else str(Path(text).resolve())
