"""How the configurations of a series stand, in words, and what noise there was around their runs."""

from collections.abc import Iterable, Sequence
from statistics import median

from envmgr.cli.estimate_words import estimate_words, ratio_words
from envmgr.cli.table import table
from envmgr.model.run_record import Recorded, RunRecord
from envmgr.results.noise import Noise, too_noisy
from envmgr.results.standings import Standing
from envmgr.results.submission.rules import reasons

HEAD = ("CONFIGURATION", "RESULT", "SURE", "VALID")
METRICS = {"samples_per_second": "samples/s", "scheduled_samples_per_second": "samples/s (scheduled)"}


def standings_table(standing: Sequence[Standing], against: str) -> str:
    """A table of configurations, held against one of them."""
    head = (*HEAD, f"AGAINST {against}" if against else "", "")
    return table(head, [(item.configuration, *numbers(item), *held(item)) for item in standing])


def numbers(standing: Standing) -> tuple[str, str, str]:
    """The median with its interval, how sure that is, and how many runs were VALID."""
    value, metric = standing.value, standing.metric
    shown = estimate_words(value, metric) if value else "no VALID run"
    unit = f" {METRICS.get(metric, metric.removesuffix('_ns').removeprefix('latency_'))}" if value else ""
    sure = f"{100 * value.confidence:.0f} %" if value and value.confidence else ""
    return f"{shown}{unit}", sure, f"{standing.valid} of {len(standing.runs)}"


def held(standing: Standing) -> tuple[str, str]:
    """The ratio to the one that it is held against, and what that says; empty for that one."""
    if standing.ratio is None:
        return "", ""
    if standing.verdict == "differs":
        grew = standing.ratio.median > 1
        return f"x {ratio_words(standing.ratio)}", "better" if grew == (standing.better == "higher") else "worse"
    return f"x {ratio_words(standing.ratio)}", f"{standing.verdict}{' rounds' if standing.verdict == 'too few' else ''}"


def noise_words(seen: Sequence[Noise]) -> str:
    """One line on the noise around runs; empty where there were none."""
    if not seen:
        return ""
    loads = [load for item in seen for load in (item.load_before, item.load_after)]
    others = [item.others_cores for item in seen if item.others_cores is not None]
    speeds = [speed for item in seen for speed in (item.frequency_before_khz, item.frequency_after_khz) if speed]
    said = [f"load {min(loads):.2f} to {max(loads):.2f}"]
    if others:
        said.append(f"others kept {median(others):.2f} of {seen[0].cores} cores busy (at most {max(others):.2f})")
    said += [
        f"the hypervisor took {max(item.steal_cores for item in seen):.2f} at most",
        f"frequency {min(speeds) // 1000} to {max(speeds) // 1000} MHz" if speeds else "frequency not shown here",
        f"at least {min(item.memory_available_bytes for item in seen) / 2**30:.1f} GiB of memory available",
    ]
    return f"noise: {', '.join(said)}; {_disturbed(seen)}"


def noise_warnings(seen: Sequence[Noise]) -> list[str]:
    """What is to be said aloud where the machine was too noisy."""
    if not too_noisy(seen):
        return []
    first = next(item.disturbed[0] for item in seen if item.disturbed)
    return [f"too noisy to believe: {_disturbed(seen)}: {first}"]


def invalid_warnings(runs: Sequence[Recorded]) -> list[str]:
    """What is to be said aloud where numbers are shown that LoadGen calls no result."""
    invalid = sum(run.metrics.get("result_valid") is False for run in runs)
    said = f"LoadGen says INVALID of {invalid} of {len(runs)} runs: their numbers are no results, and count here"
    return [said] if invalid else []


def unfit(runs: Iterable[RunRecord]) -> list[str]:
    """Why runs can't be part of a submission to MLPerf, each reason once; nothing of runs that follow no round."""
    return list(dict.fromkeys(filter(None, map(reasons, runs))))


def unfit_words(said: Sequence[str]) -> list[str]:
    """A line for each of these reasons."""
    return [f"not submittable: {reason}" for reason in said]


def _disturbed(seen: Sequence[Noise]) -> str:
    return f"{sum(bool(item.disturbed) for item in seen)} of {len(seen)} runs were disturbed"
