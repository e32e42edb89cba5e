"""What a bisection came to, as data."""

from collections.abc import Iterator, Sequence
from typing import Literal

from typing_extensions import TypedDict

from envmgr.bisect.culprits import Culprit, Explained
from envmgr.bisect.difference import MISSING, Element
from envmgr.bisect.ends import Ends
from envmgr.bisect.names import element_name, is_input, roles
from envmgr.bisect.trials import Unfit
from envmgr.explain.causes import Cause
from envmgr.model.field_change import FieldChange
from envmgr.model.run_record import RunRecord
from envmgr.results.comparison import ConditionChange, compare, numbers
from envmgr.results.statistics import Estimate, estimate


class Named(TypedDict):
    """Something that moves the number: one element, or several that could only be swapped together."""

    elements: list[FieldChange]
    within: str
    """The input in which it was looked for; empty for what was looked for in the runs themselves."""
    share: Estimate | None
    """Of the difference between the ends; of what is within an input, of what that input changes. Null where it fits
    to neither end alone."""
    alone: Estimate | None
    """What it changes when all else is as in the good run; null where that cannot be run."""
    last: Estimate | None
    """What it changes when all else is as in the bad run already; null where that cannot be run."""
    interacts: bool
    """What it changes depends on what else was swapped, whether changes are held to add up or to multiply."""
    is_bottom: bool
    """Whether nothing was looked for within it."""
    causes: list[Cause]
    """Of an input at the bottom: which texts and files differ, in it and below it."""


class Bisection(TypedDict):
    """What moved a number between two runs."""

    series: str
    """The id of the bisection; its measurements are the series `ID-01`, `ID-02` and so on, its trials `ID-00`."""
    metric: str
    good: str
    bad: str
    verdict: Literal["named", "spread", "host"]
    """`host`: the ends do not differ beyond noise when they are measured today, or nothing of them could be swapped;
    `spread`: they do, and no part is large and certain enough to be named."""
    recorded_good: Estimate
    """As the runs that were named have it."""
    recorded_bad: Estimate
    measured_good: Estimate | None
    """As it was measured today, in turns; null where nothing could be swapped."""
    measured_bad: Estimate | None
    difference: Estimate | None
    """The bad end over the good one, measured today, round by round."""
    came_back: float | None
    """The share of the recorded difference that came back today; what is missing is the host's, or was noise."""
    swapped: list[str]
    """All that differs between the runs and could be swapped."""
    named: list[Named]
    """What moves the number, the largest share first; what is within an input follows it."""
    rest: Estimate | None
    """The share that nothing named has."""
    unfit: list[Unfit]
    """Mixes that could not be built or run."""
    lent: list[FieldChange]
    """What of the host differed between the runs that were named."""
    conditions: list[ConditionChange]
    """What the machine did beside them."""


def bisection(
    series: str,
    metric: str,
    *,
    sides: Sequence[Sequence[RunRecord]],
    ends: Ends,
    explained: Explained | None,
    unfit: Sequence[Unfit],
    causes: Sequence[Cause],
) -> Bisection:
    """Put together what was found."""
    then = [estimate(numbers(runs, metric)) for runs in sides]
    records, findings = compare(*sides), explained.findings if explained else None
    named = list(_named(explained, "", causes)) if explained else []
    apart = then[1].median - then[0].median
    return {
        "series": series,
        "metric": metric,
        "good": sides[0][0].id,
        "bad": sides[1][0].id,
        "verdict": "host" if findings is None or not findings.is_certain else "named" if named else "spread",
        "recorded_good": then[0],
        "recorded_bad": then[1],
        "measured_good": estimate(findings.good) if findings else None,
        "measured_bad": estimate(findings.bad) if findings else None,
        "difference": findings.difference if findings else None,
        "came_back": findings.difference.median / apart if findings and apart else None,
        "swapped": [element_name(element.place) for element in ends.elements],
        "named": named,
        "rest": findings.rest if findings else None,
        "unfit": list(unfit),
        "lent": list(records.lent),
        "conditions": list(records.conditions),
    }


def _named(explained: Explained, within: str, causes: Sequence[Cause]) -> Iterator[Named]:
    for culprit in explained.culprits:
        said = culprit.contribution
        yield {
            "elements": [_change(element) for element in culprit.elements],
            "within": within,
            "share": said.share if said else None,
            "alone": said.alone if said else None,
            "last": said.last if said else None,
            "interacts": bool(said and said.interacts),
            "is_bottom": culprit.inside is None,
            "causes": [] if culprit.inside else list(_causes(culprit, causes)),
        }
        if culprit.inside:
            yield from _named(culprit.inside, element_name(culprit.elements[0].place), causes)


def _change(element: Element) -> FieldChange:
    before, after = (None if side is MISSING else side for side in (element.before, element.after))
    return FieldChange(element_name(element.place), before, after)


def _causes(culprit: Culprit, causes: Sequence[Cause]) -> Iterator[Cause]:
    """What is known of inputs at the bottom; a cause is known by its shortest way alone, or by its two derivations."""
    ways = [roles(element.place) for element in culprit.elements if is_input(element.place)]
    pairs = {(str(element.before), str(element.after)) for element in culprit.elements}
    for cause in causes:
        if any(cause.way[: len(way)] == way for way in ways) or (str(cause.before), str(cause.after)) in pairs:
            yield cause
