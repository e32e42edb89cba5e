"""Charts as values: what stands where in a drawing of so many units. A template makes SVG of them."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

WIDTH, HEIGHT = 720, 300
LEFT, RIGHT, TOP, BOTTOM = 76, 16, 14, 48
"""Margins, for the axes' numbers and names."""
TICKS = 6
LEAST = 1e-9
"""Less is nothing."""
Format = Callable[[float], str]


@dataclass(frozen=True)
class Scale:
    """Where a value stands between two places of the drawing."""

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        """The place of a value, to a tenth."""
        low, high, value = (math.log10(item) if self.log else item for item in (self.low, self.high, value))
        return round(self.start + (value - low) / (high - low) * (self.end - self.start), 1)

    def ticks(self) -> list[float]:
        """Round values to be written at the axis."""
        if not self.log:
            return _round_values(self.low, self.high)
        powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        fine = math.log10(self.high / self.low) < 2  # noqa: PLR2004  less than two decades
        values = [step * 10.0**power for power in powers for step in ((1, 2, 5) if fine else (1,))]
        return [value for value in values if self.low <= value <= self.high]


@dataclass(frozen=True)
class Tick:
    """A number at an axis."""

    place: float
    text: str


@dataclass(frozen=True)
class Axis:
    """An axis: its name, and the numbers at it."""

    name: str
    ticks: tuple[Tick, ...]


@dataclass(frozen=True)
class Bar:
    """A bar, with what it says when it is pointed at."""

    x: float
    y: float
    width: float
    height: float
    text: str


@dataclass(frozen=True)
class Mark:
    """A point, with what it says."""

    x: float
    y: float
    text: str
    kind: int = 1
    """Which colour and shape, from 1 on."""


@dataclass(frozen=True)
class Line:
    """A line through points, `x,y x,y`."""

    points: str
    kind: int = 1


@dataclass(frozen=True)
class Chart:
    """A drawing with two axes. `says` is its text for those who do not see it."""

    says: str
    x: Axis
    y: Axis
    bars: tuple[Bar, ...] = ()
    lines: tuple[Line, ...] = ()
    marks: tuple[Mark, ...] = ()
    legend: tuple[str, ...] = ()
    """Names of the kinds, from 1 on; nothing where there is one."""
    width: int = field(default=WIDTH, init=False)
    height: int = field(default=HEIGHT, init=False)
    left: int = field(default=LEFT, init=False)
    right: int = field(default=WIDTH - RIGHT, init=False)
    top: int = field(default=TOP, init=False)
    bottom: int = field(default=HEIGHT - BOTTOM, init=False)


@dataclass(frozen=True)
class Point:
    """A value to be drawn."""

    x: float
    y: float
    text: str
    kind: int = 1


def across(low: float, high: float, *, log: bool = False) -> Scale:
    """A scale from left to right."""
    return Scale(*_apart(low, high, log=log), LEFT, WIDTH - RIGHT, log)


def upward(low: float, high: float, *, log: bool = False) -> Scale:
    """A scale from below upward."""
    return Scale(*_apart(low, high, log=log), HEIGHT - BOTTOM, TOP, log)


def axis(name: str, scale: Scale, format_: Format) -> Axis:
    """The axis of a scale."""
    return Axis(name, tuple(Tick(scale(value), format_(value)) for value in scale.ticks()))


def bars(spans: Sequence[tuple[float, float, float, str]], x: Scale, y: Scale) -> tuple[Bar, ...]:
    """Bars from `low` to `high`, so high, with what each says; a gap of one unit between them."""
    return tuple(
        Bar(x(low), y(count), max(round(x(high) - x(low) - 1, 1), 0.5), round(y(y.low) - y(count), 1), text)
        for low, high, count, text in spans
        if count
    )


def marks(points: Sequence[Point], x: Scale, y: Scale) -> tuple[Mark, ...]:
    """Points where they belong."""
    return tuple(Mark(x(point.x), y(point.y), point.text, point.kind) for point in points)


def line(points: Sequence[tuple[float, float]], x: Scale, y: Scale, kind: int = 1) -> Line:
    """A line through points."""
    return Line(" ".join(f"{x(across):g},{y(up):g}" for across, up in points), kind)


def with_ticks(axis: Axis, scale: Scale, values: Sequence[tuple[float, str]]) -> Axis:
    """The axis with numbers of one's own."""
    return replace(axis, ticks=tuple(Tick(scale(value), text) for value, text in values))


def _apart(low: float, high: float, *, log: bool) -> tuple[float, float]:
    """The ends of a scale, which are far enough from each other to write numbers between them."""
    size = max(abs(low), abs(high))
    size = size if size > LEAST else 1
    if high - low > size * LEAST:
        return low, high
    return (low / 2, high * 2) if log else (low - size / 2, high + size / 2)


def _round_values(low: float, high: float) -> list[float]:
    rough = (high - low) / TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough)
    first = math.ceil(low / step - 1e-9)
    return [float(f"{place * step:.12g}") for place in range(first, math.floor(high / step + 1e-9) + 1)]
