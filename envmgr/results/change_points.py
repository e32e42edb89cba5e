"""Where a sequence of numbers changes its level: what moved the numbers of a benchmark, and when.

The method is Pettitt's, repeated: of all places to cut the sequence in two, the one is taken at which the ranks of the
two sides differ most. Ranks, so that one odd run moves nothing and no shape of the noise is assumed. Whether so large a
difference could be chance is asked of the numbers themselves: they are shuffled many times, and if fewer than one
shuffle in a hundred has a cut as good as this, there is a change. Each side is then looked at in the same way.

Eight numbers are the fewest of which it can say anything: of seven, shuffling alone does as well as once in seventeen.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    Numbers = np.ndarray[tuple[int], np.dtype[np.float64]]

LEAST_VALUES = 8
LEAST_SIDE = 3
"""A change holds for so many numbers on either side."""
CHANCE = 0.01
SHUFFLES = 1999
SEED = 1979


def change_points(values: Sequence[float]) -> list[int]:
    """The places of the first numbers after a change, ascending; none where the numbers are too few to tell."""
    found: list[int] = []
    asked = [(0, len(values))]
    while asked:
        start, end = asked.pop()
        cut = _cut(values[start:end])
        if cut:
            found.append(start + cut)
            asked += [(start, start + cut), (start + cut, end)]
    return sorted(found)


def _cut(values: Sequence[float]) -> int:
    """Where the sequence is best cut in two; 0 where it is of one level, for all that can be told."""
    import numpy as np

    if len(values) < LEAST_VALUES:
        return 0
    ranks = _ranks(np.asarray(values, dtype=np.float64))
    apart = _apart(ranks[np.newaxis])[0]
    shuffled = np.random.default_rng(SEED).permuted(np.tile(ranks, (SHUFFLES, 1)), axis=1)
    as_good = int((_apart(shuffled).max(axis=1) >= apart.max()).sum())
    return int(apart.argmax()) + LEAST_SIDE if (as_good + 1) / (SHUFFLES + 1) < CHANCE else 0


def _apart(
    ranks: "np.ndarray[tuple[int, int], np.dtype[np.float64]]",
) -> "np.ndarray[tuple[int, int], np.dtype[np.float64]]":
    """How far apart the ranks of two sides are, for each place to cut, each row for itself."""
    import numpy as np

    middle = (ranks.shape[1] + 1) / 2
    before: np.ndarray[tuple[int, int], np.dtype[np.float64]] = np.abs(np.cumsum(ranks - middle, axis=1))
    return before[:, LEAST_SIDE - 1 : ranks.shape[1] - LEAST_SIDE]


def _ranks(values: "Numbers") -> "Numbers":
    """The place of each number among all, from 1 on; equal ones share the mean of theirs."""
    import numpy as np

    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    shared: Numbers = (last - (counts - 1) / 2)[inverse]
    return shared
