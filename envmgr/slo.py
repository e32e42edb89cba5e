"""The highest rate at which a server keeps its latency bound: bracketed, bisected, and confirmed by several runs.

LoadGen's verdict judges every run. On a machine in use one verdict is no proof, in either direction: a rate *holds*
where most of so many runs at it are VALID, and is *refused* where most are not. A rate is asked no more often than
that takes, but for the highest that holds: it gets all of its runs.

What is asked for lies between the highest rate that holds and the lowest that is refused. That a lower rate than the
one that holds would hold as well is taken for granted, and so is never tried.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

STEP = 1.25
"""The first step away from where a search starts; each further one is the square of the one before, up to:"""
WIDEST_STEP = 2.0
MOST_RATES = 30
"""Until a rate that holds and one that does not are found."""
FARTHEST_DOWN = 64
"""How many times lower than the start a rate may be: with fewer queries a second each run takes longer."""
DIGITS = 4
"""Of a rate; no run tells apart what differs by less."""


@dataclass(frozen=True)
class Probed:
    """One rate, and what LoadGen said of each run at it."""

    rate: float
    verdicts: tuple[bool, ...]
    """True where it was VALID."""
    holds: bool


@dataclass(frozen=True)
class Found:
    """What a search came to."""

    probed: tuple[Probed, ...]
    """Every rate, in the order in which it was first tried."""

    @property
    def highest(self) -> Probed | None:
        """The highest rate that holds."""
        return max((item for item in self.probed if item.holds), key=lambda item: item.rate, default=None)

    @property
    def lowest_refused(self) -> Probed | None:
        """The lowest rate that is refused."""
        return min((item for item in self.probed if not item.holds), key=lambda item: item.rate, default=None)


def search(ask: Callable[[float, int], bool], start: float, *, runs: int, tolerance: float) -> Found:
    """Find the highest rate that holds.

    Args:
        ask: makes the run of a rate that has this number, from 1 on, and says whether it was VALID.
        start: where to begin.
        runs: of how many runs at a rate most have to be VALID.
        tolerance: the share of a rate that need not be known better.
    """
    return _Search(ask, runs, tolerance).go(tidy(start))


def tidy(rate: float) -> float:
    """A rate with as many digits as are worth saying."""
    return float(f"{rate:.{DIGITS}g}")


class _Search:
    def __init__(self, ask: Callable[[float, int], bool], runs: int, tolerance: float) -> None:
        self._ask, self._runs, self._tolerance = ask, runs, tolerance
        self._verdicts: dict[float, list[bool]] = {}

    def go(self, start: float) -> Found:
        low, high = self._bracket(start)
        while low is not None and high is not None and high / low > 1 + self._tolerance:
            middle = tidy(math.sqrt(low * high))
            if not low < middle < high:
                break
            low, high = (middle, high) if self._holds(middle) else (low, middle)
        if low is not None:
            self._ask_up_to(low, lambda: len(self._verdicts[low]) == self._runs)
        return Found(tuple(Probed(rate, tuple(said), self._most(said)) for rate, said in self._verdicts.items()))

    def _bracket(self, start: float) -> tuple[float | None, float | None]:
        """A rate that holds and one that does not, as far as there are such."""
        up = self._holds(start)
        last, step = start, STEP
        while len(self._verdicts) < MOST_RATES and last * FARTHEST_DOWN > start:
            rate = tidy(last * step if up else last / step)
            if self._holds(rate) is not up:
                return (last, rate) if up else (rate, last)
            last, step = rate, min(step * step, WIDEST_STEP)
        return (last, None) if up else (None, last)

    def _holds(self, rate: float) -> bool:
        said = self._verdicts.setdefault(rate, [])
        needed = self._runs // 2 + 1
        self._ask_up_to(rate, lambda: sum(said) >= needed or len(said) - sum(said) > self._runs - needed)
        return self._most(said)

    def _ask_up_to(self, rate: float, enough: Callable[[], bool]) -> None:
        while not enough():
            self._verdicts[rate].append(self._ask(rate, len(self._verdicts[rate]) + 1))

    def _most(self, said: list[bool]) -> bool:
        return sum(said) > self._runs // 2
