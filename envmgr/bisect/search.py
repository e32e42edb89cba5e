"""Which elements move a number from the good end to the bad end: the search, apart from how a mix is built and run.

**The way.** The elements are swapped one group after the other, on top of one another. So the changes of all groups add
up to the whole difference, whatever they are. The two ends and the stations between them are measured in turns; where
two neighbours differ, their group is split, and its own ends are measured again with its stations. Two groups that
cancel out within one group are not seen.

**Both orders.** What an element changes may depend on what was swapped before. So each that was found is also measured
alone (on the good end) and last (taken back from the bad end). Two more mixes say whether the found ones are all: all
of them on the good end must give the bad number, and the bad end without them the good one. Where not, the way from
there is searched: so is found what acts only together with something, and what hides behind something.

**What does not fit.** A mix that cannot be built, or run, is no station; another place nearby is tried. Elements
between which there is no station stay one group.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from envmgr.bisect.difference import Place
from envmgr.bisect.ends import Mix
from envmgr.bisect.judge import Contribution, Values, changes, contribution, is_certain, moved, shares
from envmgr.results.statistics import Estimate, estimate

WAYS = 4
"""Groups that are looked at in one measurement: with the ends, one mix more."""

Group = tuple[Place, ...]
"""Elements that were not told apart: one, as a rule."""


class Bench(Protocol):
    """Who builds and runs mixes."""

    def fits(self, mix: Mix) -> bool:
        """Whether a mix can be built and run."""
        ...

    def measure(self, mixes: Sequence[Mix]) -> Mapping[Mix, Values]:
        """Let mixes that fit take turns."""
        ...


@dataclass(frozen=True)
class Found:
    """A group that moves the number."""

    places: Group
    contribution: Contribution | None
    """None where the group fits to neither end alone."""


@dataclass(frozen=True)
class Findings:
    """What was found between two ends."""

    low: Mix
    """The good end."""
    high: Mix
    """The bad end."""
    rounds: Mapping[Mix, Values]
    """What was measured last: the ends, and what was found alone and last."""
    difference: Estimate
    """The bad end's number over the good end's, in the metric's unit."""
    is_certain: bool
    """Else the ends do not differ beyond noise, and nothing was looked for."""
    found: tuple[Found, ...]
    rest: Estimate | None
    """The share of the difference that no found group has; None where nothing was looked for."""

    @property
    def good(self) -> Values:
        """What the good end gave, round by round."""
        return self.rounds[self.low]

    @property
    def bad(self) -> Values:
        """What the bad end gave."""
        return self.rounds[self.high]


def search(
    bench: Bench, elements: Sequence[Place], low: Mix = frozenset(), ends: tuple[Values, Values] | None = None
) -> Findings:
    """Find what moves the number.

    Args:
        bench: who builds and runs mixes; the two ends fit.
        elements: what can be swapped, in the order in which it is.
        low: the mix that the good end is; the bad end has the elements on top.
        ends: what the two ends gave, where they were measured side by side already.
    """
    high = low | frozenset(elements)
    rounds = bench.measure([low, high]) if ends is None else {low: ends[0], high: ends[1]}
    difference = estimate(changes(rounds[low], rounds[high]))
    if not is_certain(difference):
        return Findings(low, high, rounds, difference, is_certain=False, found=(), rest=None)
    groups: list[Group] = []
    way: tuple[Mix, Mix] | None = (low, high)
    while way:
        known = {place for group in groups for place in group}
        between = [place for place in elements if place in way[1] - way[0]]
        new = [group for group in _along(bench, between, way[0], difference.median) if not known & set(group)]
        if not new:
            break
        groups += new
        checks = _checks(bench, groups, low, high)
        rounds = bench.measure(checks) if {*checks} - {low, high} else rounds
        way = _open_way(rounds, groups, low, high, difference.median)
    return _judged(rounds, groups, low, high)


def _along(bench: Bench, elements: Sequence[Place], low: Mix, whole: float) -> Iterator[Group]:
    """The groups that move the number on the way on which they are swapped one after the other."""
    between = _stations(bench, elements, low)
    if not between:
        yield from [tuple(elements)] if elements else []
        return
    stations = [0, *between, len(elements)]
    mixes = [low | frozenset(elements[:station]) for station in stations]
    rounds = bench.measure(mixes)
    for number, (start, end) in enumerate(pairwise(stations)):
        if moved(rounds[mixes[number]], rounds[mixes[number + 1]], whole):
            yield from _along(bench, elements[start:end], mixes[number], whole)


def _stations(bench: Bench, elements: Sequence[Place], low: Mix) -> list[int]:
    """Where the way is cut: into groups of about one size, or nearby where a mix does not fit."""
    count = len(elements)
    wanted = [count * way // min(WAYS, count) for way in range(1, min(WAYS, count))] if count else []
    found: list[int] = []
    for number, place in enumerate(wanted):
        first = found[-1] + 1 if found else 1
        last = wanted[number + 1] if number + 1 < len(wanted) else count
        near = sorted(range(first, last), key=lambda station: (abs(station - place), station))
        fitting = (station for station in near if bench.fits(low | frozenset(elements[:station])))
        found += [station for station in [next(fitting, None)] if station is not None]
    return found


def _checks(bench: Bench, groups: Sequence[Group], low: Mix, high: Mix) -> list[Mix]:
    """The mixes that say what each group does alone and last, and whether they are all."""
    together = frozenset(place for group in groups for place in group)
    sets = dict.fromkeys([together, *map(frozenset, groups)])
    mixes = dict.fromkeys([low, *(low | each for each in sets), *(high - each for each in sets), high])
    return [mix for mix in mixes if mix in (low, high) or bench.fits(mix)]


def _open_way(
    rounds: Mapping[Mix, Values], groups: Sequence[Group], low: Mix, high: Mix, whole: float
) -> tuple[Mix, Mix] | None:
    """Two mixes between which the number still moves, though nothing that was found is between them."""
    together = frozenset(place for group in groups for place in group)
    for start, end in ((low | together, high), (low, high - together)):
        if start != end and {start, end} <= rounds.keys() and moved(rounds[start], rounds[end], whole):
            return start, end
    return None


def _judged(rounds: Mapping[Mix, Values], groups: Sequence[Group], low: Mix, high: Mix) -> Findings:
    good, bad = rounds[low], rounds[high]
    whole = changes(good, bad)
    rest, found = whole, []
    for group in groups:
        alone, without = rounds.get(low | frozenset(group)), rounds.get(high - frozenset(group))
        said = contribution(good, bad, alone, without)
        if said is None or said.matters:
            found.append(Found(group, said))
            rest = changes(said.means, rest) if said else rest
    return Findings(
        low=low,
        high=high,
        rounds=rounds,
        difference=estimate(whole),
        is_certain=True,
        found=tuple(sorted(found, key=lambda item: -abs(item.contribution.share.median) if item.contribution else 0)),
        rest=estimate(shares(rest, whole)),
    )
