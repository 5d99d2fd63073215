"""The result of a poll as a picture (bars, drawn by Typst with its embedded fonts) and as a table.

Pure: data in, bytes out. What people typed reaches Typst as JSON and is set as plain strings,
so no character of it is ever read as markup.
"""

import csv
import io
import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise

MAX_BARS = 40
MAX_CHARACTERS = 20_000  # 40 labels of 300 and as much again; more only keeps the computer busy
MIN_WIDTH_PX, MAX_WIDTH_PX = 320, 2400
# What Telegram accepts as a photo (Bot API, sendPhoto).
PHOTO_SIDES_PX = 10_000
PHOTO_RATIO = 20
PHOTO_BYTES = 10 * 1024 * 1024

_LAYOUT_WIDTH = 1200  # points; `width_px` only sets how many pixels a point has
_TEXT_SIZES = (36, 32, 28, 24, 20, 17, 14, 11)  # points; the first with which the picture fits
_LONGEST_WORD, _LONGEST_WORD_IN_TITLE = 32, 22  # in widths of a small letter
_FIRST_SHADE, _LAST_SHADE = (0x0A, 0x3D, 0x6B), (0x4A, 0x86, 0xB8)
_UNRANKED_SHADE = (0x2C, 0x68, 0x9C)

# Invisible marks that reorder text up to their counterpart: without one, they would reach
# beyond the label. Right-to-left scripts are ordered correctly without them.
_BIDI_CONTROLS = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
_JOINERS = frozenset("\u200c\u200d\ufe0e\ufe0f")
_SOFT_HYPHEN, _NO_SPACE = "\u00ad", "\u200b"
_EMOJI = range(0x1F000, 0x1FB00)


@dataclass(frozen=True, slots=True)
class ChartBar:
    """One option: `rank` as printed ("2.=", "" for none), `value` what the bar's length shows."""

    rank: str
    label: str
    value: Fraction
    shown: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything on the picture, in the reader's language ("de", "en", "de-simple")."""

    title: str
    subtitle: str
    bars: tuple[ChartBar, ...]
    footer: str
    language: str


@lru_cache(maxsize=32)
def chart_png(chart: Chart, width_px: int = 1200) -> bytes:
    """A PNG `width_px` wide and as high as needed, within Telegram's limits for photos.

    Raises ValueError without bars, with more than MAX_BARS or MAX_CHARACTERS, with a negative
    value, with a width outside MIN_WIDTH_PX..MAX_WIDTH_PX, and when even the smallest print would
    be too high.
    """
    _check(chart, width_px)
    import typst  # 25 MB of machine code: loaded with the first chart, not at start-up

    compiler = typst.Compiler(ignore_system_fonts=True)
    highest = min(PHOTO_SIDES_PX - width_px, PHOTO_RATIO * width_px)
    least = Fraction(0)  # pixels of height that a picture needs at a text size of one point
    for size in _TEXT_SIZES:
        if least * size**2 > highest:
            continue
        png = compiler.compile(
            _TEMPLATE.encode(),
            format="png",
            ppi=72 * width_px / _LAYOUT_WIDTH,
            sys_inputs={"chart": json.dumps(_as_data(chart, size))},
        )
        if isinstance(png, bytes) and fitting(png):
            return png
        if isinstance(png, bytes):
            # Text shrinks in both directions, all else in one: no smaller size needs less.
            least = Fraction(png_size(png)[1], size**2)
    raise ValueError(f"a chart of {len(chart.bars)} bars does not fit on a picture")


Cell = str | int | Fraction | None
"""What stands in a table: words, or a number to calculate with."""


def table_csv(rows: Sequence[Sequence[Cell]], point: str = ",") -> bytes:
    """A table as German spreadsheets open it: semicolons, UTF-8 with a mark.

    Words that would be a formula there (also after spaces) are marked as text. Numbers are not;
    a fraction has up to six decimals after ``point``.
    """
    written = io.StringIO()
    table = csv.writer(written, delimiter=";", lineterminator="\r\n")
    table.writerows([[_as_text(cell, point) for cell in row] for row in rows])
    return written.getvalue().encode("utf-8-sig")


def _as_text(cell: Cell, point: str) -> str:
    match cell:
        case None:
            return ""
        case int():
            return str(cell)
        case Fraction():
            digits = f"{abs(round(cell * 10**6)):07}"
            decimals = digits[-6:].rstrip("0")
            sign = "-" if cell < 0 and digits.strip("0") else ""
            return sign + digits[:-6] + (point + decimals if decimals else "")
    return f"'{cell}" if _FORMULA.match(cell) else cell


