"""Runs as a folder of results of airspeed velocity's (asv), version 2 of its files.

What asv calls a commit is what was run: the first 40 digits of the derivation digest, which `asv show` and
`asv compare` take. A benchmark is a recipe, its parameter the configuration, its time the seconds of a sample.
"""

import json
import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from statistics import median, quantiles

from envmgr.model.digest import Digest
from envmgr.results.export.timing import Timing, timings
from envmgr.results.fields import Fields

ENVIRONMENT = "envmgr"
COLUMNS = (
    "result", "params", "version", "started_at", "duration", "stats_ci_99_a", "stats_ci_99_b", "stats_q_25",
    "stats_q_75", "stats_number", "stats_repeat", "samples",
)  # fmt: skip
VERSION = "1"
"""Of a benchmark: asv compares results of one version only."""
_COMMIT = 40


def files(rows: Sequence[Fields]) -> Mapping[str, str]:
    """`benchmarks.json`, and for each machine `machine.json` and a file a commit."""
    found = timings(rows)
    labels: defaultdict[str, list[str]] = defaultdict(list)
    for timing in found:
        labels[_recipe(timing)].append(timing.label)
    benchmarks = {recipe: _benchmark(recipe, listed) for recipe, listed in labels.items()}
    texts: dict[str, object] = {"benchmarks.json": {**benchmarks, "version": 2}}
    for (machine, commit), group in _by_commit(found).items():
        texts[f"{machine}/machine.json"] = {**_machine(group[0].rows[0]), "machine": machine, "version": 1}
        texts[f"{machine}/{commit[:8]}-{ENVIRONMENT}.json"] = _results(machine, commit, group, labels)
    return {path: json.dumps(text, indent=2) + "\n" for path, text in texts.items()}


def commit_of(row: Fields) -> str:
    """What stands for a commit: 40 digits."""
    known = row.get("derivation")
    return (Digest.parse(str(known)) if known else Digest.of(str(row["id"]).encode())).hex[:_COMMIT]


def _by_commit(found: Sequence[Timing]) -> dict[tuple[str, str], list[Timing]]:
    """The timings parted by machine and commit; a configuration may have runs of several."""
    parted: defaultdict[tuple[str, str], list[Timing]] = defaultdict(list)
    for timing in found:
        places = [(_machine_name(row), commit_of(row)) for row in timing.rows]
        for place in dict.fromkeys(places):
            of_place = [number for number, item in enumerate(places) if item == place]
            rows = tuple(timing.rows[number] for number in of_place)
            seconds = tuple(timing.seconds[number] for number in of_place)
            parted[place].append(Timing(timing.label, timing.parameters, rows, seconds))
    return dict(parted)


def _results(
    machine: str, commit: str, group: Sequence[Timing], labels: Mapping[str, Sequence[str]]
) -> dict[str, object]:
    first = group[0].rows[0]
    by_recipe: defaultdict[str, list[Timing]] = defaultdict(list)
    for timing in group:
        by_recipe[_recipe(timing)].append(timing)
    python = str(first.get("host.python.version", ""))
    return {
        "version": 2,
        "commit_hash": commit,
        "env_name": ENVIRONMENT,
        "date": _milliseconds(first),
        "params": {**_machine(first), "machine": machine, "python": python},
        "python": python,
        "requirements": {},
        "env_vars": {},
        "result_columns": list(COLUMNS),
        "results": {recipe: _columns(labels[recipe], measured) for recipe, measured in by_recipe.items()},
        "durations": {},
    }


def _columns(labels: Sequence[str], group: Sequence[Timing]) -> list[object]:
    """What was measured of a benchmark, configuration by configuration; nothing, as asv says it, of the others."""
    measured = {timing.label: timing.seconds for timing in group}
    times = [measured.get(label) for label in labels]
    return [
        [median(seconds) if seconds else math.nan for seconds in times],
        [[repr(label) for label in labels]],
        VERSION,
        _milliseconds(group[0].rows[0]),
        sum(float(row["seconds"]) for timing in group for row in timing.rows),
        [min(seconds) if seconds else None for seconds in times],
        [max(seconds) if seconds else None for seconds in times],
        [_quartile(seconds, 0) if seconds else None for seconds in times],
        [_quartile(seconds, -1) if seconds else None for seconds in times],
        [1 if seconds else None for seconds in times],
        [len(seconds) if seconds else None for seconds in times],
        [list(seconds) if seconds else None for seconds in times],
    ]


def _quartile(seconds: Sequence[float], which: int) -> float:
    return quantiles(seconds, n=4, method="inclusive")[which] if len(seconds) > 1 else seconds[0]


def _benchmark(recipe: str, labels: Sequence[str]) -> dict[str, object]:
    return {
        "name": recipe,
        "type": "time",
        "unit": "seconds",
        "param_names": ["configuration"],
        "params": [[repr(label) for label in labels]],
        "version": VERSION,
        "code": "",
        "timeout": 0,
    }


def _recipe(timing: Timing) -> str:
    return str(timing.rows[0]["recipe"])


def _machine(row: Fields) -> dict[str, str]:
    return {
        "os": str(row.get("host.distribution", "")),
        "arch": str(row.get("host.system", "")).partition("-")[0],
        "cpu": str(row.get("host.cpu.model", "")),
        "num_cpu": str(row.get("host.cpu.cores", "")),
        "ram": str(row.get("host.memory_bytes", "")),
    }


def _machine_name(row: Fields) -> str:
    """A name for a machine of these facts: records name no host."""
    facts = json.dumps(_machine(row), sort_keys=True)
    return f"machine-{Digest.of(facts.encode()).hex[:12]}"


def _milliseconds(row: Fields) -> int:
    return int(datetime.fromisoformat(str(row["started"])).timestamp() * 1000)
