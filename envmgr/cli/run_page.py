"""A run for people: what it was, what came of it, on what; `--json` has all of its record."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from envmgr.model.run_record import AnyRecord, RunRecord
from envmgr.results.submission.rules import mark

_INDENT = "  "


def run_page(record: AnyRecord, folder: Path) -> str:
    """The text; `folder` is that of the run."""
    return "\n".join(_lines(record, folder))


def _lines(record: AnyRecord, folder: Path) -> Iterator[str]:
    yield f"run {record.id}: {record.recipe} {record.version}"
    yield f"started {record.started}, took {record.seconds:.1f} s, exit code {record.exit_code}"
    if not isinstance(record, RunRecord):
        yield f"imported from {record.source}: nothing but its logs is known"
    elif record.replays:
        yield f"repeats {record.replays}"
    if record.series:
        place = record.series
        yield f"series {place.series}: {place.configuration}, {f'round {place.round}' if place.round else 'warm-up'}"
    yield from filter(None, [mark(record)])
    yield from _part("metrics", record.metrics)
    yield from _part("axes", record.axes)
    yield from _part("settings", record.settings)
    if isinstance(record, RunRecord):
        yield from _made_here(record)
    yield from _part("steps", {step.name: f"{step.seconds:.1f} s" for step in record.steps})
    yield f"files: {folder}"


def _made_here(record: RunRecord) -> Iterator[str]:
    yield from _part("environment", record.environment)
    yield from _part("replaced inputs", record.replaced)
    yield from _part("inputs", {role: item.store_path for role, item in record.inputs.items()})
    host, before, after = record.host, record.before, record.after
    facts = {
        "processor": f"{host.cpu.model}, {host.cpu.cores} cores",
        "memory": f"{host.memory_bytes / 2**30:.1f} GiB",
        "system": f"{host.distribution}, kernel {host.kernel}, {host.libc}, Python {host.python.version}",
        "load": f"{before.load_1m:.2f} before, {after.load_1m:.2f} after",
        "isolation": record.isolation,
    }
    if host.cuda.devices:
        facts["GPUs"] = f"{', '.join(host.cuda.models)}, driver {host.cuda.driver}"
    yield from _part("host", facts)
    yield f"lockfile: {record.lockfile or 'none'}"
    yield f"again: envmgr runs replay {record.id}"


def _part(head: str, values: Mapping[str, object]) -> Iterator[str]:
    if values:
        width = max(map(len, values))
        yield f"{head}:"
        yield from (f"{_INDENT}{name:{width}}  {value}" for name, value in values.items())
