"""Where the user's pip looks for packages, and the same said in uv's words.

Standard library only: bootstrap.py asks before anything is installed. No address of an index stands here;
where none is configured, pip and uv know their own default.
"""

import os
import sys
from collections.abc import Iterator, Mapping
from configparser import RawConfigParser
from pathlib import Path

_UV_NAMES = {
    "cert": "SSL_CERT_FILE",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
    "index-url": "UV_DEFAULT_INDEX",
    "no-index": "UV_NO_INDEX",
    "proxy": "HTTPS_PROXY",
    "trusted-host": "UV_INSECURE_HOST",
}


def pip_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """Pip's options by name (`index-url`): what its configuration files say, then its environment variables.

    A value is the text that stands there; a list has white space between its members.
    Source: pip's user guide, "Configuration". Raises configparser.Error on a file that pip could not read either.
    """
    parser = RawConfigParser()
    parser.read(_configuration_files(environ))
    sections = [parser[name] for name in ("global", "install") if name in parser]
    settings = {name.replace("_", "-"): value for section in sections for name, value in section.items()}
    variables = {name[4:].lower().replace("_", "-"): value for name, value in environ.items() if name[:4] == "PIP_"}
    return settings | {name: value for name, value in variables.items() if value}


def uv_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment for a process that is or starts uv: what pip is told, said in uv's words as well.

    Uv reads no pip.conf. What the user says in uv's own words stays, and is said to pip too where it can be, so
    that both look in one place; among several indexes uv takes the best match, as pip does, not the first.
    """
    env = {name: value for name, value in environ.items() if value}
    if "UV_INDEX_URL" in env:  # the name before UV_DEFAULT_INDEX
        env.setdefault("UV_DEFAULT_INDEX", env["UV_INDEX_URL"])
    settings = pip_settings(environ)
    for name in _UV_NAMES.keys() & settings.keys():
        members = settings[name].split()
        env.setdefault(_UV_NAMES[name], ",".join(members) if name == "find-links" else " ".join(members))
    for pip_name, uv_name in (("PIP_INDEX_URL", "UV_DEFAULT_INDEX"), ("PIP_CERT", "SSL_CERT_FILE")):
        if uv_name in env:
            env.setdefault(pip_name, env[uv_name])
    env.setdefault("UV_INDEX_STRATEGY", "unsafe-best-match")
    return env


def _configuration_files(environ: Mapping[str, str]) -> Iterator[Path]:
    """Pip's configuration files whether they are there or not, the strongest last."""
    own = environ.get("PIP_CONFIG_FILE", "")
    if own == os.devnull:
        return
    yield from (Path(folder, "pip/pip.conf") for folder in environ.get("XDG_CONFIG_DIRS", "/etc/xdg").split(":"))
    yield Path("/etc/pip.conf")
    if not (own and Path(own).exists()):
        home = Path(environ.get("HOME") or Path.home())
        yield home / ".pip/pip.conf"
        yield Path(environ.get("XDG_CONFIG_HOME") or home / ".config", "pip/pip.conf")
    yield Path(sys.prefix, "pip.conf")
    if own:
        yield Path(own)
