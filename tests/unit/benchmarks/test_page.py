"""Pages whose lower part a program writes."""

from pathlib import Path

from benchmarks.page import head, row, write_below


def test_what_people_wrote_stays_and_what_the_program_wrote_is_replaced(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Words\n\nby people\n")
    for found in ("one", "two"):
        write_below(page, found)
    lines = page.read_text().splitlines()
    assert (lines[:3], lines[-1], len(lines)) == (["# Words", "", "by people"], "two", 7)


def test_a_cell_with_a_bar_is_still_one_cell() -> None:
    assert head(["a", "b"]) == "| a | b |\n| --- | --- |"
    assert row(["x | y", 2]) == "| x \\| y | 2 |"
