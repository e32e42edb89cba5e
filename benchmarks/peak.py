"""How much memory a process takes at its peak."""

import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from benchmarks.checkout import TOP, call

PEAK = """
import os, sys
process = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, 2, 1)])
_, status, used = os.wait4(process, 0)
print(used.ru_maxrss / 1024)
sys.exit(os.waitstatus_to_exitcode(status))
"""
"""A parent that is small itself, for a process counts what its parent had in memory when it was started."""


def peak(
    argv: Sequence[str], environ: Mapping[str, str], *, cwd: Path = TOP, expect: Collection[int] = (0,)
) -> tuple[float, str]:
    """Run a program to its end: the megabytes of the biggest process that it or its children were, and what was said.

    Raises:
        FailedError: it ended with an exit code that is not expected.
    """
    done = call([sys.executable, "-IS", "-c", PEAK, *argv], environ, cwd=cwd, expect=expect)
    return float(done.stdout), done.stderr


def peak_megabytes(argv: Sequence[str], environ: Mapping[str, str], *, cwd: Path = TOP) -> float:
    """The first half of the answer of `peak`."""
    return peak(argv, environ, cwd=cwd)[0]
