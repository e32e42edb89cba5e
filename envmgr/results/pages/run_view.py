"""A run as a page shows it: its record and its logs, in the order in which people ask."""

import base64
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from envmgr.model.host import HostFacts
from envmgr.model.run_record import Metric, Recorded, RunRecord
from envmgr.results import repeat
from envmgr.results.detected import Picture, pictures
from envmgr.results.headline import headline
from envmgr.results.latencies import Latencies, latencies
from envmgr.results.loadgen_logs import UnreadableResultError, read_logs
from envmgr.results.loadgen_words import Part, parts
from envmgr.results.noise import noise
from envmgr.results.pages import drawings, words
from envmgr.results.pages.chart import Chart
from envmgr.results.pages.shown import Branch, ShownRun, closure_tree
from envmgr.results.submission.rules import not_submittable

PICTURES = 6
MOST_PICTURE_BYTES = 48_000
"""A larger picture is made smaller; where that cannot be, its boxes are drawn on a plain ground."""
CLASSES = "classes.json"
Row = tuple[str, str]


@dataclass(frozen=True)
class Badge:
    """A verdict in a word or two, and whether it is good, bad or neither."""

    text: str
    tone: str
    """`good`, `bad` or `plain`."""


@dataclass(frozen=True)
class Drawn:
    """A picture with its bytes as they stand in a page; empty where they are too many, or not here."""

    picture: Picture
    address: str


@dataclass(frozen=True)
class Impurity:
    """Something that the run took from the host, or that no sandbox held."""

    what: str
    detail: str
    """Its digest, or how it was held."""


@dataclass(frozen=True)
class RunView:
    """All that a page says of a run."""

    record: Recorded
    made_here: bool
    title: str
    badges: tuple[Badge, ...]
    figures: tuple[Row, ...]
    """The numbers that people look for first, with their names."""
    refused: tuple[str, ...]
    """Why it is not submittable."""
    metrics: tuple[tuple[str, Metric], ...]
    statistics: tuple[tuple[str, float], ...]
    """COCO's twelve."""
    summary: tuple[Part, ...]
    latencies: Latencies | None
    histogram: Chart | None
    classes: tuple[tuple[str, float, float], ...]
    """Name, AP and AP50, the best first."""
    pictures: tuple[Drawn, ...]
    tree: tuple[Branch, ...]
    host: tuple[Row, ...]
    noise: tuple[Row, ...]
    disturbed: tuple[str, ...]
    """Why its number is not to be believed."""
    impure: tuple[Impurity, ...]
    command: str

    @property
    def scenario(self) -> str:
        """LoadGen's scenario; empty where the recipe has none."""
        return self.record.axes.get("scenario", "")

    @property
    def looked(self) -> bool:
        """Whether there is something to say of its accuracy."""
        return bool(self.statistics or self.pictures or "accuracy" in self.record.metrics)

    @property
    def percentiles(self) -> list[Row]:
        """Some points of the latency curve, in words."""
        curve = self.latencies.curve if self.latencies else ()
        if not self.latencies or not self.latencies.count:
            return [("fastest" if share == 0 else f"{share:g} %", words.time(time)) for time, share in curve]
        asked = (1, 5, 10, 25, 50, 75, 90, 95, 97, 99, 99.9, 100)
        return [(f"{share:g} %", words.time(next(time for time, up in curve if up >= share))) for share in asked]


def view(run: ShownRun) -> RunView:
    """Read what a page says of a run.

    Raises:
        UnreadableResultError: a file of the run or of its data is broken.
    """
    record, logs = run.record, read_logs(run.folder)
    scenario = record.axes.get("scenario", "")
    known = latencies(logs.trace, record.metrics, scenario)
    looked = pictures(logs.accuracy, run.annotations, PICTURES) if logs.accuracy and run.annotations else []
    here = record if isinstance(record, RunRecord) else None
    return RunView(
        record=record,
        made_here=here is not None,
        title=" · ".join(filter(None, [record.recipe, scenario, record.axes.get("mode", "")])),
        badges=tuple(_badges(record)),
        figures=tuple(_figures(record)),
        refused=tuple(not_submittable(record)),
        metrics=tuple(_metrics(record)),
        statistics=tuple(_statistics(record)),
        summary=tuple(parts(logs.summary)),
        latencies=known,
        histogram=drawings.histogram(known) if known else None,
        classes=tuple(_classes(run.folder)),
        pictures=tuple(_drawn(run, looked)),
        tree=tuple(closure_tree(run)),
        host=tuple(_host(here.host)) if here else (),
        noise=tuple(_noise(here)) if here else (),
        disturbed=noise(here).disturbed if here else (),
        impure=tuple(_impure(here, run)) if here else (),
        command=repeat.command(record),
    )


