"""Small processes of ours that work for another one: how they are started, and how they end with it."""

import _signal as signal  # type: ignore[import-not-found]  # `signal` makes it prettier, for 5 ms
import os
import sys

SIGNAL_AT_PARENTS_DEATH = 1

_PROGRAM = "import sys; sys.path.append(sys.argv[1]); from {} import main; main(*sys.argv[2:])"
_TOP = os.path.dirname(os.path.dirname(__file__))


def command(module: str, *arguments: str) -> list[str]:
    """What runs `main` of a module with these arguments, in a Python that reads nothing but what that imports."""
    return [sys.executable, "-I", "-S", "-c", _PROGRAM.format(module), _TOP, *arguments]


def ends_with(parent: int, number: int = signal.SIGKILL) -> bool:
    """Get a signal when the thread that started this process ends; False where it has ended already."""
    import ctypes  # here, for whoever starts such processes reads this module, too

    ctypes.CDLL(None).prctl(SIGNAL_AT_PARENTS_DEATH, number, 0, 0, 0)
    return os.getppid() == parent
