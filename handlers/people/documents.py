"""Invitations as letters: one page each, tagged for screen readers (PDF/UA-1), set by Typst.

Pure: data in, bytes out. What people typed reaches Typst as JSON and is set as plain strings,
so no character of it is ever read as markup.
"""

from __future__ import annotations

import io
import json
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

MAX_LETTERS = 100
MAX_CHARACTERS = 400
"""Of a name, a municipality or a contact on a letter; more would not leave it on one page."""

_SIZES = (12.5, 11.5, 10.5, 9.5, 8.5)
"""Points; the first with which every letter keeps to its page."""

_LONGEST_WORD = 50
_NO_SPACE = "\u200b"
_EMOJI = range(0x1F000, 0x1FB00)


@dataclass(frozen=True, slots=True)
class Way:
    """A way in: what it is called, what to do, what to type in, and what the QR code says."""

    title: str
    how: str
    address: str = ""
    qr: str = ""
    qr_alt: str = ""
    """The QR code in words, never empty where there is one."""


@dataclass(frozen=True, slots=True)
class Letter:
    """Everything on one page, in the reader's language ("de", "en", "de-simple")."""

    language: str
    town: str
    title: str
    to: str
    intro: tuple[str, ...]
    code_label: str
    code: str
    ways_title: str
    ways: tuple[Way, ...]
    notes: tuple[str, ...]
    help: str


def letters_pdf(letters: Sequence[Letter], made_at: datetime) -> bytes:
    """One PDF with a page for each letter. Raises ValueError for none or over MAX_LETTERS."""
    import typst

    size = _fitting(letters)
    # A PDF's date has whole seconds.
    stamp = made_at.replace(microsecond=0)
    try:
        made = _compiled(letters, size, "pdf", timestamp=stamp, pdf_standards=["ua-1"])
    except typst.TypstError:
        # A sign that the fonts cannot draw breaks the standard, but nobody shall lack a letter.
        made = _compiled(letters, size, "pdf", timestamp=stamp)
    if not isinstance(made, bytes):
        raise TypeError("a PDF is one file")
    return made


def letters_png(letters: Sequence[Letter], ppi: float = 60) -> list[bytes]:
    """The same pages as pictures. Raises ValueError as ``letters_pdf``."""
    return _pages(letters, _fitting(letters), ppi)


def _fitting(letters: Sequence[Letter]) -> float:
    if not 1 <= len(letters) <= MAX_LETTERS:
        raise ValueError(f"a file has 1 to {MAX_LETTERS} letters, not {len(letters)}")
    sizes = (size for size in _SIZES if len(_pages(letters, size, 10)) == len(letters))
    return next(sizes, _SIZES[-1])


def _pages(letters: Sequence[Letter], size: float, ppi: float) -> list[bytes]:
    made = _compiled(letters, size, "png", ppi=ppi)
    return list(made) if isinstance(made, list) else [made]


def _compiled(letters: Sequence[Letter], size: float, kind: Any, **options: Any) -> Any:
    import typst  # 25 MB of machine code: loaded with the first letter, not at start-up

    data = json.dumps({"size": size, "letters": [_as_data(letter) for letter in letters]})
    return typst.Compiler(ignore_system_fonts=True).compile(
        _TEMPLATE.encode(), format=kind, sys_inputs={"data": data}, **options
    )


def _as_data(letter: Letter) -> dict[str, Any]:
    return {
        "language": letter.language.partition("-")[0],
        "town": printable(letter.town),
        "title": printable(letter.title),
        "to": printable(letter.to),
        "intro": [printable(words) for words in letter.intro],
        "code_label": printable(letter.code_label),
        "code": letter.code,
        "ways_title": printable(letter.ways_title),
        "ways": [
            {
                "title": printable(way.title),
                "how": printable(way.how),
                "address": _parted(way.address),
                "qr": qr_svg(way.qr) if way.qr else "",
                "alt": printable(way.qr_alt),
            }
            for way in letter.ways
        ],
        "notes": [printable(words) for words in letter.notes],
        "help": printable(letter.help),
    }