def _badges(record: Recorded) -> Iterator[Badge]:
    valid = record.metrics.get("result_valid")
    if valid is not None:
        yield Badge("VALID", "good") if valid else Badge("INVALID", "bad")
    if record.exit_code == 9:  # noqa: PLR2004  AccuracyError's
        yield Badge("accuracy below target", "bad")
    if "audit_passed" in record.metrics:
        passed = record.metrics["audit_passed"]
        yield Badge(
            f"{record.axes.get('audit', 'audit')} {'passed' if passed else 'failed'}", "good" if passed else "bad"
        )
    if not isinstance(record, RunRecord):
        yield Badge("imported", "plain")
    else:
        if record.isolation != "sandboxed":
            yield Badge(f"run {record.isolation}", "bad")
        if noise(record).disturbed:
            yield Badge("disturbed", "bad")
    if not_submittable(record):
        yield Badge("not submittable", "plain")


def _figures(record: Recorded) -> Iterator[Row]:
    number, metrics = headline(record), record.metrics
    wanted = [number.metric if number else "", "samples_per_second", "latency_p99_ns", "mAP", "accuracy"]
    for name in dict.fromkeys(wanted):
        if name in metrics:
            yield words.name(name), words.figure(name, metrics[name])
    yield "Time of the whole run", f"{record.seconds:,.1f} s"


def _metrics(record: Recorded) -> list[tuple[str, Metric]]:
    rest = [item for item in record.metrics.items() if item[0] not in words.STATISTICS]
    return sorted(rest, key=lambda item: words.metric_order(item[0]))


def _statistics(record: Recorded) -> Iterator[tuple[str, float]]:
    for name in words.STATISTICS:
        value = record.metrics.get(name)
        if isinstance(value, int | float):
            yield name, float(value)


def _classes(folder: Path) -> Sequence[tuple[str, float, float]]:
    found = next(iter(sorted(folder.rglob(CLASSES))), None)
    if found is None:
        return []
    try:
        listed = [
            (str(item["name"]), float(item["AP"]), float(item["AP50"])) for item in json.loads(found.read_bytes())
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise UnreadableResultError(found, f"{type(error).__name__}: {error}") from error
    if not all(0 <= share <= 1 for _, *shares in listed for share in shares):
        raise UnreadableResultError(found, "a share of it is not between 0 and 1")
    return sorted(listed, key=lambda item: -item[1])


def _drawn(run: ShownRun, looked: Sequence[Picture]) -> Iterator[Drawn]:
    """The pictures with their bytes: as they are, or made smaller where they are large."""
    folder, names = run.pictures, [picture.file for picture in looked]
    files = [folder / name for name in names if Path(name).name == name] if folder else []
    sizes = {file.name: file.stat().st_size for file in files if file.is_file()}
    large = [name for name, size in sizes.items() if size > MOST_PICTURE_BYTES]
    smaller = run.smaller(folder, large) if folder and run.smaller and large else {}
    for picture in looked:
        name = picture.file
        own = (folder / name).read_bytes() if folder and sizes.get(name, math.inf) <= MOST_PICTURE_BYTES else b""
        data = smaller.get(name, own)
        yield Drawn(picture, f"data:image/jpeg;base64,{base64.b64encode(data).decode()}" if _is_jpeg(data) else "")


def _is_jpeg(data: bytes) -> bool:
    return data.startswith(b"\xff\xd8")


def _host(host: HostFacts) -> Iterator[Row]:
    yield "System", host.system
    yield "Distribution", host.distribution
    yield "Kernel", host.kernel
    yield "C library", host.libc
    yield "Processor", f"{host.cpu.model}, {host.cpu.cores} cores usable"
    yield "Instruction sets", ", ".join(host.cpu.features) or "none of those that move numbers"
    yield "Memory", words.size(host.memory_bytes)
    yield "Python", f"{host.python.version} ({host.python.abi})"
    yield "GPUs", ", ".join(host.cuda.models) or "none"
    if host.cuda.driver:
        yield "NVIDIA driver", host.cuda.driver


def _noise(record: RunRecord) -> Iterator[Row]:
    seen = noise(record)
    yield "Load before", f"{seen.load_before:.2f}"
    yield "Load after", f"{seen.load_after:.2f}"
    others = "not recorded" if seen.others_cores is None else f"{seen.others_cores:.2f} of {seen.cores} cores"
    yield "Kept busy by others", others
    yield "Taken by the hypervisor", f"{seen.steal_cores:.2f} of {seen.cores} cores"
    if seen.frequency_before_khz:
        yield "Frequency", f"{seen.frequency_before_khz // 1000} MHz before, {seen.frequency_after_khz // 1000} after"
    if record.before.governor:
        yield "Frequency governor", record.before.governor
    yield "Memory available", words.size(seen.memory_available_bytes)


def _impure(record: RunRecord, run: ShownRun) -> Iterator[Impurity]:
    """What the host lent, and what no sandbox held."""
    if record.isolation != "sandboxed":
        yield Impurity("the run itself", record.isolation)
    held = {path: facts.isolation for path, facts in run.objects.items() if facts.derivation}
    held |= {item.store_path: item.isolation for item in record.inputs.values()}
    yield from (Impurity(str(path), how) for path, how in sorted(held.items()) if how != "sandboxed")
    if record.host.cuda.driver:
        yield Impurity("NVIDIA's driver", record.host.cuda.driver)
    yield from (Impurity(f"variable {name}", value) for name, value in record.environment.items())
    yield from (Impurity(name, str(digest)) for name, digest in record.bare_host.items())
