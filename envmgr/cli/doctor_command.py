"""`envmgr doctor`: what this host offers, and what would mend what it lacks."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click
from typing_extensions import TypedDict

from envmgr.builders.bare_host import bare_host
from envmgr.builders.interpreter import interpreter
from envmgr.builders.sandbox import describe
from envmgr.cli.answer import Answer, answers
from envmgr.cli.project import Project
from envmgr.model.axis import version_key
from envmgr.model.errors import EnvmgrError, HostError
from envmgr.store.file_system import file_system
from envmgr.store.lock_proof import fault
from envmgr.store.store import Store

LEAST_GLIBC = "2.28"
"""What the wheels' programs and ONNX Runtime ask for."""
LEAST_DISK_BYTES = 4 * 10**9
"""What the embedded benchmark needs, downloads included."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    ok: bool
    found: str
    fix: str = ""


class LacksError(HostError):
    """This host lacks what builds and runs need."""

    def __init__(self, lacking: Sequence[str]) -> None:
        self.lacking = tuple(lacking)
        super().__init__(f"this host lacks: {', '.join(lacking)}", fix="see what is said beside each")


class Health(TypedDict):
    """All that was looked at."""

    findings: list[Finding]


@click.command("doctor")
@click.pass_obj
@answers("doctor")
def command(project: Project, /) -> Answer[Health]:
    """Look at the sandbox, the C library, the interpreter, the disk and the store. Exit 12 if something is missing."""
    findings = list(_findings(project))
    lines = [
        f"{'ok     ' if item.ok else 'MISSING'} {item.subject:12} {item.found}"
        + (f"\n        fix: {item.fix}" if item.fix else "")
        for item in findings
    ]
    lacking = [item.subject for item in findings if not item.ok]
    return Answer(
        {"findings": findings},
        "\n".join(lines),
        failure=LacksError(lacking) if lacking else None,
    )


def _findings(project: Project) -> Iterator[Finding]:
    yield _sandbox()
    libc = project.facts.libc
    enough = version_key(libc) >= version_key(LEAST_GLIBC)
    yield Finding("C library", enough, libc, "" if enough else f"a host with glibc {LEAST_GLIBC} or newer")
    yield _asked("bare host", lambda: f"{len(bare_host().digests)} files are lent to builds")
    abi = project.facts.python.abi
    yield _asked("interpreter", lambda: f"{abi}: {interpreter(abi).program}")
    yield _disk(_nearest(project.store_root))
    yield _file_system(project)
    yield _store(project)
    yield from (_asked("store below", partial(_opened, root)) for root in project.below)
    if os.geteuid() == 0:
        yield Finding(
            "user", ok=True, found="root: set-id bits, owners and devices would work for real in what builds leave"
        )


def _sandbox() -> Finding:
    sandbox = describe()
    if sandbox["level"] == "sandboxed":
        return Finding("sandbox", ok=True, found="sandboxed")
    level = sandbox["level"] + (f", but for {sandbox['open']}" if sandbox.get("open") else "")
    return Finding("sandbox", ok=False, found=f"{level}: {sandbox['reason']}", fix=sandbox["remedy"])


def _disk(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    fix = "" if free >= LEAST_DISK_BYTES else "free some space, or name another store by --store"
    return Finding("disk", not fix, f"{free / 1e9:.1f} GB free at {folder}", fix)


def _file_system(project: Project) -> Finding:
    """Whether locks hold where the store lies: tried, on any but a local file system."""
    folder = _nearest(project.store_root)
    found = file_system(folder)
    if found.is_local:
        return Finding("file system", ok=True, found=f"{found}, which is local")
    if not os.access(folder, os.W_OK):
        return Finding("file system", ok=True, found=f"{found}, only read")
    reason = fault(folder) or ("" if project.config.store.trust_locks else found.one_host)
    if reason:
        return Finding("file system", ok=False, found=f"{found}: {reason}", fix="docs/network-file-systems.md")
    return Finding("file system", ok=True, found=f"{found}; locks hold")


def _store(project: Project) -> Finding:
    """Whether the store, or the folder that it will be made in, can be written: tried, not guessed from modes."""
    root = project.store_root
    try:
        tempfile.TemporaryFile(dir=_nearest(root)).close()
    except OSError as error:
        found = f"{root} can't be written: {error.strerror}"
        return Finding("store", ok=False, found=found, fix="name a store that you may write by --store")
    return _asked("store", lambda: _described(project))


def _opened(root: Path) -> str:
    with Store.open(root, read_only=True) as store:
        return f"{root}: {store.statistics().objects} objects"


def _described(project: Project) -> str:
    store = project.store_if_any()
    return f"{project.store_root}: {store.statistics().objects if store else 'no'} objects"


def _nearest(path: Path) -> Path:
    """The path, or what there is of it."""
    return next(there for there in (path, *path.parents) if there.exists())


def _asked(subject: str, question: Callable[[], str]) -> Finding:
    try:
        return Finding(subject, ok=True, found=question())
    except EnvmgrError as error:
        return Finding(subject, ok=False, found=error.message, fix=error.fix)
