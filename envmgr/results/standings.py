"""How the configurations of a series stand: the number of each, and what can be said of it against one of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from envmgr.model.run_record import RunRecord
from envmgr.results.comparison import paired
from envmgr.results.headline import Better, headline
from envmgr.results.noise import Noise, noise
from envmgr.results.statistics import Estimate, Verdict, estimate, paired_ratio, verdict


@dataclass(frozen=True)
class Standing:
    """One configuration of a series."""

    configuration: str
    runs: tuple[str, ...]
    """The ids of the runs that count, round by round."""
    valid: int
    """Those that LoadGen does not call INVALID: the others are no measurement, and enter no number here."""
    metric: str
    """What its runs are compared by; empty where they measured nothing."""
    better: Better | None
    """Which way that is better."""
    value: Estimate | None
    """Null where no run is VALID."""
    ratio: Estimate | None
    """To that of the one it is held against, over the rounds in which both were VALID; null for that one."""
    verdict: Verdict | Literal[""]
    """What the ratio says; empty where there is none."""
    noise: tuple[Noise, ...]
    """Of each run."""

    @property
    def is_valid(self) -> bool:
        """Whether it has runs, and all of them are VALID."""
        return 0 < self.valid == len(self.runs)


def standings(runs: Mapping[str, Sequence[RunRecord]], against: str) -> list[Standing]:
    """Each configuration, held against one of them."""
    return [_standing(label, found, [] if label == against else runs[against]) for label, found in runs.items()]


def standings_by_best(runs: Mapping[str, Sequence[RunRecord]]) -> tuple[list[Standing], Standing | None]:
    """Each configuration, held against the best one; that one, if there is one."""
    alone = [_standing(label, found, []) for label, found in runs.items()]
    winner = best(alone)
    return (standings(runs, winner.configuration) if winner else alone), winner


def best(standing: Sequence[Standing]) -> Standing | None:
    """The configuration with the best median, of those whose runs were all VALID.

    None where there is none, or where they are compared by different numbers: a latency beats no rate.
    """
    found = [item for item in standing if item.is_valid and item.value is not None]
    if len({item.metric for item in found}) > 1:
        return None
    lower = bool(found) and found[0].better == "lower"
    return min(found, key=lambda item: (1 if lower else -1) * _median(item), default=None)


def _standing(label: str, runs: Sequence[RunRecord], others: Sequence[RunRecord]) -> Standing:
    valid, beside = _valid(runs), _valid(others)
    first = headline(runs[0]) if runs else None
    values = [found.value for run in valid if (found := headline(run))]
    ratio = paired_ratio(paired(beside, valid, first.metric)) if first else None
    return Standing(
        configuration=label,
        runs=tuple(run.id for run in runs),
        valid=len(valid),
        metric=first.metric if first else "",
        better=first.better if first else None,
        value=estimate(values) if values else None,
        ratio=ratio,
        verdict=verdict(ratio) if ratio else "",
        noise=tuple(noise(run) for run in runs),
    )


def _valid(runs: Sequence[RunRecord]) -> list[RunRecord]:
    return [run for run in runs if (found := headline(run)) is None or found.valid]


def _median(standing: Standing) -> float:
    return standing.value.median if standing.value else 0.0
