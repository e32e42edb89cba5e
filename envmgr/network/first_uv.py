"""A new environment with the pinned uv, made with nothing installed: for bootstrap.py, standard library only.

Uv comes through pip, or straight from the index that the user's pip is configured with. Its pins are those of
requirements.txt, and a wheel whose SHA-256 is not among them is never opened.
"""

import base64
import hashlib
import importlib.util
import platform
import re
import shlex
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from http.client import HTTPException
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit
from urllib.request import Request, urlopen

from envmgr.model.errors import FetchError, HostError, IntegrityError

_TIMEOUT = 60
"""Seconds without a byte."""
_LIMIT = 200_000_000
"""Bytes: ten times uv's wheel."""
_FIX = (
    "look at the network, the proxy (HTTPS_PROXY), the certificates (Debian's ca-certificates, or SSL_CERT_FILE), "
    "the index (PIP_INDEX_URL) and the free disk, then give the same command again"
)


@dataclass(frozen=True)
class _Pin:
    """The lines of requirements.txt that pin uv, and what they say."""

    lines: str
    version: str
    hashes: frozenset[str]
    """SHA-256 in hexadecimal, one for each platform's wheel."""


def make_venv(venv: Path, requirements: Path, keep: Path, environ: Mapping[str, str]) -> Path:
    """Makes an environment of this interpreter, with the uv that the requirements pin, and returns uv's program.

    The environment can be moved. Its folder is for scratch as well; the wheel of uv stays in the folder `keep` for
    the next time. The environment variables are uv_environment()'s.
    Raises FetchError, IntegrityError, and HostError where there is neither a pip nor an index.
    """
    pin = _read_pin(requirements)
    uv = _unpack(_wheel(pin, keep, venv.parent, environ), pin, venv.parent)
    run([uv, "venv", "--quiet", "--relocatable", "--prompt", "envmgr", "--python", sys.executable, venv], environ)
    options = ["--quiet", "--offline", "--no-index", f"--find-links={keep}", "--no-deps", f"--python={venv}"]
    run([uv, "pip", "install", *options, f"uv=={pin.version}"], environ)
    return uv


def run(command: Sequence[str | Path], environ: Mapping[str, str]) -> None:
    """Runs one step, its words on our stderr; it inherits every inheritable descriptor. Raises FetchError."""
    here = Path(__file__).parent  # uv heeds the settings of the project that it is called in: ours, not the user's
    code = subprocess.call(command, cwd=here, env=environ, stdin=subprocess.DEVNULL, stdout=sys.stderr, close_fds=False)
    if code:
        what = shlex.join(str(word) for word in command)
        raise FetchError(f"a step ended with {code}; its own words are above", where=what, fix=_FIX)


def _read_pin(requirements: Path) -> _Pin:
    found = re.search(r"^uv==(\S+)(?: *\\\n +--hash=sha256:[0-9a-f]{64})+$", requirements.read_text(), re.MULTILINE)
    if found is None:
        raise IntegrityError("no uv is pinned by hashes", where=str(requirements), fix="restore the file")
    return _Pin(lines=found[0], version=found[1], hashes=frozenset(re.findall(r"sha256:(\w+)", found[0])))


def _wheel(pin: _Pin, keep: Path, scratch: Path, environ: Mapping[str, str]) -> Path:
    """The checked wheel of uv: the one that was kept, else a new one, which is kept from now on."""
    for wheel in keep.glob("uv-*.whl"):
        if _digest(wheel) in pin.hashes:
            return wheel
        wheel.unlink()
    sys.stderr.write(f"bootstrap: fetching uv {pin.version} (about 20 MB)\n")
    _bring_wheel(pin, scratch, environ)
    wheel = next(scratch.glob("uv-*.whl"))
    if _digest(wheel) not in pin.hashes:
        what = f"the SHA-256 is {_digest(wheel)}, which is not pinned"
        raise IntegrityError(what, where=wheel.name, fix="ask another index (PIP_INDEX_URL): these are other bytes")
    return wheel.rename(keep / wheel.name)


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _unpack(wheel: Path, pin: _Pin, folder: Path) -> Path:
    program = folder / "uv"
    with zipfile.ZipFile(wheel) as archive:
        program.write_bytes(archive.read(f"uv-{pin.version}.data/scripts/uv"))
    program.chmod(0o755)
    return program


def _bring_wheel(pin: _Pin, folder: Path, environ: Mapping[str, str]) -> None:
    if importlib.util.find_spec("pip"):
        _ask_pip(sys.executable, pin, folder, environ)
    elif importlib.util.find_spec("ensurepip"):
        run([sys.executable, "-m", "venv", folder / "pip"], environ)
        _ask_pip(f"{folder}/pip/bin/python", pin, folder, environ)
    elif "UV_DEFAULT_INDEX" in environ:
        _ask_index(environ["UV_DEFAULT_INDEX"], pin, folder)
    else:
        raise HostError(
            "this Python has neither pip nor ensurepip, and no package index is configured",
            where=sys.executable,
            fix="install Debian's package python3-venv, or set PIP_INDEX_URL to the address of a package index",
        )


def _ask_pip(python: str, pin: _Pin, folder: Path, environ: Mapping[str, str]) -> None:
    requirements = folder / "uv.txt"
    requirements.write_text(pin.lines)
    quiet, pinned = ["--quiet", "--disable-pip-version-check"], ["--require-hashes", "--no-deps", "--only-binary=:all:"]
    command = [python, "-m", "pip", "download", *quiet, *pinned, f"--dest={folder}", f"--requirement={requirements}"]
    run(command, {**environ, "PIP_REQUIRE_VIRTUALENV": "0"})


def _ask_index(index: str, pin: _Pin, folder: Path) -> None:
    page = index.rstrip("/") + "/uv/"
    shown = _without_password(page)
    try:
        links = _Links(_get(page).decode()).found
        wheel = next((link for link in links if _fits(_file_name(link), pin.version)), None)
        if wheel is None:
            raise FetchError(f"no wheel of uv {pin.version} fits this machine", where=shown, fix="ask another index")
        Path(folder, _file_name(wheel)).write_bytes(_get(urljoin(page, wheel)))
    except (OSError, HTTPException, ValueError) as error:
        raise FetchError(f"the package index gave no wheel of uv: {error}", where=shown, fix=_FIX) from error


class _Links(HTMLParser):
    """The addresses on a page of a package index (PEP 503)."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value for name, value in attrs if (tag, name) == ("a", "href") and value]


def _get(address: str) -> bytes:
    """What lies at the address. A name and password in it go to its own host, never along a redirection."""
    parts = urlsplit(address)
    request = Request(_without_password(address))
    request.add_header("Accept", "text/html, */*;q=0.1")
    if parts.username:
        secret = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        request.add_unredirected_header("Authorization", f"Basic {base64.b64encode(secret.encode()).decode()}")
    with urlopen(request, timeout=_TIMEOUT) as answer:
        content: bytes = answer.read(_LIMIT)
    return content


def _without_password(address: str) -> str:
    parts = urlsplit(address)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment="").geturl()


def _file_name(link: str) -> str:
    return unquote(urlsplit(link).path.rpartition("/")[2])


def _fits(wheel: str, version: str) -> bool:
    libc = "manylinux" if platform.libc_ver()[0] == "glibc" else "musllinux"
    fitting = rf"uv-{re.escape(version)}-py3-none-.*\b{libc}_\d+_\d+_{platform.machine()}\b.*\.whl"
    return re.fullmatch(fitting, wheel) is not None
