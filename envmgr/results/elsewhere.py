"""Runs made elsewhere: LoadGen's logs in a folder, or in a tree as MLPerf publishes them, read as records.

A folder with LoadGen's detail log is a step. Steps that stand side by side as `performance` (or `performance/run_1`)
and `accuracy` are one run, whatever their tree is called; a folder of another name is a run by itself. Of a tree
`results/SYSTEM/MODEL/SCENARIO` the names count as axes. A run is named by what its logs say, so that the same logs are
the same run wherever they lie.
"""

import math
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from envmgr.content import ReadError, hash_file
from envmgr.model.digest import Digest
from envmgr.model.errors import InvalidInputError
from envmgr.model.loadgen_summary import summary_metrics
from envmgr.model.run_record import ImportedRecord, Metric, StepRecord
from envmgr.results.loadgen_logs import ANSWERS, DETAIL, SUMMARY, TRACE
from envmgr.results.submission import detail_log
from envmgr.results.submission.detail_log import DetailLog
from envmgr.results.submission.rounds import ROUNDS, SCENARIOS

RECIPE = "imported"
"""What stands for the recipe that nobody knows."""
ACCURACY = "accuracy.txt"
LOGS = (SUMMARY, DETAIL, ANSWERS, TRACE, ACCURACY)
TREES = ("results", "compliance")
"""Folders of a submission below which SYSTEM/MODEL/SCENARIO stand."""

_STEPS: Mapping[str, str] = {
    "AccuracyOnly": "accuracy",
    "PerformanceOnly": "performance",
    "FindPeakPerformance": "peak",
}
"""LoadGen's modes to the steps of a run."""
_BOTH = "SubmissionRun"
"""LoadGen's mode that answers all samples and then measures: the folder says for which of both it stands."""
_SCORE = re.compile(r"^(mAP|accuracy)=([0-9]{1,3}(?:\.[0-9]+)?)%", re.MULTILINE)
_SETTINGS = ("min_duration_ms", "max_duration_ms", "min_query_count", "max_query_count", "target_qps")
_SEEDS = ("qsl_rng_seed", "sample_index_rng_seed", "schedule_rng_seed")
_EARLIER = {
    (14284205019438841327, 4163916728725999944, 299063814864929621): "v2.1",
    (10003631887983097364, 17183018601990103738, 12134888396634371638): "v3.0",
    (148687905518835231, 520418551913322573, 811580660758947900): "v3.1",
    (13281865557512327830, 198141574272810017, 7575108116881280410): "v4.0",
    (3066443479025735752, 10688027786191513374, 14962580496156340209): "v4.1",
}
"""Rounds by their seeds, of which no more is known here."""
_POWER = "%m-%d-%Y %H:%M:%S.%f"


class NoLogsError(InvalidInputError):
    """A folder has no logs of LoadGen's."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        super().__init__(f"no {DETAIL} is here or below", where=str(folder), fix="name the folder with LoadGen's logs")


class BadLogsError(InvalidInputError):
    """Logs of LoadGen's can't be read, or contradict one another."""

    def __init__(self, place: Path, why: str) -> None:
        self.place, self.why = place, why
        super().__init__(f"no logs of one run: {why}", where=str(place), fix="import what LoadGen wrote, unchanged")


@dataclass(frozen=True)
class Elsewhere:
    """A run made elsewhere."""

    record: ImportedRecord
    files: Mapping[str, Path]
    """Where its logs lie now, by their path below the run's folder."""


@dataclass(frozen=True)
class _Step:
    """One measurement."""

    name: str
    log: DetailLog
    measured: Mapping[str, Metric]
    files: Mapping[str, Path]

    @property
    def scenario(self) -> str:
        return str(self.log.values.get("effective_scenario", ""))

    @property
    def seconds(self) -> float:
        begin, end = (str(self.log.values.get(key, "")) for key in ("power_begin", "power_end"))
        try:
            return (datetime.strptime(end, _POWER) - datetime.strptime(begin, _POWER)).total_seconds()  # noqa: DTZ007
        except ValueError:
            return 0.0

    def record(self) -> StepRecord:
        """The step as a record has it; no argv, for nobody knows it."""
        files = {path: _digest(file) for path, file in sorted(self.files.items())}
        return StepRecord(name=self.name, argv=(), seconds=self.seconds, exit_code=0, files=files)


def elsewhere(folder: Path) -> list[Elsewhere]:
    """The runs whose logs are in a folder or below it, oldest first.

    Raises:
        NoLogsError: there is none.
        BadLogsError: a log can't be read, or two of a run contradict each other.
    """
    homes: dict[tuple[Path, str], list[Path]] = {}
    for place in _places(folder):
        homes.setdefault(_home(place), []).append(place)
    if not homes:
        raise NoLogsError(folder)
    runs = [_run(home, places) for (home, _), places in homes.items()]
    return sorted(runs, key=lambda run: run.record.id)


def _places(folder: Path) -> Iterator[Path]:
    for place, _, files in os.walk(folder.absolute()):
        if DETAIL in files:
            yield Path(place)


