"""When a machine was too noisy to believe what was measured on it."""

import pytest

from envmgr.model.run_record import Observation, RunRecord
from envmgr.results.noise import noise, too_noisy
from tests.records import record

BEFORE = Observation(
    load_1m=0.1, memory_available_bytes=4 << 30, governor="performance", frequency_khz=3_000_000, steal_seconds=5,
    busy_seconds=100, own_seconds=10,
)  # fmt: skip


def run(**after: float) -> RunRecord:
    """A run of ten seconds on two cores, in which ours took 15 of their 20, and what is given came besides."""
    seen = {"busy_seconds": 115.0, "own_seconds": 25.0, **after}
    return record("a", seconds=10.0, before=BEFORE, after=BEFORE.model_copy(update=seen))


def test_what_ours_took_is_no_noise() -> None:
    seen = noise(run())
    assert (seen.others_cores, seen.steal_cores, seen.cores, seen.disturbed) == (0, 0, 2, ())


@pytest.mark.parametrize(
    ("after", "said"),
    [
        ({"busy_seconds": 117}, "others kept 0.20 of 2 cores busy"),
        ({"steal_seconds": 5.5}, "the hypervisor took 0.05 of 2 cores"),
        ({"frequency_khz": 2_400_000}, "the first core went from 3000 to 2400 MHz"),
        ({"memory_available_bytes": 200 << 20}, "only 0.2 GiB of memory were available"),
    ],
)
def test_a_limit_that_is_passed_is_named(after: dict[str, float], said: str) -> None:
    assert noise(run(**after)).disturbed == (said,)


@pytest.mark.parametrize("after", [{"busy_seconds": 115.9}, {"steal_seconds": 5.1}, {"load_1m": 9.0}])
def test_a_little_of_it_and_the_load_alone_disturb_nothing(after: dict[str, float]) -> None:
    assert noise(run(**after)).disturbed == ()


def test_what_was_not_recorded_is_not_made_up() -> None:
    old = run().after.model_copy(update={"own_seconds": 0.0, "frequency_khz": 0})
    seen = noise(run().model_copy(update={"after": old}))
    assert (seen.others_cores, seen.disturbed) == (None, ())


def test_a_series_is_too_noisy_where_more_than_half_of_its_runs_were_disturbed() -> None:
    quiet, loud = noise(run()), noise(run(busy_seconds=130))
    assert not too_noisy([quiet, loud])
    assert too_noisy([quiet, loud, loud])
    assert not too_noisy([])