# Also the wide forms of these signs, which some programs read alike.
_FORMULA = re.compile(r"'*[\s\u00a0\u200b\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20]")


def _check(chart: Chart, width_px: int) -> None:
    if not 1 <= len(chart.bars) <= MAX_BARS:
        raise ValueError(f"a chart has 1 to {MAX_BARS} bars, not {len(chart.bars)}")
    if not MIN_WIDTH_PX <= width_px <= MAX_WIDTH_PX:
        raise ValueError(f"width {width_px} is not within {MIN_WIDTH_PX}..{MAX_WIDTH_PX} pixels")
    if _characters(chart) > MAX_CHARACTERS:
        raise ValueError(f"a chart holds up to {MAX_CHARACTERS} characters of text")
    if any(bar.value < 0 for bar in chart.bars):
        raise ValueError("a bar cannot show a negative value")


def _characters(chart: Chart) -> int:
    around = len(chart.title) + len(chart.subtitle) + len(chart.footer)
    return around + sum(
        len(bar.rank) + len(bar.label) + len(bar.shown) + len(bar.note) for bar in chart.bars
    )


def _as_data(chart: Chart, size: int) -> dict[str, object]:
    highest = max(bar.value for bar in chart.bars)
    labels = labels_without_emoji([printable(bar.label) for bar in chart.bars])
    return {
        "width": _LAYOUT_WIDTH,
        "size": size,
        "language": chart.language.partition("-")[0],
        "title": drawable(chart.title, _LONGEST_WORD_IN_TITLE),
        "subtitle": drawable(chart.subtitle),
        "footer": drawable(chart.footer),
        "bars": [
            {
                "rank": drawable(bar.rank),
                "label": label,
                "shown": drawable(bar.shown),
                "note": drawable(bar.note),
                "share": float(bar.value / highest) if highest else 0.0,
                "shade": shade,
            }
            for bar, label, shade in zip(chart.bars, labels, shades(chart.bars), strict=True)
        ],
    }


def shades(bars: tuple[ChartBar, ...]) -> list[str]:
    """A colour "#rrggbb" for each bar, darker for better ranks, the same for the same rank.

    One hue in steps of lightness, so that no kind of colour blindness matters; the lightest has
    a contrast of more than 3:1 on white (WCAG 2.1, 1.4.11).
    """
    ranks = list(dict.fromkeys(bar.rank for bar in bars if bar.rank))
    steps = max(len(ranks) - 1, 1)
    by_rank = {rank: _mixed(Fraction(place, steps)) for place, rank in enumerate(ranks)}
    return [by_rank.get(bar.rank, _hex(_UNRANKED_SHADE)) for bar in bars]


def _mixed(part: Fraction) -> str:
    red, green, blue = (
        round(first + (last - first) * part)
        for first, last in zip(_FIRST_SHADE, _LAST_SHADE, strict=True)
    )
    return _hex((red, green, blue))


def _hex(colour: tuple[int, int, int]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)


def printable(text: str, longest_word: int = _LONGEST_WORD) -> str:
    """`text` on one line, without control characters, and with places to break in long words."""
    kept = "".join(_kept(char) for char in unicodedata.normalize("NFC", text))
    return " ".join(_breakable(word, longest_word) for word in kept.split(" ") if word)


def _kept(char: str) -> str:
    if char.isspace():
        return "\u00a0" if char in "\u00a0\u202f\u2007" else " "
    if char in _BIDI_CONTROLS or unicodedata.category(char) in {"Cc", "Cs"}:
        return ""
    return char


def _breakable(word: str, longest: int) -> str:
    if sum(map(_width, word)) <= longest:
        return word
    pieces = [word[0]]
    run = _width(word[0])
    for before, char in pairwise(word):
        if run >= longest // 2 and _is_boundary(before, char):
            pieces.append(_SOFT_HYPHEN if before.isalpha() and char.isalpha() else _NO_SPACE)
            run = 0
        pieces.append(char)
        run += _width(char)
    return "".join(pieces)


def _width(char: str) -> int:
    return 2 if char.isupper() or unicodedata.east_asian_width(char) in {"W", "F"} else 1


def _is_boundary(before: str, char: str) -> bool:
    """Whether a line may end between two characters without tearing one visible sign apart."""
    if before in _JOINERS or char in _JOINERS or unicodedata.combining(char):
        return False
    # Flags are pairs of these, and skin tones belong to the hand before them.
    return not "\U0001f1e6" <= char <= "\U0001f1ff" and not "\U0001f3fb" <= char <= "\U0001f3ff"


