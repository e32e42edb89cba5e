"""Stores in temporary folders, objects published into them by real builds, and child processes that use them."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from envmgr.model.derivation import BuiltOutput, Derivation
from envmgr.model.realisation import Realisation
from envmgr.model.store_path import StorePath
from envmgr.store.store import Store

ENVIRONMENT = {**os.environ, "PYTHONPATH": f"{Path(__file__).parents[3]}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}
"""What a child process needs to find envmgr."""

Publish = Callable[..., Realisation]
Child = Callable[[str], AbstractContextManager[subprocess.Popen[str]]]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def store(root: Path) -> Iterator[Store]:
    with Store.open(root) as opened:
        yield opened


def derivation_of(name: str, **settings: str) -> Derivation:
    return Derivation(
        name=name,
        version="1",
        system="x86_64-linux",
        builder="script",
        revision=1,
        output=BuiltOutput(),
        settings=settings,
    )


@pytest.fixture
def publish() -> Publish:
    """Publish a tree: `publish(store, "name", {"path": "text"}, uses=[…])`."""

    def publish(
        store: Store,
        name: str,
        files: Mapping[str, str],
        *,
        uses: Sequence[StorePath] = (),
        forbidden: Sequence[bytes] = (),
        **settings: str,
    ) -> Realisation:
        derivation = derivation_of(name, **settings)
        with store.stage(name) as staging:
            for path, text in files.items():
                (staging.out / path).parent.mkdir(parents=True, exist_ok=True)
                (staging.out / path).write_text(text)
            return store.publish(
                staging,
                derivation=derivation,
                resolved=derivation.digest,
                candidates=uses,
                isolation="sandboxed",
                bare_host={},
                forbidden=forbidden,
            ).wait()

    return publish


PRELUDE = """
import os, sys
from pathlib import Path
from envmgr.model.derivation import BuiltOutput, Derivation
from envmgr.model.store_path import StorePath
from envmgr.store.store import Store
from envmgr.store import gc

def derivation_of(name):
    return Derivation(name=name, version="1", system="x86_64-linux", builder="script", revision=1, output=BuiltOutput())

def publish(store, name, text, uses=()):
    derivation = derivation_of(name)
    with store.stage(name) as staging:
        (staging.out / "file").write_text(text)
        return store.publish(staging, derivation=derivation, resolved=derivation.digest, candidates=uses,
                             isolation="sandboxed", bare_host={}).wait()

def say(text):
    print(text, flush=True)

def wait():
    return sys.stdin.readline()
"""
"""What each script of a child process begins with."""


@pytest.fixture
def child() -> Child:
    """Run a script in a process of its own, with pipes; it is killed at the end of the block."""

    @contextmanager
    def child(script: str) -> Iterator[subprocess.Popen[str]]:
        process = subprocess.Popen(
            [sys.executable, "-c", PRELUDE + script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=ENVIRONMENT,
            text=True,
        )
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    return child


def damage(top: Path, what: str) -> None:
    """Do to an object with a file `doc` what a careless person or a bad disk does."""
    doc = top / "doc"
    top.chmod(0o755)
    if doc.exists():
        doc.chmod(0o644)
    match what:
        case "a byte":
            doc.write_text("Words")
        case "the executable bit":
            doc.chmod(0o555)
        case "a missing file":
            doc.unlink()
        case "one file more":
            (top / "more").touch()
        case "a link for a file":
            doc.unlink()
            doc.symlink_to("bin/hello")
        case "a fifo":
            os.mkfifo(top / "fifo")
        case "a missing object":
            top.rename(top.parent.parent / "away")


DAMAGES = ["a byte", "the executable bit", "a missing file", "one file more", "a link for a file", "a fifo"]
DAMAGES += ["a missing object"]
"""Kinds of damage to the content of an object."""


def _line(number: int, text: bytes) -> Callable[[bytes], bytes]:
    def changed(record: bytes) -> bytes:
        lines = record.split(b"\n")
        lines[number] = text
        return b"\n".join(lines)

    return changed


RECORD_DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "emptied": lambda _: b"",
    "its description": _line(0, b"{}"),
    "a realisation": _line(1, b"{}"),
    "a realisation that is gone": lambda record: b"\n".join([record.split(b"\n")[0], *record.split(b"\n")[2:]]),
    "the text of a derivation": lambda record: record.replace(b"x86_64", b"x86_65"),
    "its manifest": lambda record: record[:-1],
    "one line more": _line(2, b"more\n"),
}
"""Kinds of damage to the record of an object with one realisation."""
