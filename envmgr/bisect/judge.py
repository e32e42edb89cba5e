"""What rounds of measured mixes say: whether one differs from another, and what share of a whole that is.

In a round every mix was run once, in turns. So mixes are compared round by round: what disturbs the machine disturbs
both sides, and their difference little.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from envmgr.results.statistics import LEAST_CONFIDENCE, Estimate, estimate, paired_ratio, verdict

LEAST_SHARE = 0.1
"""A part of the whole that is smaller than this is not looked for: it is named among the rest."""

Values = Sequence[float]
"""Of one mix, round by round."""


def changes(before: Values, after: Values) -> list[float]:
    """By how much the one is above the other, round by round."""
    return [new - old for old, new in zip(before, after, strict=True)]


def is_certain(change: Estimate) -> bool:
    """Whether noise alone cannot have made a change."""
    if change.low is None or change.high is None or change.confidence < LEAST_CONFIDENCE:
        return False
    return change.low > 0 or change.high < 0


def moved(before: Values, after: Values, whole: float) -> bool:
    """Whether a change is certain, and a part of the whole that is worth naming."""
    return is_worth_naming(estimate(changes(before, after)), whole)


def is_worth_naming(change: Estimate, whole: float) -> bool:
    """As `moved`, of a change that is estimated already."""
    return is_certain(change) and abs(change.median) >= LEAST_SHARE * abs(whole)


@dataclass(frozen=True)
class Contribution:
    """What an element does to a number, in the metric's own unit and as a share of the whole difference."""

    share: Estimate
    """The mean of the two below, of the whole."""
    alone: Estimate | None
    """What it changes when all else is as in the good run; None where that cannot be run."""
    last: Estimate | None
    """What it changes when all else is as in the bad run already; None where that cannot be run."""
    means: Values
    """The mean of both, round by round."""
    matters: bool
    """Whether one of them is certain, and a part of the whole that is worth naming."""
    interacts: bool
    """What it changes depends on the other elements, whether changes are held to add up or to multiply."""


def contribution(good: Values, bad: Values, alone: Values | None, without: Values | None) -> Contribution | None:
    """What an element does; None where neither the mix with it alone nor the mix without it was measured.

    Args:
        good: of the good end.
        bad: of the bad end.
        alone: of the good end with the element.
        without: of the bad end without it.
    """
    added = changes(good, alone) if alone else None
    kept = changes(without, bad) if without else None
    parts = [each for each in (added, kept) if each]
    if not parts:
        return None
    means = [sum(each) / len(each) for each in zip(*parts, strict=True)]
    whole = changes(good, bad)
    return Contribution(
        share=estimate(shares(means, whole)),
        alone=estimate(added) if added else None,
        last=estimate(kept) if kept else None,
        means=means,
        matters=any(is_worth_naming(estimate(each), median(whole)) for each in parts),
        interacts=bool(alone and without and _interacts(good, alone, without, bad)),
    )


def shares(parts: Values, wholes: Values) -> list[float]:
    """Parts of a whole, round by round; of its median where some round shows no such whole."""
    middle = median(wholes)
    if any(whole * middle <= 0 for whole in wholes):
        wholes = [middle] * len(wholes)
    return [part / whole for part, whole in zip(parts, wholes, strict=True)]


def _interacts(good: Values, alone: Values, without: Values, bad: Values) -> bool:
    """Whether neither sums nor products explain that alone and last are different."""
    added, kept = changes(good, alone), changes(without, bad)
    if not moved(added, kept, median(changes(good, bad))):
        return False
    if min(*good, *alone, *without, *bad) <= 0:
        return True
    factors = [(old / first, new / last) for first, old, last, new in zip(good, alone, without, bad, strict=True)]
    found = paired_ratio(factors)
    return found is not None and verdict(found) == "differs"
