"""Files where somebody asked for them."""

import resource
from pathlib import Path

import pytest

from envmgr.cli.written import write


def test_where_there_is_no_room_what_was_there_stays_and_nothing_is_beside_it(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    write(page, "whole")
    before, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, most))
    try:
        with pytest.raises(OSError, match="too large"):
            write(page, "x" * 1001)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (before, most))
    assert (page.read_text(), list(tmp_path.iterdir())) == ("whole", [page])


def test_a_link_stays_one_and_what_is_no_file_is_written_to(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to("page.html")
    assert write(link, "whole") == 5
    assert (link.is_symlink(), (tmp_path / "page.html").read_text()) == (True, "whole")
    assert write(Path("/dev/null"), "gone") == 4
    assert Path("/dev/null").is_char_device()


def test_half_a_pair_of_characters_stops_no_page(tmp_path: Path) -> None:
    write(tmp_path / "page.html", "a\ud800b")
    assert (tmp_path / "page.html").read_text() == "a?b"
