"""Pages of the manual that say what was measured: words that people wrote, and below them what a program found."""

from collections.abc import Sequence
from pathlib import Path

MARK = "<!-- What follows is written by the program. -->"


def write_below(page: Path, text: str) -> None:
    """Replace what stands below the mark, or add the mark and the text where there is none."""
    words = page.read_text().partition(MARK)[0].rstrip("\n")
    page.write_text(f"{words}\n\n{MARK}\n\n{text}\n")


def row(cells: Sequence[object]) -> str:
    """A line of a table in Markdown."""
    return f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in cells)} |"


def head(columns: Sequence[str]) -> str:
    """The first two lines of a table."""
    return f"{row(columns)}\n{row(['---'] * len(columns))}"
