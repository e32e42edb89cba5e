"""What several numbers say together: a median with the interval that it lies in, and the ratio of two such medians.

The interval of a median lies between two of its values (order statistics): whatever the noise looks like, it is as
sure as `confidence` says, which few values cannot bring to 95 %. The ratio of independent values has no such interval;
there a percentile bootstrap stands in, with a fixed seed, so that the same numbers always say the same.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np

CONFIDENCE = 0.95
LEAST_CONFIDENCE = 0.9
"""Below it an interval is shown, and nothing is concluded from it: five values are enough, four are not."""
LEAST_VALUES = 3
"""Fewer have no interval."""
RESAMPLES = 10_000
SEED = 20210
CHUNK = 1_000_000
"""Numbers that are drawn at a time, so that many values take no more memory than few."""

Verdict = Literal["differs", "within noise", "too few"]


@dataclass(frozen=True)
class Estimate:
    """A median, and where it lies for all that the values say."""

    median: float
    low: float | None
    """Null where the values are fewer than three: the interval is unknown."""
    high: float | None
    count: int
    """Values that it rests on; of a ratio, those of the side with fewer."""
    confidence: float
    """The share of such intervals that hold the true median; 0 where there is none."""


def estimate(values: Sequence[float]) -> Estimate:
    """The median of values, with its interval.

    Raises:
        ValueError: there is no value, or one is no finite number.
    """
    if not values or not all(math.isfinite(value) for value in values):
        raise ValueError(f"no median of {values!r}")
    ordered, count = sorted(map(float, values)), len(values)
    middle = median(ordered)
    if count < LEAST_VALUES:
        return Estimate(middle, None, None, count, 0.0)
    cut, confidence = _cut(count)
    return Estimate(middle, ordered[cut], ordered[-1 - cut], count, confidence)


def ratio(before: Sequence[float], after: Sequence[float]) -> Estimate | None:
    """How many times the median of `before` that of `after` is; the two sides are independent of each other.

    None where a value is not above zero, so that there is no ratio to speak of.

    Raises:
        ValueError: a side has no value, or one is no finite number.
    """
    sides = estimate(before), estimate(after)
    middle = sides[0].median, sides[1].median
    if min(*before, *after) <= 0:
        return None
    count = min(len(before), len(after))
    if count < LEAST_VALUES:
        return Estimate(middle[1] / middle[0], None, None, count, 0.0)
    import numpy as np

    draws = np.random.default_rng(SEED)
    drawn = _medians(before, draws), _medians(after, draws)
    low, high = np.quantile(drawn[1] / drawn[0], [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    sure = min(CONFIDENCE, sides[0].confidence, sides[1].confidence)  # resampling makes no side surer than it is
    return Estimate(middle[1] / middle[0], float(low), float(high), count, sure)


def paired_ratio(rounds: Sequence[tuple[float, float]]) -> Estimate | None:
    """As `ratio`, of values that were measured side by side: what moved both of a round moves no ratio.

    None where there is no round, or a value is not above zero.
    """
    if not rounds or min(min(pair) for pair in rounds) <= 0:
        return None
    return estimate([after / before for before, after in rounds])


def verdict(ratio: Estimate) -> Verdict:
    """Whether the sides of a ratio differ; `within noise` where its interval holds 1."""
    if ratio.low is None or ratio.high is None:
        return "too few"
    if ratio.low <= 1 <= ratio.high:
        return "within noise"
    return "differs" if ratio.confidence >= LEAST_CONFIDENCE else "too few"


def _cut(count: int) -> tuple[int, float]:
    """How many values on each side lie outside of the interval of the median, and how sure the interval then is.

    Each value is above the true median with a chance of one half: the interval misses it where `cut` of them or fewer
    are on one side.
    """
    halves, outside, cut, ways = 2**count, 0, 0, 1
    while True:
        outside += ways
        ways = ways * (count - cut) // (cut + 1)
        if 2 * (outside + ways) / halves > 1 - CONFIDENCE:
            return cut, 1 - 2 * outside / halves
        cut += 1


def _medians(values: Sequence[float], draws: "np.random.Generator") -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    """Medians of as many values drawn again and again from these, in whatever order they come."""
    import numpy as np

    ordered = np.sort(np.asarray(values, dtype=np.float64))
    size = max(1, CHUNK // len(ordered))
    chunks = [min(size, RESAMPLES - done) for done in range(0, RESAMPLES, size)]
    return np.concatenate([np.median(draws.choice(ordered, size=(chunk, len(ordered))), axis=1) for chunk in chunks])