def qr_svg(says: str) -> str:
    """A QR code (ISO/IEC 18004) as SVG; it may be damaged by a seventh."""
    import segno

    drawn = io.BytesIO()
    segno.make(says, error="m", micro=False).save(drawn, kind="svg", border=2, svgns=True)
    return drawn.getvalue().decode()


def printable(text: str) -> str:
    """On one line, no longer than MAX_CHARACTERS, with places to break in long words."""
    kept = "".join(
        " " if char.isspace() and char not in "\u00a0\u202f" else char
        for char in unicodedata.normalize("NFC", text)
        if char.isspace() or not _is_hidden(char)
    )
    words = " ".join(word for word in kept.split(" ") if word)
    short = words if len(words) <= MAX_CHARACTERS else words[: MAX_CHARACTERS - 1] + "…"
    return " ".join(_breakable(w) if len(w) > _LONGEST_WORD else w for w in short.split(" "))


def _is_hidden(char: str) -> bool:
    """Control, direction and joining marks, and emoji, which the embedded fonts do not have."""
    return unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Cn"} or ord(char) in _EMOJI


def _parted(address: str) -> str:
    """An address, which may go on in the next line where a part of it ends."""
    if len(address) <= _LONGEST_WORD:
        return address
    return re.sub(r"(?<=[/:.=])(?=\w)", _NO_SPACE, address)


def _breakable(word: str) -> str:
    """Lines may end anywhere in a word that no line could hold."""
    signs: list[str] = []
    for char in word:
        if signs and not unicodedata.combining(char):
            signs.append(_NO_SPACE)
        signs.append(char)
    return "".join(signs)


_TEMPLATE = """
#let data = json(bytes(sys.inputs.data))
#let ink = rgb("#16202a")
#let quiet = rgb("#45525e")
#let rule = rgb("#8a97a3")
#let size = data.size * 1pt
#set document(
  title: data.letters.first().title + " – " + data.letters.first().town,
  author: data.letters.first().town,
)
#set page(paper: "a4", margin: (x: 22mm, top: 20mm, bottom: 16mm))
#set text(
  font: ("Libertinus Serif", "DejaVu Sans Mono"), size: size, fill: ink,
  lang: data.letters.first().language, number-type: "lining",
)
#set par(leading: 0.6em, spacing: 0.95em)
#show heading: set block(above: 0pt, below: 0.75em)
#show heading.where(level: 1): set text(size: 1.9em)
#show heading.where(level: 2): set text(size: 1.25em)
#show heading.where(level: 3): set text(size: 1.08em)

#let way(it) = block(breakable: false, width: 100%, {
  if it.qr != "" {
    grid(
      columns: (1fr, 27mm), column-gutter: 8mm, align: (left + horizon, right + horizon),
      {
        heading(level: 3, it.title)
        par(it.how)
        if it.address != "" { par(text(font: "DejaVu Sans Mono", size: 0.84em, it.address)) }
      },
      image(bytes(it.qr), width: 27mm, alt: it.alt),
    )
  } else {
    heading(level: 3, it.title)
    par(it.how)
  }
})

#let letter(it) = {
  set text(lang: it.language)
  par(text(fill: quiet, it.town))
  v(5mm)
  heading(level: 1, it.title)
  par(text(size: 1.12em, weight: "bold", it.to))
  for words in it.intro { par(words) }
  v(1mm)
  block(
    width: 100%, stroke: 1.2pt + ink, radius: 3mm, inset: (x: 6mm, y: 5mm),
    {
      par(it.code_label)
      par(text(font: "DejaVu Sans Mono", size: 2.1em, weight: "bold", it.code))
    },
  )
  v(7mm)
  heading(level: 2, it.ways_title)
  for (at, one) in it.ways.enumerate() {
    if at > 0 { line(length: 100%, stroke: 0.5pt + rule) }
    way(one)
  }
  v(4mm)
  for words in it.notes { par(words) }
  par(it.help)
}

#for (at, one) in data.letters.enumerate() {
  if at > 0 { pagebreak() }
  letter(one)
}
"""
