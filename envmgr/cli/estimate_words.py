"""Medians and ratios in words, with the intervals that they lie in."""

from envmgr.results.statistics import Estimate

_NS = "_ns"


def estimate_words(value: Estimate, metric: str = "") -> str:
    """A median with its interval, nanoseconds as milliseconds."""
    scale, unit = (1e6, " ms") if metric.endswith(_NS) else (1.0, "")
    middle = f"{value.median / scale:,.5g}"
    if value.low is None or value.high is None or value.low == value.high:
        return f"{middle}{unit}"
    return f"{middle}{unit} [{value.low / scale:,.5g} to {value.high / scale:,.5g}]"


def ratio_words(ratio: Estimate) -> str:
    """A ratio with its interval, where that is known."""
    if ratio.low is None or ratio.high is None:
        return f"{ratio.median:.3g}"
    return f"{ratio.median:.3g} [{ratio.low:.3g} to {ratio.high:.3g}]"
