"""Which models a round takes, and which scenarios of them."""

from collections.abc import Iterator

from envmgr.results.submission.breach import Breach
from envmgr.results.submission.checks.system import category
from envmgr.results.submission.rounds import SCENARIOS, Benchmark, Round
from envmgr.results.submission.submitted import Submitter, folders


def check_scenarios(submitter: Submitter, of: Round) -> Iterator[Breach]:
    """Every model of every system."""
    top = submitter.folder / "results"
    for system in folders(top):
        if not folders(top / system):
            yield submitter.breach("scenarios.none", top / system, "this system has no results", "take it away")
        for model in folders(top / system):
            yield from _model(submitter, of, system, model)


def _model(submitter: Submitter, of: Round, system: str, model: str) -> Iterator[Breach]:
    place = submitter.folder / "results" / system / model
    benchmark = of.benchmarks.get(submitter.mapping().get(model, model))
    if benchmark is None:
        known = ", ".join(of.benchmarks) or "none that is known here"
        yield submitter.breach("scenarios.model", place, f"{of.name} takes no {model}", f"it takes {known}")
        return
    found = folders(place)
    for scenario in found:
        if scenario not in SCENARIOS:
            yield submitter.breach("scenarios.name", place / scenario, "it is no scenario", f"one of {SCENARIOS}")
    if not found:
        yield submitter.breach("scenarios.none", place, "there is no scenario", "take it away")
    if submitter.division == "closed":
        yield from _required(submitter, of, benchmark, system, model)


def _required(submitter: Submitter, of: Round, benchmark: Benchmark, system: str, model: str) -> Iterator[Breach]:
    place = submitter.folder / "results" / system / model
    kind = category(submitter, system)
    required = benchmark.scenarios.get(kind)
    if required is None:
        takes = "; ".join(benchmark.scenarios)
        yield submitter.breach(
            "scenarios.category", place, f"{of.name} takes no {model} of category {kind or 'none'}", f"it takes {takes}"
        )
        return
    for scenario in required:
        if scenario not in folders(place):
            yield submitter.breach("scenarios.missing", place, f"{scenario} is missing", f"run --scenario {scenario}")
    for scenario in folders(place):
        if scenario in SCENARIOS and scenario not in required:
            yield submitter.breach(
                "scenarios.extra", place / scenario, f"category {kind} has no {scenario}", "leave it out"
            )
