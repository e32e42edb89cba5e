"""What else happened on the machine while something ran, and when that is too much to believe its numbers.

A run is *disturbed* where one of the limits below is passed. The load is shown and not judged: it is a mean over the
last minute, so it still holds the run before, and cannot tell ours from others. Processor time can.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from envmgr.model.run_record import RunRecord

MOST_OTHERS = 0.05
"""Of the processors' time, what others may take: about as much as they may then move a number."""
MOST_STEAL = 0.01
"""Of the processors' time, what the hypervisor may give to other machines."""
MOST_FREQUENCY_CHANGE = 0.1
"""By how much the first core may be faster or slower at the end than at the beginning."""
LEAST_MEMORY = 0.05
"""Of the memory, what must be available: with less the kernel drops or swaps what the run needs."""
MOST_DISTURBED = 0.5
"""Of a series, the share of disturbed runs from which on it is too noisy to believe."""


@dataclass(frozen=True)
class Noise:
    """What was seen around one run."""

    load_before: float
    load_after: float
    others_cores: float | None
    """How many cores others kept busy, in the mean; null of a run that did not record it."""
    steal_cores: float
    """How many cores the hypervisor took away, in the mean."""
    cores: int
    """Of how many."""
    frequency_before_khz: int
    frequency_after_khz: int
    """Of the first core; 0 where the kernel shows none."""
    memory_available_bytes: int
    """The lesser of before and after."""
    disturbed: tuple[str, ...]
    """Why its number is not to be believed; empty where nothing passed a limit."""


def noise(run: RunRecord) -> Noise:
    """What was seen around a run."""
    before, after, cores = run.before, run.after, run.host.cpu.cores
    seconds = max(run.seconds, 0.001)
    steal = (after.steal_seconds - before.steal_seconds) / seconds
    others = None
    if after.own_seconds > 0:
        busy, own = after.busy_seconds - before.busy_seconds, after.own_seconds - before.own_seconds
        others = round(max(0.0, busy - own) / seconds, 3)
    memory = min(before.memory_available_bytes, after.memory_available_bytes)
    speeds = before.frequency_khz, after.frequency_khz
    judged = {
        f"others kept {others or 0:.2f} of {cores} cores busy": (others or 0) > MOST_OTHERS * cores,
        f"the hypervisor took {steal:.2f} of {cores} cores": steal > MOST_STEAL * cores,
        f"the first core went from {speeds[0] // 1000} to {speeds[1] // 1000} MHz": _changed(*speeds),
        f"only {memory / 2**30:.1f} GiB of memory were available": memory < LEAST_MEMORY * run.host.memory_bytes,
    }
    return Noise(
        load_before=before.load_1m,
        load_after=after.load_1m,
        others_cores=others,
        steal_cores=round(steal, 3),
        cores=cores,
        frequency_before_khz=speeds[0],
        frequency_after_khz=speeds[1],
        memory_available_bytes=memory,
        disturbed=tuple(said for said, passed in judged.items() if passed),
    )


def too_noisy(seen: Sequence[Noise]) -> bool:
    """Whether so many runs of a series were disturbed that nothing of it is to be believed."""
    return sum(bool(item.disturbed) for item in seen) > MOST_DISTURBED * len(seen)


def _changed(before: int, after: int) -> bool:
    return bool(before and after) and abs(after / before - 1) > MOST_FREQUENCY_CHANGE