def drawable(text: str, longest_word: int = _LONGEST_WORD) -> str:
    """`printable` without emoji, unless nothing else is left."""
    line = printable(text, longest_word)
    return _without_emoji(line) or line


def labels_without_emoji(labels: list[str]) -> list[str]:
    """`labels` without emoji, which the embedded fonts can draw only as crossed boxes.

    Unchanged where that would leave a label empty, or make two labels look the same.
    """
    bare = [_without_emoji(label) or label for label in labels]
    return bare if len(set(bare)) == len(set(labels)) else labels


def _without_emoji(line: str) -> str:
    if not any(ord(char) in _EMOJI for char in line):
        return line
    bare = "".join(char for char in line if ord(char) not in _EMOJI and char not in _JOINERS)
    return " ".join(bare.split()) if any(char.isalnum() for char in bare) else ""


def fitting(png: bytes) -> bool:
    """Whether Telegram accepts it as a photo."""
    width, height = png_size(png)
    return (
        width + height <= PHOTO_SIDES_PX
        and max(width, height) <= PHOTO_RATIO * min(width, height)
        and len(png) <= PHOTO_BYTES
    )


def png_size(png: bytes) -> tuple[int, int]:
    """Width and height in pixels, from the header of a PNG (ISO/IEC 15948, IHDR)."""
    return int.from_bytes(png[16:20]), int.from_bytes(png[20:24])


_TEMPLATE = """
#let chart = json(bytes(sys.inputs.chart))
#let size = chart.size * 1pt
#let ink = rgb("#16202a")
#let quiet = rgb("#45525e")
#let track = rgb("#e9eef3")
#set page(
  width: chart.width * 1pt, height: auto, fill: white,
  margin: (x: 48pt, top: 48pt, bottom: 40pt),
)
#set text(
  font: ("Libertinus Serif", "DejaVu Sans Mono"), size: size, fill: ink,
  lang: chart.language, number-type: "lining",
)
#set par(leading: 0.42em, spacing: 0pt)
// Only long words are divided: a short one moves to the next line whole.
#let said(it, ..style) = text(
  hyphenate: it.split(" ").any(word => word.clusters().len() > 20), ..style, it,
)
#let bar-height = 0.95em

#let reading(bar, below: false) = {
  said(bar.shown, weight: "bold")
  if bar.note != "" and not below { said("  ·  ", fill: quiet); said(bar.note, fill: quiet) }
}

#let drawn(bar, room, reading-width, below) = grid(
  columns: (room, reading-width), column-gutter: 0.5em, align: horizon,
  box(width: 100%, height: bar-height, fill: track, stroke: (left: 3pt + ink))[
    #place(left + horizon, rect(
      width: bar.share * 100%, height: 100%, fill: rgb(bar.shade), stroke: (left: 3pt + ink),
    ))
  ],
  reading(bar, below: below),
)

#said(chart.title, size: 1.4em, weight: "bold")
#if chart.subtitle != "" { v(0.6em); said(chart.subtitle, fill: quiet) }
#v(1.2em)
#layout(area => {
  let rank-width = calc.max(..chart.bars.map(bar => measure(said(bar.rank, weight: "bold")).width))
  let gap = if rank-width > 0pt { 0.5em } else { 0pt }
  let inner = area.width - rank-width - gap.to-absolute()
  let widest = calc.max(..chart.bars.map(bar => measure(reading(bar)).width))
  // Notes that leave too little room for the bars stand under them.
  let below = widest > inner * 42%
  let needed = chart.bars.map(bar => measure(reading(bar, below: below)).width)
  let reading-width = calc.min(calc.max(..needed), inner * 42%)
  let room = inner - reading-width - (0.5em).to-absolute()
  grid(
    columns: (rank-width, 1fr), column-gutter: gap, row-gutter: 0.72em,
    ..chart.bars.map(bar => (
      said(bar.rank, weight: "bold"),
      stack(
        spacing: 0.38em,
        said(bar.label),
        drawn(bar, room, reading-width, below),
        ..if below and bar.note != "" { (said(bar.note, fill: quiet, size: 0.86em),) },
      ),
    )).flatten(),
  )
})
#if chart.footer != "" {
  v(0.9em)
  line(length: 100%, stroke: 1.5pt + track.darken(12%))
  v(0.55em)
  said(chart.footer, size: 0.86em, fill: quiet)
}
"""
