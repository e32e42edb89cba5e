"""What holds for every detail log: it can be read, has no error, and the round's seeds."""

from collections.abc import Iterator
from pathlib import Path

from envmgr.results.submission.breach import Breach
from envmgr.results.submission.detail_log import DetailLog, read
from envmgr.results.submission.submitted import Result

SEEDS = ("qsl_rng_seed", "sample_index_rng_seed", "schedule_rng_seed")


def open_log(result: Result, part: str, file: Path) -> tuple[DetailLog | None, list[Breach]]:
    """Read a log; what breaks a rule in it already, and None where it can't be read.

    Args:
        result: that it belongs to.
        part: of the submission, with which the names of rules begin.
        file: the log.
    """
    try:
        log = read(file)
    except (OSError, ValueError) as error:
        return None, [result.breach(f"{part}.log", file, f"it can't be read: {error}", "take LoadGen's own file")]
    breaches = [
        result.breach(f"{part}.errors", file, f"LoadGen says: {said}", "mend that, and run again")
        for said in log.errors
    ]
    scenario = log.values.get("effective_scenario")
    if scenario != result.scenario:
        fix = f"run {result.scenario}: nothing is inferred"
        breaches.append(result.breach(f"{part}.scenario", file, f"LoadGen ran {scenario}", fix))
    return log, breaches


def check_seeds(result: Result, part: str, file: Path, log: DetailLog) -> Iterator[Breach]:
    """The seeds in effect are the round's."""
    for name, seed in zip(SEEDS, result.round.seeds, strict=True):
        if (found := log.values.get(f"effective_{name}")) != seed:
            yield result.breach(
                f"{part}.seeds",
                file,
                f"{name} is {found}; {result.round.name} has {seed}",
                f"run with --set round={result.round.name}",
            )
