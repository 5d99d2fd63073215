"""A result as ``.xlsx``, ``.ods`` and ``.csv``: numbers that can be calculated with. Pure.

What people typed is only ever text there: a cell of words is typed as such, so that no program
takes it for a formula.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from handlers.polls.documents import table_csv
from handlers.polls.exports import opendocument
from handlers.polls.exports.content import Cell, Content, Frame, Grid

LONGEST_SHEET_NAME = 31
LONGEST_CELL = 32_767
"""Characters (Excel specifications and limits); LibreOffice takes more."""

NARROWEST, WIDEST = 8, 60
"""Widths of a column, in characters."""

LANDSCAPE_FROM = 5
"""Columns from which a sheet is printed sideways."""

_NOT_IN_A_NAME = re.compile(r"[\[\]:*?/\\\0-\x1f]")
_CONTROLS = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet as both kinds of spreadsheet are written from it."""

    name: str
    rows: tuple[tuple[Cell, ...], ...]
    """The first is the head."""
    widths: tuple[int, ...]
    decimals: frozenset[int]
    """Columns with numbers that are not whole."""

    @property
    def landscape(self) -> bool:
        """Whether it is printed sideways."""
        return len(self.widths) >= LANDSCAPE_FROM


def csv(content: Content, frame: Frame) -> bytes:
    """The first table, as German (or English) spreadsheets open it."""
    first = content.tables[0]
    return table_csv([first.head, *first.rows], "." if frame.language == "en" else ",")


def xlsx(content: Content, frame: Frame) -> bytes:
    """All tables as sheets of a workbook, the result sheet first."""
    from openpyxl import Workbook

    book = Workbook()
    book.remove(book.worksheets[0])
    book.properties.title = _text(content.title)
    book.properties.creator = _text(frame.town)
    book.properties.created = content.closed_at.replace(tzinfo=None)
    book.properties.language = opendocument.LOCALES[frame.language][0]
    for sheet in _sheets(content):
        _fill(book.create_sheet(sheet.name), sheet, content, frame)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def ods(content: Content, frame: Frame) -> bytes:
    """The same for LibreOffice and its relatives."""
    sheets = [
        opendocument.Page(s.name, s.rows, s.widths, s.decimals, s.landscape)
        for s in _sheets(content)
    ]
    foot = (_text(content.foot), content.page, content.of_pages)
    return opendocument.written(sheets, frame.language, _text(content.title), foot)


# --- what stands where ---------------------------------------------------------------------


def _sheets(content: Content) -> list[Sheet]:
    names: set[str] = set()
    grids = [_about(content), *content.tables, *content.groups]
    if content.roll is not None:
        grids.append(content.roll)
    return [_sheet(grid, names) for grid in grids]


def _about(content: Content) -> Grid:
    """The result sheet: two columns, what and how much."""
    rows: list[tuple[Cell, ...]] = [(content.status, None), *content.facts]
    for head, lines in (
        (content.outcome_head, content.outcome),
        (content.excluded_head, content.excluded),
        (content.proof_head, (content.digest,)),
        (content.checks_head, content.checks),
    ):
        rows += [(head if n == 0 else None, line) for n, line in enumerate(lines)]
    return Grid(content.over, (content.title, ""), tuple(rows))


def _sheet(grid: Grid, names: set[str]) -> Sheet:
    rows = tuple(tuple(map(_clean, row)) for row in (grid.head, *grid.rows))
    columns = max(map(len, rows))
    decimals = frozenset(
        column
        for row in grid.rows
        for column, cell in enumerate(row)
        if isinstance(cell, Fraction) and cell.denominator != 1
    )
    widths = tuple(
        max(NARROWEST, min(WIDEST, 2 + max(_length(row[c]) for row in rows if len(row) > c)))
        for c in range(columns)
    )
    return Sheet(sheet_name(grid.name, names), rows, widths, decimals)


def _length(cell: Cell) -> int:
    if isinstance(cell, str):
        return max(map(len, cell.split("\n")))
    return 0 if cell is None else len(f"{float(cell):,.2f}")


def sheet_name(wanted: str, names: set[str]) -> str:
    """A sheet's name within the limits of spreadsheets, and unlike the others."""
    base = " ".join(_NOT_IN_A_NAME.sub(" ", wanted).split()).strip("'") or "1"
    name, number = base[:LONGEST_SHEET_NAME].strip(" '"), 1
    while name.casefold() in names or name.casefold() == "history":  # Excel keeps that one
        number += 1
        end = f" {number}"
        name = base[: LONGEST_SHEET_NAME - len(end)].rstrip(" '") + end
    names.add(name.casefold())
    return name


def _clean(cell: Cell) -> Cell:
    return _text(cell) if isinstance(cell, str) else cell


def _text(words: str) -> str:
    kept = _CONTROLS.sub("", words)
    return kept if len(kept) <= LONGEST_CELL else kept[: LONGEST_CELL - 1] + "…"


# --- xlsx ----------------------------------------------------------------------------------

_WHOLE, _DECIMAL = "#,##0", "#,##0.00"
_IN_GERMAN = "[$-407]"


def _fill(sheet: Any, of: Sheet, content: Content, frame: Frame) -> None:
    from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
    from openpyxl.utils import get_column_letter

    german = "" if frame.language == "en" else _IN_GERMAN
    under = Border(bottom=Side("thin", color="45525E"))
    for number, row in enumerate(of.rows, 1):
        for column, value in enumerate(row):
            cell = sheet.cell(number, column + 1)
            words = isinstance(value, str)
            cell.alignment = Alignment("left" if words else "right", "top", wrap_text=True)
            if number == 1:
                cell.font, cell.border = Font(bold=True), under
                cell.fill = PatternFill("solid", "E9EEF3")
            if isinstance(value, str):
                cell.value, cell.data_type = value or None, "s" if value else "n"
                # Typed in again or saved as another kind of file, it stays text.
                cell.number_format, cell.quotePrefix = "@", True
            elif value is not None:
                cell.value = int(value) if value == int(value) else float(value)
                cell.number_format = german + (_DECIMAL if column in of.decimals else _WHOLE)
    for column, width in enumerate(of.widths, 1):
        sheet.column_dimensions[get_column_letter(column)].width = width
    sheet.freeze_panes = "A2"
    sheet.print_title_rows = "1:1"
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A4
    sheet.page_setup.orientation = "landscape" if of.landscape else "portrait"
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.oddFooter.left.text = _footer(content.foot)
    sheet.oddFooter.right.text = f"{_footer(content.page)} &P {_footer(content.of_pages)} &N"


def _footer(words: str) -> str:
    """In a footer, ``&`` begins a code; a digit after one would be a size."""
    return _text(words).replace("&", "&&")[:200]
