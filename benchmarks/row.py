"""One promise as it was measured: a row of the table and of the JSON file."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Row:
    """A measured value beside its target; `sense` says on which side of it the value should lie."""

    name: str
    value: float
    unit: str
    target: float
    sense: Literal["<=", ">="]
    ours: float
    """What was measured of envmgr; the median where it was measured several times."""
    peer: float
    """What it is held against, measured in the same rounds."""

    @property
    def met(self) -> bool:
        """Whether the value is on the target's right side."""
        return self.value <= self.target if self.sense == "<=" else self.value >= self.target


def table(rows: list[Row]) -> str:
    """The rows for people: aligned columns, one line a row."""
    cells = [("name", "value", "target", "", "ours", "peer")]
    for row in rows:
        target = f"{row.sense} {_number(row.target)} {row.unit}"
        met = "met" if row.met else "MISSED"
        cells.append((row.name, f"{_number(row.value)} {row.unit}", target, met, _number(row.ours), _number(row.peer)))
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in cells)


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 10_000 else f"{value:.4g}"  # noqa: PLR2004  from here on no digit counts
