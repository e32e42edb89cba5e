"""How two texts differ, and what is no text."""

from envmgr.explain.text_diff import MAX_BYTES, MAX_LINES, lines_of, text_diff


def test_a_long_diff_is_cut_and_says_so() -> None:
    before, after = [f"old {number}" for number in range(MAX_LINES)], [f"new {number}" for number in range(MAX_LINES)]
    diff = text_diff(before, after, names=("a", "b"))
    assert (len(diff.lines), diff.cut) == (MAX_LINES, True)
    assert str(diff).endswith("\n…")


def test_bytes_that_are_no_text_or_too_long_have_no_lines() -> None:
    assert lines_of(b"\xff") is None
    assert lines_of(b"a\0b") is None
    assert lines_of(b"a" * (MAX_BYTES + 1)) is None


def test_a_missing_line_break_at_the_end_is_a_difference() -> None:
    assert lines_of(b"a\nb\n") == ["a", "b"]
    assert lines_of(b"a\nb") == ["a", "b (no line break at the end)"]
    assert lines_of(b"") == []
