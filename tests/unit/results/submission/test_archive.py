"""A tree as one archive."""

import os
import resource
from pathlib import Path

import pytest

from envmgr.results.submission.archive import package


def test_of_an_archive_that_can_not_be_finished_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree/log").write_bytes(os.urandom(4096))
    before, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, most))
    try:
        with pytest.raises(OSError, match="too large"):
            package(tmp_path / "tree", tmp_path / "a.tar.gz")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, most))
    assert not (tmp_path / "a.tar.gz").exists()
    assert package(tmp_path / "tree", tmp_path / "a.tar.gz") == 1
