"""How two runs differ, in words: never an arrow up or down for what noise alone could have made."""

from collections.abc import Iterator

from envmgr.cli.cause_words import cause_words
from envmgr.cli.estimate_words import estimate_words, ratio_words
from envmgr.explain.run_diff import ClosureCauses, RunDiff
from envmgr.results.comparison import ConditionChange, MetricChange

_VERDICTS = {
    "same": "the same",
    "within noise": "within noise",
    "too few": "not known from so few runs",
    "no ratio": "not compared: not all are above zero",
}


def run_words(diff: RunDiff) -> Iterator[str]:
    """The lines: metrics, what was chosen, why the closures differ, what the machine gave and did."""
    records = diff.records
    yield "metrics:"
    yield from (f"  {_metric(change)}" for change in records.metrics)
    yield from (f"  {change}" for change in records.texts)
    yield from _part("settings, axes, environment:", [str(change) for change in records.stated])
    if diff.closure is None:
        yield "a side was made elsewhere: what it was made from, and on what host, is not known"
        return
    yield from _closure(diff.closure)
    yield from _part("host:", [str(change) for change in records.lent])
    yield "while it ran:"
    yield from (f"  {_condition(change)}" for change in records.conditions)


def _part(head: str, lines: list[str]) -> Iterator[str]:
    yield head
    yield from (f"  {line}" for text in lines or ["no difference"] for line in text.split("\n"))


def _metric(change: MetricChange) -> str:
    before, after = (estimate_words(side, change.metric) for side in (change.before, change.after))
    if change.verdict != "differs" or change.ratio is None:
        return f"{change.metric}: {before}, {after}: {_VERDICTS[change.verdict]}"
    way = "higher" if change.grew else "lower"
    judged = f", which is {'better' if change.is_improvement else 'worse'}" if change.better else ""
    return f"{change.metric}: {before} -> {after}: {way}, {ratio_words(change.ratio)} times{judged}"


def _condition(change: ConditionChange) -> str:
    return f"{change.condition}: {estimate_words(change.before)}, {estimate_words(change.after)}"


def _closure(found: ClosureCauses) -> Iterator[str]:
    yield f"closure ({found.common} objects are in both):"
    if not (found.objects or found.causes or found.follows or found.unreproduced):
        yield "  no difference"
    yield from (f"  {line}" for cause in found.causes for line in cause_words(cause))
    yield from (f"  {change}" for change in found.unreproduced)
    if found.follows:
        yield "  what differs only because of that:"
        yield from (f"    {item}" for item in found.follows)
    if found.cut_off:
        yield f"  made otherwise, with the same bytes: {', '.join(found.cut_off)}"
    if found.objects:
        yield "  objects:"
        yield from (f"    {change}" for change in found.objects)
