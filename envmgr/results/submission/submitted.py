"""What lies in a submission tree: divisions, submitters, and a result for each system, model and scenario."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from envmgr.results.submission.breach import Breach
from envmgr.results.submission.layout import RESULTS, SYSTEM
from envmgr.results.submission.rounds import Benchmark, Round

MAPPING = "model_mapping.json"
"""Of an open submission: other names of models to MLPerf's."""


@dataclass(frozen=True)
class Submitter:
    """A submitter's folder in one division."""

    tree: Path
    division: str
    name: str

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return self.tree / self.division / self.name

    def breach(self, rule: str, file: Path, reason: str, fix: str) -> Breach:
        """A broken rule, in something below the tree."""
        return Breach(rule, str(file.relative_to(self.tree)), reason, fix)

    def mapping(self) -> Mapping[str, str]:
        """Its own names of models; empty where it has none, and in the closed division."""
        found = read_object(self.folder / MAPPING) if self.division == "open" else None
        return {name: str(model) for name, model in (found or {}).items()}


@dataclass(frozen=True)
class Result:
    """What a submitter has for one scenario of one model on one system."""

    submitter: Submitter
    round: Round
    system: str
    model: str
    scenario: str

    def at(self, path: str) -> Path:
        """A path of the layout, filled in."""
        return self.submitter.folder / self.round.layout.at(path, self.system, self.model, self.scenario)

    @property
    def logs(self) -> Path:
        """The folder of its logs."""
        return self.at(RESULTS)

    @property
    def closed(self) -> bool:
        """Whether the closed division's rules hold."""
        return self.submitter.division == "closed"

    def benchmark(self) -> Benchmark | None:
        """The benchmark of the round that it is a result of; None where it is of none."""
        model = self.submitter.mapping().get(self.model, self.model)
        return self.round.benchmarks.get(model)

    def breach(self, rule: str, file: Path, reason: str, fix: str) -> Breach:
        """A broken rule, in something below the tree."""
        return self.submitter.breach(rule, file, reason, fix)


def submitters(tree: Path, divisions: tuple[str, ...]) -> Iterator[Submitter]:
    """Every submitter, by division."""
    for division in divisions:
        for name in folders(tree / division):
            yield Submitter(tree, division, name)


def results(submitter: Submitter, found_in: Round) -> Iterator[Result]:
    """Every result of a submitter."""
    top = submitter.folder / "results"
    for system in folders(top):
        for model in folders(top / system):
            for scenario in folders(top / system / model):
                yield Result(submitter, found_in, system, model, scenario)


def description_file(submitter: Submitter, system: str) -> Path:
    """Where a system is described."""
    return submitter.folder / SYSTEM.format(system=system)


def folders(top: Path) -> list[str]:
    """The names of the folders in one, sorted; none where there is none."""
    return sorted(item.name for item in top.iterdir() if item.is_dir()) if top.is_dir() else []


def files(top: Path) -> list[str]:
    """The names of the files in a folder, sorted; none where there is none."""
    return sorted(item.name for item in top.iterdir() if item.is_file()) if top.is_dir() else []


def read_object(file: Path) -> dict[str, object] | None:
    """A JSON object; None where the file is missing, or holds something else."""
    try:
        found = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None  # a pipe is no file
    except (OSError, ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
