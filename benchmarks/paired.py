"""Measuring several things in one run: in rounds, in turns, judged round by round.

What else the machine does moves all sides of a round alike, so a difference or a ratio within a round says more than
one of two averages.
"""

import resource
import time
from collections.abc import Callable, Mapping
from typing import TypeVar

Measured = TypeVar("Measured")


def rounds(count: int, sides: Mapping[str, Callable[[], Measured]]) -> list[dict[str, Measured]]:
    """Measure every side once a round; who begins changes from round to round."""
    names, done = list(sides), []
    for _ in range(count):
        done.append({name: sides[name]() for name in names})
        names.append(names.pop(0))
    return done


def seconds(act: Callable[[], object]) -> float:
    """Wall seconds that an act takes."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def cpu_seconds(act: Callable[[], object]) -> float:
    """Processor seconds, of the user and of the system, of the processes that an act runs to their end."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    act()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
