"""The effort–benefit matrix as a picture: where each measure stands, by number. Pure.

Drawn by Typst like the bars of ``documents``. Benefit goes up, effort to the right, so that what
brings much for little stands at the top left. Points keep their exact places; numbers that would
lie on top of each other move aside, with a line to their point.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import cos, hypot, pi, sin

from handlers.chat import Join, Text, Translated, plain
from handlers.polls.documents import drawable, fitting, labels_without_emoji, printable
from handlers.polls.exports.picture import Drawn, Place, Words
from handlers.polls.facts import ResultFacts
from handlers.polls.methods.score import criteria
from handlers.polls.methods.score import matrix as scored

MOST_SPOTS = 60
"""More are not told apart on one picture."""

_LAYOUT_WIDTH = 1200
_FIELD = 1000
"""Points of the square: the layout without margins and the words at its left."""

_SIZES = (24, 20, 17, 14, 11)


@dataclass(frozen=True, slots=True)
class Spot:
    """A measure: mean ``benefit`` and ``effort``, both exact and on the scale."""

    number: int
    label: Text
    benefit: Fraction
    effort: Fraction


@dataclass(frozen=True, slots=True)
class Scale:
    """The lowest and highest value that could be given."""

    low: int
    high: int

    def share(self, value: Fraction) -> Fraction:
        """0 at the lowest value, 1 at the highest; ValueError beyond."""
        if not self.low <= value <= self.high:
            raise ValueError(f"{value} is not on a scale from {self.low} to {self.high}")
        return (value - self.low) / (self.high - self.low)


@dataclass(frozen=True, slots=True)
class Matrix:
    """Everything on the picture."""

    title: Text
    subtitle: Text
    spots: tuple[Spot, ...]
    benefit: Scale
    effort: Scale
    foot: Text
    up: Text
    """What the town calls the benefit."""
    across: Text
    """What the town calls the effort."""


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a spot's point and the middle of its number are, in points from the top left."""

    number: int
    point: tuple[float, float]
    label: tuple[float, float]


def of_score(facts: ResultFacts, town: str) -> Matrix | None:
    """The matrix of a result by score with two criteria, one of which little is good of.

    None for every other result. Of very many measures the first places are drawn.
    """
    if facts.method != "score" or not facts.cast or facts.withheld:
        return None
    asked = criteria.of_settings(facts.settings)
    if len(asked) != 2 or asked[0].less == asked[1].less:
        return None
    first, second = asked
    points = scored.matrix(facts.counts)[:MOST_SPOTS]
    if not points:
        return None
    scale = Scale(int(facts.counts["low"]), int(facts.counts["high"]))
    up, across = (second, first) if first.less else (first, second)
    return Matrix(
        title=plain(Translated(facts.title)),
        subtitle=Text("exports.chart_turnout", n=facts.cast, seats=facts.seats),
        spots=tuple(
            Spot(
                number,
                plain(Translated(facts.label(point.option))),
                benefit=point.y if first.less else point.x,
                effort=point.x if first.less else point.y,
            )
            for number, point in enumerate(points, 1)
        ),
        benefit=scale,
        effort=scale,
        foot=Text("exports.chart_foot_formal" if facts.formal else "exports.chart_foot", town=town),
        up=plain(Translated(up.name)),
        across=plain(Translated(across.name)),
    )


def drawn(facts: ResultFacts, words: Words, place: Place) -> Drawn | None:
    """The matrix of a result as a picture and in words, if it has one."""
    found = of_score(facts, place.town)
    if found is None:
        return None
    return Drawn(matrix_png(found, words, place.language), words(alternative(found)))


def alternative(matrix: Matrix) -> Text:
    """The picture in words: each measure with both values and its quadrant."""
    return Text(
        "exports.matrix_alt",
        title=matrix.title,
        up=matrix.up,
        across=matrix.across,
        lines=Join(tuple(_said(spot, matrix) for spot in matrix.spots), "; "),
    )


def quadrant(spot: Spot, matrix: Matrix) -> str:
    """The message that names where a spot is; on a line it is on the better side."""
    much = 2 * matrix.benefit.share(spot.benefit) >= 1
    easy = 2 * matrix.effort.share(spot.effort) <= 1
    return _QUADRANTS[much, easy]


_QUADRANTS = {
    (True, True): "exports.matrix_first",
    (True, False): "exports.matrix_plan",
    (False, True): "exports.matrix_besides",
    (False, False): "exports.matrix_rather_not",
}


def _said(spot: Spot, matrix: Matrix) -> Text:
    return Text(
        "exports.matrix_spot",
        number=str(spot.number),
        label=spot.label,
        values=_values(spot, matrix),
        where=_corner(quadrant(spot, matrix), matrix),
    )


