"""Every rule of a round, over a whole tree: stricter than MLPerf's own checker, and never instead of it."""

from collections.abc import Iterator
from pathlib import Path

from envmgr.results.submission.breach import Breach
from envmgr.results.submission.checks.accuracy import check_accuracy
from envmgr.results.submission.checks.audits import check_audits
from envmgr.results.submission.checks.measurements import check_calibration, check_measurements
from envmgr.results.submission.checks.names import check_names, check_root
from envmgr.results.submission.checks.performance import check_performance
from envmgr.results.submission.checks.scenarios import check_scenarios
from envmgr.results.submission.checks.system import check_systems
from envmgr.results.submission.checks.trial import check_trial
from envmgr.results.submission.rounds import DIVISIONS, Round
from envmgr.results.submission.submitted import Submitter, results, submitters


def preflight(tree: Path, of: Round) -> list[Breach]:
    """All that the round refuses of a tree, in the order of its parts; none for one that may be submitted."""
    return list(dict.fromkeys(_breaches(tree, of)))


def _breaches(tree: Path, of: Round) -> Iterator[Breach]:
    yield from check_root(tree)
    for submitter in submitters(tree, DIVISIONS):
        yield from check_trial(submitter)
        yield from check_names(submitter)
        yield from check_systems(submitter, of)
        yield from check_calibration(submitter)
        yield from check_scenarios(submitter, of)
        yield from _results(submitter, of)


def _results(submitter: Submitter, of: Round) -> Iterator[Breach]:
    for result in results(submitter, of):
        benchmark = result.benchmark()
        yield from check_measurements(result)
        if benchmark is not None:  # else said with the scenarios
            yield from check_accuracy(result, benchmark)
            yield from check_performance(result, benchmark)
            yield from check_audits(result, benchmark)
