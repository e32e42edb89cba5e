"""Laws of logs from elsewhere: whatever they say, they are refused, or become records that read back as they were."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import example, given, settings
from hypothesis import strategies as st

from envmgr.model.run_record import parse_record
from envmgr.results.elsewhere import BadLogsError, elsewhere

SAID: dict[str, object] = {
    "loadgen_version": "5.1",
    "test_datetime": "2026-11-01T10:00:00Z",
    "effective_scenario": "Offline",
    "effective_test_mode": "PerformanceOnly",
    "effective_min_duration_ms": 600000,
    "effective_target_qps": 45.5,
    "effective_qsl_rng_seed": 1,
    "power_begin": "11-01-2026 10:00:03.500",
    "power_end": "11-01-2026 10:00:13.750",
    "result_validity": "VALID",
}
SUMMARY = "Mode : PerformanceOnly\nSamples per second: {}\nResult is : VALID\nMax latency (ns) : 5\n"
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@contextmanager
def logs(detail: str, summary: str, accuracy: str) -> Iterator[Path]:
    with TemporaryDirectory() as name:
        folder = Path(name)
        for file, text in (("mlperf_log_detail", detail), ("mlperf_log_summary", summary), ("accuracy", accuracy)):
            (folder / f"{file}.txt").write_text(text, newline="")
        yield folder


def read_back(detail: str, summary: str, accuracy: str = "") -> None:
    with logs(detail, summary, accuracy) as folder:
        try:
            runs = elsewhere(folder)
        except BadLogsError:
            return
        assert [parse_record(run.record.text()) for run in runs] == [run.record for run in runs]
        assert elsewhere(folder) == runs


def lines(said: dict[str, object]) -> str:
    entries = ({"key": key, "value": value, "metadata": {"is_error": False}} for key, value in said.items())
    return "".join(f":::MLLOG {json.dumps(entry)}\n" for entry in entries)


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(st.sampled_from([*SAID]), values, min_size=1, max_size=2))
@example({"effective_target_qps": float("inf")})
@example({"test_datetime": "0001-01-01T00:00:00+23:59"})
def test_values_of_any_kind_are_refused_or_read_back(changes: dict[str, object]) -> None:
    read_back(lines({**SAID, **changes}), SUMMARY.format(161.04))


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=30), st.text(max_size=40), st.integers(0, 400))
@example("1e400", "mAP=9" * 100, 0)
@example("161.04", f"mAP={'9' * 400}%", 0)
@example("161.04", "mAP=61.5%\naccuracy=70%", 400)
def test_texts_of_any_kind_are_refused_or_read_back(number: str, accuracy: str, cut: int) -> None:
    detail = lines({**SAID, "effective_test_mode": "AccuracyOnly"})
    read_back(lines(SAID), SUMMARY.format(number))
    read_back(detail, "", accuracy)
    read_back(detail[:cut] + accuracy + detail[cut:], number)
    read_back(":::MLLOG " + "[" * 100_000, "")
