"""Speed against accuracy: which configurations no other one beats in both."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from envmgr.results.pages import chart, words
from envmgr.results.pages.history import Ran, groups, name_of, usual_fields
from envmgr.results.statistics import LEAST_CONFIDENCE, estimate

ROOM = 1.03
"""So much further than the last point does an axis reach."""
KINDS = ("beaten by none", "beaten by a margin that may be noise", "beaten")


@dataclass(frozen=True)
class Configuration:
    """Runs that were asked for the same on the same host."""

    name: str
    rates: tuple[float, ...]
    share: float
    """mAP, in percent; the median."""
    kind: int = 1
    """Its place in KINDS, from 1 on."""

    @property
    def rate(self) -> float:
        """Samples per second, the median."""
        return median(self.rates)


@dataclass(frozen=True)
class Front:
    """Configurations whose numbers mean the same: one recipe, one set of data, one scenario."""

    name: str
    configurations: tuple[Configuration, ...]
    """The fastest first."""
    chart: chart.Chart


def fronts(runs: Sequence[Ran]) -> Iterator[Front]:
    """A front for each recipe, data set and scenario of which several configurations have both numbers."""
    apart: dict[tuple[str, ...], list[list[Ran]]] = {}
    for group in groups([run for run in runs if run.is_valid and _has_both(run)]):
        apart.setdefault(tuple(group[0].text(name) for name in ("recipe", "axes.dataset", "axes.scenario")), []).append(
            group
        )
    for names, kept in apart.items():
        if len(kept) > 1:
            usual = usual_fields([group[0] for group in kept])
            yield _front(" · ".join(filter(None, names)), [_configuration(group, usual) for group in kept])


def judged(configurations: Sequence[Configuration]) -> list[Configuration]:
    """Each with its kind, the fastest first."""
    ordered = sorted(configurations, key=lambda item: (-item.rate, -item.share))
    return [Configuration(item.name, item.rates, item.share, _kind(item, ordered)) for item in ordered]


def _kind(one: Configuration, others: Sequence[Configuration]) -> int:
    """1 where none is better in one and no worse in the other; 3 where such a one is faster by more than noise."""
    better = [
        item
        for item in others
        if item.rate >= one.rate and item.share >= one.share and (item.rate, item.share) != (one.rate, one.share)
    ]
    if not better:
        return 1
    return 3 if any(_is_faster(item, one) for item in better) else 2


def _is_faster(one: Configuration, other: Configuration) -> bool:
    """Whether the intervals of two medians do not touch. This takes no draws: many are held against each other."""
    faster, slower = estimate(one.rates), estimate(other.rates)
    if faster.low is None or slower.high is None:
        return False
    return min(faster.confidence, slower.confidence) >= LEAST_CONFIDENCE and faster.low > slower.high


def _has_both(run: Ran) -> bool:
    return all(isinstance(run.fields.get(f"metrics.{name}"), float | int) for name in ("mAP", "samples_per_second"))


def _configuration(group: Sequence[Ran], usual: Mapping[str, object]) -> Configuration:
    rates = tuple(float(run.fields["metrics.samples_per_second"]) for run in group)
    share = median(float(run.fields["metrics.mAP"]) for run in group)
    return Configuration(name_of(group[0], usual), rates, share)


def _front(name: str, configurations: Sequence[Configuration]) -> Front:
    found = judged(configurations)
    log = found[0].rate > 20 * found[-1].rate > 0
    x = chart.across(found[-1].rate / ROOM if log else 0, found[0].rate * ROOM, log=log)
    shares = [item.share for item in found]
    y = chart.upward(max(0.0, min(shares) - 1), max(1.0, max(shares) * ROOM))
    unbeaten = [item for item in found if item.kind == 1]
    points = [
        chart.Point(
            item.rate,
            item.share,
            f"{item.name}: {words.digits(item.rate)} samples/s, mAP {item.share:.3f} %",
            item.kind,
        )
        for item in sorted(found, key=lambda item: -item.kind)  # those that none beats above the others
    ]
    return Front(
        name,
        tuple(found),
        chart.Chart(
            f"mAP over samples per second of {len(found)} configurations. Beaten by none: "
            + "; ".join(
                f"{item.name} with {words.digits(item.rate)} samples/s and {item.share:.3f} %" for item in unbeaten
            ),
            chart.axis("samples per second (logarithmic)" if log else "samples per second", x, words.digits),
            chart.axis("mAP, %", y, words.digits),
            lines=(chart.line([(item.rate, item.share) for item in unbeaten], x, y),),
            marks=chart.marks(points, x, y),
            legend=KINDS,
        ),
    )
