"""From what moved a number down to the source or setting at the bottom: inputs that did are opened and searched."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from envmgr.bisect.difference import Element, Place
from envmgr.bisect.ends import Ends, Mix
from envmgr.bisect.judge import Contribution, Values
from envmgr.bisect.search import Bench, Findings, Found, search


@dataclass(frozen=True)
class Culprit:
    """What moves the number: one element, or several that could only be swapped together."""

    elements: tuple[Element, ...]
    contribution: Contribution | None
    inside: "Explained | None"
    """Of an input in which several things differ: which of them it was."""


@dataclass(frozen=True)
class Explained:
    """What was found between two ends, down to the bottom."""

    findings: Findings
    culprits: tuple[Culprit, ...]


def explain(
    bench: Bench,
    ends: Ends,
    elements: Sequence[Element],
    low: Mix = frozenset(),
    measured: tuple[Values, Values] | None = None,
) -> Explained:
    """Search, and search within the inputs that were found.

    Args:
        bench: who builds and runs mixes.
        ends: the two runs.
        elements: what is swapped.
        low: the mix to which it is added.
        measured: what that mix gives without and with them, where it is known.
    """
    by_place = {element.place: element for element in elements}
    findings = search(bench, [*by_place], low, measured)
    found = [_culprit(bench, ends, findings, each, by_place) for each in findings.found]
    return Explained(findings, tuple(found))


def _culprit(bench: Bench, ends: Ends, findings: Findings, found: Found, by_place: Mapping[Place, Element]) -> Culprit:
    elements = tuple(by_place[place] for place in found.places)
    inside = _opened(ends, elements)
    while len(inside) == 1:  # nothing else differs in it: that is it
        elements, inside = inside, _opened(ends, inside)
    if not inside:
        return Culprit(elements, found.contribution, None)
    here, rounds = frozenset(found.places), findings.rounds
    last = found.contribution is not None and _acts_more_last(found.contribution)
    below = findings.high - here if last else findings.low
    measured = (rounds[below], rounds[below | here]) if {below, below | here} <= rounds.keys() else None
    explained = explain(bench, ends, inside, below, measured)
    parts = [len(each.elements) for each in explained.culprits]
    is_whole = parts in ([], [len(inside)])  # no part of it is certain, or none fits alone
    return Culprit(elements, found.contribution, None if is_whole else explained)


def _opened(ends: Ends, elements: tuple[Element, ...]) -> tuple[Element, ...]:
    return ends.opened(elements[0].place) if len(elements) == 1 else ()


def _acts_more_last(contribution: Contribution) -> bool:
    alone, last = contribution.alone, contribution.last
    return alone is None or (last is not None and abs(last.median) > abs(alone.median))
