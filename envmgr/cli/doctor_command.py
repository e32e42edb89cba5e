"""`envmgr doctor`: what this host offers, and what would mend what it lacks."""

import os
import shutil
from collections.abc import Callable, Iterator
from typing import NamedTuple

import click

from envmgr.builders.bare_host import bare_host
from envmgr.builders.interpreter import interpreter
from envmgr.builders.sandbox import describe
from envmgr.cli.answer import Answer, answers
from envmgr.cli.project import Project
from envmgr.model.axis import version_key
from envmgr.model.errors import EnvmgrError, HostError

LEAST_GLIBC = "2.28"
"""What the wheels' programs and ONNX Runtime ask for."""
LEAST_DISK_BYTES = 4 * 10**9
"""What the embedded benchmark needs, downloads included."""


class Finding(NamedTuple):
    """One thing that was looked at."""

    subject: str
    ok: bool
    found: str
    fix: str = ""


@click.command("doctor")
@click.pass_obj
@answers("doctor")
def command(project: Project, /) -> Answer:
    """Look at the sandbox, the C library, the interpreter, the disk and the store. Exit 12 if something is missing."""
    findings = list(_findings(project))
    lines = [
        f"{'ok     ' if item.ok else 'MISSING'} {item.subject:12} {item.found}"
        + (f"\n        fix: {item.fix}" if item.fix else "")
        for item in findings
    ]
    failed = any(not item.ok for item in findings)
    return Answer(
        {"findings": [item._asdict() for item in findings]},
        "\n".join(lines),
        exit_code=HostError.exit_code if failed else 0,
    )


def _findings(project: Project) -> Iterator[Finding]:
    sandbox = describe()
    full = sandbox["level"] == "sandboxed"
    yield Finding(
        "sandbox", full, sandbox["level"] + (f": {sandbox['reason']}" if not full else ""), sandbox.get("remedy", "")
    )
    libc = project.facts.libc
    enough = version_key(libc) >= version_key(LEAST_GLIBC)
    yield Finding("C library", enough, libc, "" if enough else f"a host with glibc {LEAST_GLIBC} or newer")
    yield _asked("bare host", lambda: f"{len(bare_host().digests)} files are lent to builds")
    abi = project.facts.python.abi
    yield _asked("interpreter", lambda: f"{abi}: {interpreter(abi).program}")
    root = project.store_root
    there = next(folder for folder in (root, *root.parents) if folder.exists())
    free = shutil.disk_usage(there).free
    yield Finding(
        "disk", free >= LEAST_DISK_BYTES, f"{free / 1e9:.1f} GB free at {there}",
        "" if free >= LEAST_DISK_BYTES else "free some space, or name another store by --store",
    )  # fmt: skip
    writable = os.access(there, os.W_OK)
    yield Finding("store", writable, str(root), "" if writable else "name a store that you may write by --store")
    if os.geteuid() == 0:
        yield Finding(
            "user", ok=True, found="root: set-id bits, owners and devices would work for real in what builds leave"
        )


def _asked(subject: str, question: Callable[[], str]) -> Finding:
    try:
        return Finding(subject, ok=True, found=question())
    except EnvmgrError as error:
        return Finding(subject, ok=False, found=error.message, fix=error.fix)
