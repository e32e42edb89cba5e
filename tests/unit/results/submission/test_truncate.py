"""An accuracy log as a submission carries it."""

import hashlib
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envmgr.results.submission.truncate import GAP, MOST, SHOWN, truncated


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.integers(0, 3 * SHOWN), st.binary(min_size=1, max_size=64))
def test_it_is_the_two_ends_and_the_hash_is_of_the_whole(tmp_path: Path, size: int, pattern: bytes) -> None:
    data = (pattern * (size // len(pattern) + 1))[:size]
    file = tmp_path / "log"
    file.write_bytes(data)
    shown, digest = truncated(file)
    assert digest == hashlib.sha256(data).hexdigest()
    assert len(shown) <= MOST
    assert shown == (data if size < SHOWN else data[:SHOWN] + GAP + data[-SHOWN:])
