"""Numbers of runs, medians and ratios in words, with the intervals that they lie in."""

from envmgr.results.statistics import Estimate

_NS = "_ns"
WHOLE = 10_000
"""From here on a number needs no part behind the point."""


def number_words(value: float, metric: str = "") -> str:
    """A number, nanoseconds as milliseconds."""
    scale, unit = (1e6, " ms") if metric.endswith(_NS) else (1.0, "")
    return f"{_digits(value / scale)}{unit}"


def estimate_words(value: Estimate, metric: str = "") -> str:
    """A median with its interval, nanoseconds as milliseconds."""
    middle = number_words(value.median, metric)
    if value.low is None or value.high is None or value.low == value.high:
        return middle
    scale = 1e6 if metric.endswith(_NS) else 1.0
    return f"{middle} [{_digits(value.low / scale)} to {_digits(value.high / scale)}]"


def ratio_words(ratio: Estimate) -> str:
    """A ratio with its interval, where that is known."""
    if ratio.low is None or ratio.high is None:
        return f"{ratio.median:.3g}"
    return f"{ratio.median:.3g} [{ratio.low:.3g} to {ratio.high:.3g}]"


def _digits(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= WHOLE else f"{value:,.5g}"
