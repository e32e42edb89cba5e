"""Numbers and names as people read them: a metric with its unit, bytes, a time."""

from collections.abc import Callable, Mapping

from envmgr.model.run_record import Metric

NOTHING = "\N{EN DASH}"
"""Stands where there is no value."""

NAMES: Mapping[str, str] = {
    "result_valid": "LoadGen's verdict",
    "samples_per_second": "Samples per second",
    "scheduled_samples_per_second": "Scheduled samples per second",
    "latency_min_ns": "Shortest latency",
    "latency_max_ns": "Longest latency",
    "latency_mean_ns": "Mean latency",
    "latency_p50_ns": "Latency, 50th percentile",
    "latency_p90_ns": "Latency, 90th percentile",
    "latency_p95_ns": "Latency, 95th percentile",
    "latency_p97_ns": "Latency, 97th percentile",
    "latency_p99_ns": "Latency, 99th percentile",
    "latency_p99_9_ns": "Latency, 99.9th percentile",
    "mAP": "mAP",
    "accuracy": "Accuracy",
    "early_stopping_met": "Early stopping satisfied",
    "audit_passed": "Audit passed",
}
"""Metrics that have a name of their own; others are called as the recipe's step called them."""

STATISTICS: Mapping[str, str] = {
    "AP": "Average precision, overlaps of 0.50 to 0.95 (the mAP)",
    "AP50": "Average precision, overlap of 0.50",
    "AP75": "Average precision, overlap of 0.75",
    "AP_small": "Average precision, objects of less than 32 x 32 pixels",
    "AP_medium": "Average precision, objects of 32 x 32 to 96 x 96 pixels",
    "AP_large": "Average precision, objects of more than 96 x 96 pixels",
    "AR_1": "Average recall, 1 detection a picture",
    "AR_10": "Average recall, up to 10 detections a picture",
    "AR_100": "Average recall, up to 100 detections a picture",
    "AR_small": "Average recall, objects of less than 32 x 32 pixels",
    "AR_medium": "Average recall, objects of 32 x 32 to 96 x 96 pixels",
    "AR_large": "Average recall, objects of more than 96 x 96 pixels",
}
"""COCO's twelve, in the order in which its evaluator prints them."""


def name(metric: str) -> str:
    """What a metric is called."""
    return NAMES.get(metric, metric)


def figure(metric: str, value: Metric) -> str:
    """A metric's value with its unit."""
    if isinstance(value, str):
        return value
    if metric == "result_valid":
        return "VALID" if value else "INVALID"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _FORMS[form(metric)](value)


def form(metric: str) -> str:
    """Of what kind a metric is: `time`, `percent`, `share`, `rate` or `number`."""
    if metric in STATISTICS:
        return "share"
    if metric.endswith("_ns"):
        return "time"
    if metric in {"mAP", "accuracy"}:
        return "percent"
    return "rate" if metric.endswith("_per_second") else "number"


def time(nanoseconds: float) -> str:
    """Such as `5.867 ms`: four digits that count."""
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if abs(nanoseconds) >= size:
            return f"{digits(nanoseconds / size)} {unit}"
    return f"{nanoseconds:.0f} ns" if nanoseconds else "0"


def size(count: int) -> str:
    """Such as `12.3 MB`."""
    for unit, power in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= power:
            return f"{count / power:.1f} {unit}"
    return f"{count} B"


def digits(value: float) -> str:
    """Four digits that count, and all before the point; a whole number as it is."""
    if value == int(value) and abs(value) < 1e15:  # noqa: PLR2004  beyond, floats have no ones
        return f"{int(value):,}"
    if abs(value) >= 1000:  # noqa: PLR2004  four digits before the point
        return f"{value:,.0f}"
    return f"{value:.4g}"


def metric_order(metric: str) -> tuple[int, str]:
    """Sorts metrics: those with a name of their own first, in their order."""
    known = [*NAMES, *STATISTICS]
    return known.index(metric) if metric in known else len(known), metric


_FORMS: Mapping[str, Callable[[float], str]] = {
    "time": time,
    "percent": lambda value: f"{value:.3f} %",
    "share": lambda value: "none there" if value < 0 else f"{value:.3f}",
    "rate": lambda value: f"{digits(value)} /s",
    "number": digits,
}
