"""Where things lie when nobody says: recipes, store, configuration.

It is on the hot path, where reading `os` alone would be a tenth of the whole; so the kernel is asked through `posix`,
which the interpreter has in it.
"""

import posix
import sys

_KIND, _FOLDER = 0o170000, 0o040000


def checkout(start: str) -> str | None:
    """The nearest folder at or above `start` that has `recipes/`, else the one that was installed with envmgr."""
    installed = f"{sys.prefix}/share/envmgr"
    return _upward(start) or (installed if is_folder(f"{installed}/recipes") else None)


def own() -> str:
    """The folder with the recipes that came with this envmgr."""
    beside = __file__.rpartition("/")[0].rpartition("/")[0]
    return beside if is_folder(f"{beside}/recipes") else f"{sys.prefix}/share/envmgr"


def store(option: str | None, start: str) -> str:
    """The root of the store: the option, `$ENVMGR_STORE`, `store/` of the checkout, the user's data folder."""
    named = option or variables().get("ENVMGR_STORE")
    if named:
        return _absolute(named)
    top = _upward(start)
    if top is not None and is_folder(f"{top}/store"):
        return f"{top}/store"
    return f"{_users('XDG_DATA_HOME', '.local/share')}/store"


def config() -> str:
    """The folder of the user's configuration: `$ENVMGR_CONFIG`, else the user's own."""
    named = variables().get("ENVMGR_CONFIG")
    return _absolute(named) if named else _users("XDG_CONFIG_HOME", ".config")


def cache() -> str:
    """The user's folder for what can be made again."""
    return _users("XDG_CACHE_HOME", ".cache")


def variables() -> dict[str, str]:
    """The environment variables: as `os` has them, if it has been read, for then they may have been changed there."""
    if "os" in sys.modules:
        return dict(sys.modules["os"].environ)
    coding = (sys.getfilesystemencoding(), sys.getfilesystemencodeerrors())
    return {name.decode(*coding): value.decode(*coding) for name, value in posix.environ.items()}


def is_folder(path: str) -> bool:
    """Whether there is a folder at that path, or a link to one."""
    try:
        return posix.stat(path).st_mode & _KIND == _FOLDER
    except OSError:
        return False


def _upward(start: str) -> str | None:
    folder = _absolute(start)
    while not is_folder(f"{folder}/recipes"):
        if not folder:
            return None
        folder = folder.rpartition("/")[0]
    return folder or "/"


def _absolute(path: str) -> str:
    """The path without detours; `os` is read only where there are some."""
    if path.startswith("/") and {"", ".", ".."}.isdisjoint(path.split("/")[1:]):
        return path
    from os.path import abspath

    return abspath(path)


def _users(name: str, below_home: str) -> str:
    """Our folder below one of the user's, by the XDG base directory specification: a relative path does not count."""
    named, home = (variables().get(variable, "") for variable in (name, "HOME"))
    if named.startswith("/"):
        return f"{named}/envmgr"
    if home.startswith("/"):
        return f"{home}/{below_home}/envmgr"
    from os.path import expanduser

    return f"{expanduser('~')}/{below_home}/envmgr"
