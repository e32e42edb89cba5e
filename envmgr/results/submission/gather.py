"""From runs to what they give a submission: of each scenario an accuracy run, a performance run, and an audit.

One run can give all three. What a tree can't say (runs of other systems, rounds or origins) is refused here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from envmgr.model.errors import SubmissionError
from envmgr.model.run_record import Recorded, RunRecord
from envmgr.results.fields import below, fields
from envmgr.results.submission.checks.audits import TEST
from envmgr.results.submission.rounds import SCENARIOS, Round
from envmgr.results.submission.truncate import truncated
from envmgr.results.untouched import TouchedRunError, touched

_OTHERS = "take runs of a benchmark under LoadGen"


class UnfitRunsError(SubmissionError):
    """No tree can be made of these runs."""

    def __init__(self, reasons: Sequence[str], fix: str) -> None:
        self.reasons = tuple(reasons)
        super().__init__("no tree can be made of these runs: " + "; ".join(reasons), fix=fix)


@dataclass(frozen=True)
class Kept:
    """A run made here, and the folder that it left."""

    record: RunRecord
    folder: Path

    def read(self, name: str) -> bytes:
        """A file of it; raises UnfitRunsError where it has none."""
        return self._file(name).read_bytes()

    def read_truncated(self, name: str) -> tuple[bytes, str]:
        """The two ends of a log, and the SHA-256 of all of it; raises UnfitRunsError."""
        return truncated(self._file(name))

    def read_score(self) -> bytes:
        """What the evaluator printed; raises UnfitRunsError."""
        step = next((item.name for item in self.record.steps if item.name.startswith("score")), "score")
        return self.read(f"{step}/output.txt")

    def has(self, step: str) -> bool:
        """Whether this step was part of it."""
        return any(item.name == step for item in self.record.steps)

    def _file(self, name: str) -> Path:
        if not (self.folder / name).is_file():
            raise UnfitRunsError([f"{self.record.id} left no {name}"], "take runs of the recipe `benchmark`")
        return self.folder / name


@dataclass(frozen=True)
class Entry:
    """What a submission has of one scenario."""

    model: str
    scenario: str
    accuracy: Kept
    performance: Kept
    audit: Kept | None

    @property
    def runs(self) -> list[Kept]:
        """The runs that it is of, each once."""
        return list({item.record.id: item for item in (self.accuracy, self.performance)}.values())


def gather(runs: Sequence[tuple[Recorded, Path]], of: Round) -> list[Entry]:
    """The entries, by model and scenario.

    Args:
        runs: records with their folders.
        of: the round of the submission.

    Raises:
        UnfitRunsError: no tree can be made of them, with every reason.
        TouchedRunError: files of one are not what they were when it was recorded.
    """
    kept = [Kept(record, folder) for record, folder in runs if isinstance(record, RunRecord)]
    wrong = [f"{record.id} was made elsewhere" for record, _ in runs if not isinstance(record, RunRecord)]
    wrong += [
        f"{item.record.id} is of round {item.record.axes.get('round', 'none')}"
        for item in kept
        if item.record.axes.get("round") != of.name
    ]
    if wrong:
        raise UnfitRunsError(wrong, f"take runs made here with --set round={of.name}")
    if not kept:
        raise UnfitRunsError(["there is none"], "envmgr runs list shows those that there are")
    if faults := list(_mixed(kept)):
        raise UnfitRunsError(faults, "make a submission of one system at a time")
    for item in kept:
        if changed := touched(item.folder, item.record):
            raise TouchedRunError(item.record.id, item.folder, changed)
    entries = [_entry(model, scenario, group) for (model, scenario), group in _groups(kept).items()]
    return sorted(entries, key=lambda entry: (entry.model, SCENARIOS.index(entry.scenario)))


def _mixed(kept: Sequence[Kept]) -> Iterator[str]:
    """A system is one machine, and one device of it."""
    first, *others = (_system(item.record) for item in kept)
    for item, facts in zip(kept[1:], others, strict=True):
        for name in sorted(first.keys() | facts.keys()):
            if first.get(name) != facts.get(name):
                yield f"{item.record.id} has {name} {facts.get(name)!r}, {kept[0].record.id} {first.get(name)!r}"


def _system(record: RunRecord) -> dict[str, object]:
    return {**below(fields(record), "host."), "device": record.axes.get("device", "")}


def _groups(kept: Sequence[Kept]) -> dict[tuple[str, str], list[Kept]]:
    groups: dict[tuple[str, str], list[Kept]] = {}
    for item in sorted(kept, key=lambda item: item.record.id):
        axes = item.record.axes
        if axes.get("scenario") not in SCENARIOS:
            raise UnfitRunsError([f"{item.record.id} has no scenario"], _OTHERS)
        model = axes.get("model", item.record.recipe)
        if "/" in model or model.startswith("."):
            raise UnfitRunsError([f"{item.record.id} is of {model!r}, and no folder can be called so"], _OTHERS)
        groups.setdefault((model, axes["scenario"]), []).append(item)
    return groups


def _entry(model: str, scenario: str, group: Sequence[Kept]) -> Entry:
    return Entry(
        model,
        scenario,
        accuracy=_the_one(model, scenario, "accuracy", group),
        performance=_the_one(model, scenario, "performance", group),
        audit=next((item for item in group if item.has("audit") and item.record.axes.get("audit") == TEST), None),
    )


def _the_one(model: str, scenario: str, step: str, group: Sequence[Kept]) -> Kept:
    found = [item for item in group if item.has(step)]
    if len(found) != 1:
        named = ", ".join(item.record.id for item in found) or "none"
        raise UnfitRunsError(
            [f"{model} {scenario} needs one {step} run, and {len(found)} were named ({named})"],
            f"envmgr run benchmark --scenario {scenario} --mode both makes both at once; name one run a scenario",
        )
    return found[0]
