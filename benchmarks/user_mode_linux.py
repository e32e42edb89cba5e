"""A command under another kernel, with another clock: user-mode Linux, a Linux that runs as a process.

It needs no privilege and no hardware, only Debian's package `user-mode-linux`. The command sees the files of this
machine, read-only, and one processor; what it writes below `/mnt` is kept in memory, and gone at the end but for one
folder.
"""

import os
import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PROGRAM = "linux.uml"
ROOM = Path("/mnt")
"""Where the command may write."""
MEMORY = "6G"

INIT = """#!/bin/sh
PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mkdir -p /dev/shm
mount -t tmpfs -o size=90% tmpfs /dev/shm
mount -t tmpfs -o size=90% tmpfs {room}
mkdir {room}/answer {room}/tmp
mount -t hostfs -o {answer} none {room}/answer
ip link set lo up
{clock}
cd {folder}
env -i {environ} {command} > {room}/answer/output 2>&1
echo $? > {room}/answer/exit
sync
echo o > /proc/sysrq-trigger
sleep 60
"""


@dataclass(frozen=True)
class UserModeLinux:
    """Another kernel."""

    clock: str = ""
    """What its clock shows when it starts, as `date -s` takes it; empty: the time of now."""

    @staticmethod
    def lacks(folder: Path) -> str:
        """What there is not, to run it and get an answer in a folder; nothing where all is there."""
        if shutil.which(PROGRAM) is None:
            return f"{PROGRAM} (Debian's package user-mode-linux)"
        return "a folder that is not below /dev" if folder.is_relative_to("/dev") else ""

    def run(self, command: Sequence[str], environ: Mapping[str, str], *, folder: Path, answer: Path) -> tuple[int, str]:
        """Run a command to its end; its exit code and what it said.

        Args:
            command: the program with its arguments.
            environ: all of its environment.
            folder: where it starts.
            answer: an empty folder, not below `/dev`, which the command finds as `/mnt/answer` and can write to.
        """
        init = answer / "init"
        init.write_text(
            INIT.format(
                room=ROOM,
                answer=shlex.quote(str(answer)),
                clock=f"date -s {shlex.quote(self.clock)} > /dev/null" if self.clock else "",
                folder=shlex.quote(str(folder)),
                environ=shlex.join(f"{name}={value}" for name, value in environ.items()),
                command=shlex.join(command),
            )
        )
        init.chmod(0o755)
        argv = [PROGRAM, "rootfstype=hostfs", "rootflags=/", "ro", f"mem={MEMORY}", f"init={init}", "con=null"]
        said = subprocess.run(
            [*argv, "con0=null,fd:2", f"umid=envmgr-{os.getpid()}"],
            env={**os.environ, "TMPDIR": "/dev/shm"},  # noqa: S108  its memory is a file there
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        ).stdout
        if not (answer / "exit").exists():
            return 1, said
        return int((answer / "exit").read_text()), (answer / "output").read_text(errors="replace")