def _home(place: Path) -> tuple[Path, str]:
    """The folder of the run that a step is of, and which repetition it is: the first has none."""
    if place.parent.name == "performance" and re.fullmatch("run_[0-9]+", place.name):
        return place.parent.parent, "" if place.name == "run_1" else place.name
    return (place.parent if place.name in _STEPS.values() else place), ""


def _run(home: Path, places: list[Path]) -> Elsewhere:
    steps = sorted((_step(place, home) for place in places), key=lambda step: step.name == "accuracy")
    names = [step.name for step in steps]
    if len({*names}) < len(names):
        raise BadLogsError(home, f"several of them measured the same: {', '.join(names)}")
    main = steps[0]
    axes = _axes(home, steps)
    started = min(_started(step, home) for step in steps)
    made = tuple(step.record() for step in steps)
    metrics = {name: value for step in reversed(steps) for name, value in _metrics(step).items()}
    record = ImportedRecord(
        id=f"{started:%Y%m%d-%H%M%S}-{_identity(made)[:6]}",
        recipe=RECIPE,
        version=str(main.log.values.get("loadgen_version", "")).partition(" ")[0],
        axes=axes,
        settings=_settings(main.log),
        started=started.isoformat(timespec="seconds"),
        seconds=round(sum(step.seconds for step in made), 3),
        steps=made,
        metrics=metrics,
        exit_code=8 if metrics.get("result_valid") is False else 0,
        source=home.name,
    )
    return Elsewhere(record, {path: file for step in steps for path, file in step.files.items()})


def _step(place: Path, home: Path) -> _Step:
    try:
        log = detail_log.read(place / DETAIL)
        measured = summary_metrics((place / SUMMARY).read_text())
    except (OSError, ValueError) as error:
        raise BadLogsError(place / DETAIL, str(error)) from error
    mode = str(log.values.get("effective_test_mode", ""))
    name = _STEPS.get(mode)
    if mode == _BOTH:
        name = "accuracy" if place.name == "accuracy" else "performance"
    if name is None:
        raise BadLogsError(place / DETAIL, f"it names no mode of LoadGen's ({mode or 'none'})")
    files = {f"{name}/{file}": place / file for file in LOGS if (place / file).is_file()}
    if name == "accuracy" and (home / ACCURACY).is_file():
        files.setdefault(f"{name}/{ACCURACY}", home / ACCURACY)
    said = measured.get("result_valid")
    if said is not None and said is not (log.values.get("result_validity", "VALID" if said else "") == "VALID"):
        raise BadLogsError(place, f"{SUMMARY} and {DETAIL} do not agree on whether the result is valid")
    return _Step(name, log, measured, files)


def _axes(home: Path, steps: list[_Step]) -> dict[str, str]:
    scenarios = {step.scenario for step in steps}
    if len(scenarios) > 1 or not scenarios <= {*SCENARIOS}:
        raise BadLogsError(home, f"their scenario is {' and '.join(sorted(scenarios)) or 'not named'}")
    names = [step.name for step in steps]
    mode = "both" if len(names) > 1 else "find-peak-performance" if names == ["peak"] else names[0]
    axes = {"scenario": scenarios.pop(), "mode": mode}
    seeds = tuple(steps[0].log.values.get(f"effective_{seed}") for seed in _SEEDS)
    rounds = _EARLIER | {item.seeds: item.name for item in ROUNDS.values()}
    if named := next((name for known, name in rounds.items() if known == seeds), ""):
        axes["round"] = named
    if re.fullmatch("TEST[0-9]{2}", home.name):
        axes["audit"] = home.name
    trees = [number for number, part in enumerate(home.parts) if part in TREES]
    if trees:
        axes |= dict(zip(("system", "model"), home.parts[trees[-1] + 1 :], strict=False))
    return dict(sorted(axes.items()))


def _settings(log: DetailLog) -> dict[str, int | float]:
    said = {name: log.values.get(f"effective_{name}") for name in _SETTINGS}
    found: dict[str, int | float] = {
        name: value for name, value in said.items() if isinstance(value, int | float) and 0 < value < math.inf
    }
    return found


def _metrics(step: _Step) -> dict[str, Metric]:
    scores = step.files.get(f"{step.name}/{ACCURACY}")
    said = _SCORE.findall(scores.read_text(errors="replace")) if scores else []
    return {**step.measured, **{name: float(value) for name, value in said}}


def _started(step: _Step, home: Path) -> datetime:
    said = str(step.log.values.get("test_datetime", ""))
    try:
        at = datetime.fromisoformat(said)
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise BadLogsError(home, f"{DETAIL} does not say when it was ({said or 'no test_datetime'})") from error


def _identity(steps: tuple[StepRecord, ...]) -> str:
    """What the logs of a run are named by: all that they say."""
    lines = [f"{digest} {path}" for step in steps for path, digest in step.files.items()]
    return Digest.of("\n".join(sorted(lines)).encode()).hex


def _digest(file: Path) -> Digest:
    try:
        return Digest(hash_file(str(file))[2])
    except ReadError as error:
        raise BadLogsError(file, "it can't be read") from error