def _values(spot: Spot, matrix: Matrix) -> Text:
    return Text(
        "exports.matrix_values",
        up=matrix.up,
        benefit=spot.benefit,
        across=matrix.across,
        effort=spot.effort,
    )


def _corner(id: str, matrix: Matrix) -> Text:
    return Text(id, up=matrix.up, across=matrix.across)


@lru_cache(maxsize=16)
def _compiled(data: str, width_px: int) -> bytes:
    import typst  # 25 MB of machine code: loaded with the first picture, not at start-up

    made = typst.Compiler(ignore_system_fonts=True).compile(
        _TEMPLATE.encode(),
        format="png",
        ppi=72 * width_px / _LAYOUT_WIDTH,
        sys_inputs={"matrix": data},
    )
    if not isinstance(made, bytes):
        raise TypeError("a picture of one page is one file")
    return made


def matrix_png(matrix: Matrix, words: Words, language: str, width_px: int = 1200) -> bytes:
    """A PNG ``width_px`` wide and as high as the legend needs, within Telegram's limits.

    Raises ValueError without spots, with more than ``MOST_SPOTS``, with values beyond the scale,
    and where even the smallest print is too high.
    """
    if not 1 <= len(matrix.spots) <= MOST_SPOTS:
        raise ValueError(f"a matrix has 1 to {MOST_SPOTS} spots, not {len(matrix.spots)}")
    # Fuller fields want smaller numbers.
    for size in _SIZES[min(len(matrix.spots) // 16, 2) :]:
        png = _compiled(json.dumps(_as_data(matrix, words, language, size)), width_px)
        if fitting(png):
            return png
    raise ValueError(f"a matrix of {len(matrix.spots)} spots does not fit on a picture")


def _as_data(matrix: Matrix, words: Words, language: str, size: int) -> dict[str, object]:
    labels = labels_without_emoji([printable(words(spot.label)) for spot in matrix.spots])
    placed = place(matrix, size)
    return {
        "width": _LAYOUT_WIDTH,
        "field": _FIELD,
        "size": size,
        "language": language.partition("-")[0],
        "title": drawable(words(matrix.title)),
        "subtitle": drawable(words(matrix.subtitle)),
        "foot": drawable(words(matrix.foot)),
        "benefit": drawable(words(_axis(matrix.up, matrix.benefit))),
        "effort": drawable(words(_axis(matrix.across, matrix.effort))),
        "quadrants": [drawable(words(_corner(id, matrix))) for id in _QUADRANTS.values()],
        "spots": [
            {
                "number": str(spot.number),
                "label": label,
                "values": drawable(words(_values(spot, matrix))),
                "point": at.point,
                "at": at.label,
                "quadrant": list(_QUADRANTS.values()).index(quadrant(spot, matrix)),
            }
            for spot, label, at in zip(matrix.spots, labels, placed, strict=True)
        ],
    }


def _axis(name: Text, scale: Scale) -> Text:
    return Text("exports.matrix_axis", name=name, low=scale.low, high=scale.high)


# --- places --------------------------------------------------------------------------------

_RADIUS = 0.95
"""Of a number's disc, in text sizes."""

_DOT = 0.3
"""Of a point, in text sizes."""

_DIRECTIONS = tuple((cos(pi * n / 12), sin(pi * n / 12)) for n in range(24))


def place(matrix: Matrix, size: float) -> list[Placed]:
    """Points where they belong, and numbers beside them, none on another number or point.

    The same matrix gives the same picture. A number goes to the nearest free place; where a field
    is fuller than that, it stays with its point.
    """
    points = [
        (
            float(matrix.effort.share(spot.effort) * _FIELD),
            float((1 - matrix.benefit.share(spot.benefit)) * _FIELD),
        )
        for spot in matrix.spots
    ]
    taken: list[tuple[float, float]] = []
    placed = []
    for spot, point in zip(matrix.spots, points, strict=True):
        at = _free(point, points, taken, size)
        taken.append(at)
        placed.append(Placed(spot.number, point, at))
    return placed


def _free(
    point: tuple[float, float],
    points: Sequence[tuple[float, float]],
    taken: Sequence[tuple[float, float]],
    size: float,
) -> tuple[float, float]:
    radius, dot = _RADIUS * size, _DOT * size
    for step in range(2, 16):
        away = (radius + dot) * step / 2 * 1.1
        for across, down in _DIRECTIONS:
            at = (point[0] + across * away, point[1] + down * away)
            inside = all(radius <= part <= _FIELD - radius for part in at)
            if (
                inside
                and all(_distance(at, other) >= 2.1 * radius for other in taken)
                and all(_distance(at, other) >= radius + 1.1 * dot for other in points)
            ):
                return at
    return point


def _distance(one: tuple[float, float], other: tuple[float, float]) -> float:
    return hypot(one[0] - other[0], one[1] - other[1])


_TEMPLATE = """
#let data = json(bytes(sys.inputs.matrix))
#let size = data.size * 1pt
#let field = data.field * 1pt
#let ink = rgb("#16202a")
#let quiet = rgb("#45525e")
#let line-ink = rgb("#8996a3")
#let grounds = (rgb("#dcebf7"), rgb("#eef3f7"), rgb("#f4f5f6"), rgb("#e6e6e6"))
#let discs = (rgb("#0a3d6b"), rgb("#2c689c"), rgb("#45525e"), rgb("#16202a"))
#set page(
  width: data.width * 1pt, height: auto, fill: white,
  margin: (x: 48pt, top: 48pt, bottom: 40pt),
)
#set text(
  font: ("Libertinus Serif", "DejaVu Sans Mono"), size: size, fill: ink,
  lang: data.language, number-type: "lining",
)
#set par(leading: 0.42em, spacing: 0pt)
#let said(it, ..style) = text(
  hyphenate: it.split(" ").any(word => word.clusters().len() > 20), ..style, it,
)
#let disc(number, quadrant) = circle(
  radius: 0.95em, fill: discs.at(quadrant), stroke: 1.5pt + white, inset: 0pt,
  align(center + horizon, text(fill: white, weight: "bold", size: 0.95em, number)),
)
#said(data.title, size: 1.6em, weight: "bold")
#if data.subtitle != "" { v(0.6em); said(data.subtitle, fill: quiet) }
#v(1.2em)
#let corner(n) = said(data.quadrants.at(n), fill: quiet, weight: "bold")
#let corners(left-one, right-one) = grid(
  columns: (1fr, 1fr), column-gutter: 1em, align: (left, right),
  corner(left-one), corner(right-one),
)
#grid(
  columns: (1fr, field), column-gutter: 14pt, row-gutter: 0.5em,
  [], corners(0, 1),
  align(right + horizon, rotate(-90deg, reflow: true, said(data.benefit, weight: "bold"))),
  box(width: field, height: field, stroke: 2pt + ink)[
    #for n in range(4) {
      let (dx, dy) = (calc.rem(n, 2) * field / 2, calc.quo(n, 2) * field / 2)
      place(top + left, dx: dx, dy: dy, rect(
        width: field / 2, height: field / 2, fill: grounds.at(n), stroke: 1pt + line-ink,
      ))
    }
    #for spot in data.spots {
      let (x, y) = spot.point.map(part => part * 1pt)
      let (a, b) = spot.at.map(part => part * 1pt)
      place(top + left, line(start: (x, y), end: (a, b), stroke: 1.5pt + discs.at(spot.quadrant)))
    }
    #for spot in data.spots {
      let (x, y) = spot.point.map(part => part * 1pt)
      place(top + left, dx: x - 0.3em, dy: y - 0.3em, circle(
        radius: 0.3em, fill: discs.at(spot.quadrant), stroke: 1pt + white,
      ))
    }
    #for spot in data.spots {
      let (a, b) = spot.at.map(part => part * 1pt)
      place(top + left, dx: a - 0.95em, dy: b - 0.95em, disc(spot.number, spot.quadrant))
    }
  ],
  [], corners(2, 3),
  [], align(center, said(data.effort, weight: "bold")),
)
#v(1.2em)
#let entry(spot) = grid(
  columns: (2.1em, 1fr), column-gutter: 0.5em, align: (center + top, left + horizon),
  disc(spot.number, spot.quadrant),
  pad(top: 0.35em)[#said(spot.label) #h(0.4em) #said(spot.values, fill: quiet)],
)
#let half = calc.ceil(data.spots.len() / 2)
#if data.spots.len() > 10 {
  grid(
    columns: (1fr, 1fr), column-gutter: 1.5em,
    stack(spacing: 0.5em, ..data.spots.slice(0, half).map(entry)),
    stack(spacing: 0.5em, ..data.spots.slice(half).map(entry)),
  )
} else { stack(spacing: 0.5em, ..data.spots.map(entry)) }
#if data.foot != "" {
  v(0.9em)
  line(length: 100%, stroke: 1.5pt + rgb("#d0d7de"))
  v(0.55em)
  said(data.foot, size: 0.86em, fill: quiet)
}
"""
