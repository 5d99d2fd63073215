"""Measured numbers, and the table that shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Value:
    """A measured number: the median of several, and between which they lay."""

    middle: float
    low: float
    high: float
    unit: str
    digits: int = 0

    def __str__(self) -> str:
        def shown(number: float) -> str:
            return f"{number:,.{self.digits}f}"

        words = f"{shown(self.middle)} {self.unit}".rstrip()
        if shown(self.low) == shown(self.high):
            return words
        return f"{words} ({shown(self.low)} – {shown(self.high)})"


def value(numbers: Sequence[float], unit: str, digits: int = 0) -> Value:
    """The median of what was measured."""
    return Value(median(numbers), min(numbers), max(numbers), unit, digits)


def percentile(numbers: Sequence[float], part: float) -> float:
    """The number below which this part (0 – 1) of them lies."""
    ordered = sorted(numbers)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


@dataclass(frozen=True)
class Row:
    """A line of the table. ``more_is_better`` says which way the comparison is told."""

    what: str
    ours: Value
    baseline: Value | None = None
    more_is_better: bool = False
    goal: str = ""

    @property
    def compared(self) -> str:
        """Ours as a multiple of the baseline, in the direction in which more is better."""
        if self.baseline is None or not self.ours.middle or not self.baseline.middle:
            return self.goal
        times = self.ours.middle / self.baseline.middle
        better = times if self.more_is_better else 1 / times
        said = f"{better:.1f} times as good" if better >= 1 else f"{1 / better:.1f} times worse"
        return f"{said}; {self.goal}" if self.goal else said


def written(rows: Sequence[Row]) -> str:
    """The table, as Markdown."""
    head = ("measured", "GNK-Bot", "baseline", "compared")
    lines = [
        (row.what, str(row.ours), str(row.baseline or "–"), row.compared or "–") for row in rows
    ]
    widths = [max(len(line[n]) for line in (head, *lines)) for n in range(len(head))]

    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(c.ljust(w) for c, w in zip(cells, widths, strict=True)) + " |"

    return "\n".join([line(head), line(["-" * w for w in widths]), *map(line, lines)])
