"""What each round of MLPerf Inference asks for: as its submission checker has it, and its rules beside that.

Here are the rounds whose checker was run against our trees (docs/submission-checks.md). RetinaNet is in v5.0 and v5.1
for edge and datacenter; in v6.0 the closed division takes it only for both at once; from v6.1 on it is gone.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from envmgr.model.errors import UsageError
from envmgr.results.submission.layout import APART, TOGETHER, Layout

LEAST_DURATION_MS = 600_000
"""Every performance run, of every round."""
CATEGORIES = ("datacenter", "edge", "datacenter,edge")
DIVISIONS = ("closed", "open")
SCENARIOS = ("Offline", "SingleStream", "MultiStream", "Server")


@dataclass(frozen=True)
class Benchmark:
    """One benchmark of a round."""

    dataset: str
    """The value of the axis `dataset` that is all of it."""
    samples: int
    """Of the whole data set: an accuracy run answers all."""
    performance_samples: int
    """Least number that is held in memory while LoadGen asks."""
    offline_samples: int
    """Least number in Offline's one query."""
    metric: str
    target: float
    """Least accuracy in the closed division."""
    server_latency_ns: int
    """What Server may take at most, at the 99th percentile."""
    weights: str
    """The file that MLPerf publishes."""
    scenarios: Mapping[str, tuple[str, ...]]
    """By category: what the closed division asks for; a category that is missing is not taken there."""


@dataclass(frozen=True)
class Round:
    """One round."""

    name: str
    seeds: tuple[int, int, int]
    """Of the library, of the samples, of the schedule."""
    layout: Layout
    benchmarks: Mapping[str, Benchmark]
    """By model."""


_EDGE = ("SingleStream", "MultiStream", "Offline")


def _retinanet(scenarios: Mapping[str, tuple[str, ...]]) -> Mapping[str, Benchmark]:
    return {
        "retinanet": Benchmark(
            dataset="openimages",
            samples=24_781,
            performance_samples=64,
            offline_samples=24_576,
            metric="mAP",
            target=37.55 * 0.99,
            server_latency_ns=100_000_000,
            weights="resnext50_32x4d_fpn.onnx",
            scenarios=scenarios,
        )
    }


_WHILE_ORDINARY = _retinanet(
    {"edge": _EDGE, "datacenter": ("Server", "Offline"), "datacenter,edge": (*_EDGE, "Server")}
)
ROUNDS: Mapping[str, Round] = {
    item.name: item
    for item in (
        Round(
            "v5.0",
            (6023615788873153749, 15036839855038426416, 9933818062894767841),
            APART,
            _WHILE_ORDINARY,
        ),
        Round(
            "v5.1",
            (1780908523862526354, 14771362308971278857, 18209322760996052031),
            APART,
            _WHILE_ORDINARY,
        ),
        Round(
            "v6.0",
            (2465351861681999779, 14276810075590677512, 3936089224930324775),
            TOGETHER,
            _retinanet({"datacenter,edge": (*_EDGE, "Server")}),
        ),
        Round(
            "v6.1",
            (2085463073848966840, 2747215439041700203, 16159082839903944936),
            TOGETHER,
            {},
        ),
    )
}


class UnknownRoundError(UsageError):
    """A round whose rules are not here."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"the rules of round {name!r} are not here", fix=f"one of {', '.join(ROUNDS)}")


def round_of(name: str) -> Round:
    """A round by its name, with or without the `v`.

    Raises:
        UnknownRoundError: its rules are not here.
    """
    found = ROUNDS.get(f"v{name.removeprefix('v')}")
    if found is None:
        raise UnknownRoundError(name)
    return found
