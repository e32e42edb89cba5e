"""Where things lie when nobody says: recipes, store, configuration. Imports next to nothing: it is on the hot path."""

import os
import sys

INSTALLED = os.path.join(sys.prefix, "share", "envmgr")
"""Where an installed envmgr has the recipes that came with it."""


def checkout(start: str) -> str | None:
    """The nearest folder at or above `start` that has `recipes/`, else the one that was installed with envmgr."""
    folder = os.path.abspath(start)
    while not os.path.isdir(os.path.join(folder, "recipes")):
        if folder == os.path.dirname(folder):
            return INSTALLED if os.path.isdir(os.path.join(INSTALLED, "recipes")) else None
        folder = os.path.dirname(folder)
    return folder


def store(option: str | None, start: str) -> str:
    """The root of the store: the option, `$ENVMGR_STORE`, `store/` of the checkout, the user's data folder."""
    named = option or os.environ.get("ENVMGR_STORE")
    if named:
        return os.path.abspath(named)
    top = checkout(start)
    if top is not None and os.path.isdir(os.path.join(top, "store")):
        return os.path.join(top, "store")
    from platformdirs import user_data_dir

    return os.path.join(user_data_dir("envmgr"), "store")


def config() -> str:
    """The folder of the user's configuration: `$ENVMGR_CONFIG`, else the platform's."""
    named = os.environ.get("ENVMGR_CONFIG")
    if named:
        return os.path.abspath(named)
    from platformdirs import user_config_dir

    return user_config_dir("envmgr")


def cache() -> str:
    """The user's folder for what can be made again."""
    from platformdirs import user_cache_dir

    return user_cache_dir("envmgr")


def memory() -> str:
    """The folder of what is remembered between commands and can be forgotten at any time."""
    from platformdirs import user_cache_dir

    return user_cache_dir("envmgr")
