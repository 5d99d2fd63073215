"""Spreadsheets: ``.xlsx``, ``.ods`` and ``.csv`` as rows of words, and rows as such files.

Pure. Files come from outside: sizes are judged before anything is unpacked, formulas and macros
are never run, and a cell is read only as far as the limits reach.
"""

from __future__ import annotations

import csv
import io
import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import IO, Literal
from xml.etree.ElementTree import Element, ParseError, iterparse

from handlers.chat import Text

Kind = Literal["xlsx", "ods", "csv"]

LARGEST = 5_000_000
"""Bytes of a file."""

MOST_ROWS = 2_000
MOST_COLUMNS = 40
LONGEST_CELL = 2_000

_UNPACKED = 60_000_000
_RATIO = 200
"""What a zip may become, altogether and against its size (a bomb is a thousand times as large)."""

MIMES: dict[Kind, str] = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "csv": "text/csv",
}

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""How old Office files begin, and new ones that are locked by a password."""

Rows = list[list[str]]


class Unreadable(Exception):
    """Not a spreadsheet that is read here; ``text`` says why and what to do."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.message)
        self.text = text


def read(name: str, data: bytes) -> Rows:
    """The first sheet as rows of words, empty rows included, so that line numbers hold.

    Dates are ``2027-03-26``, whole numbers have no decimals. Raises Unreadable.
    """
    ending = name.rpartition(".")[2].casefold()
    if ending == "xlsm":
        raise Unreadable(Text("members.file_macros"))
    if len(data) > LARGEST:
        raise Unreadable(Text("members.file_too_large", most=LARGEST // 1_000_000))
    if not data.strip():
        raise Unreadable(Text("members.file_empty"))
    if data.startswith(_OLE):
        raise Unreadable(Text("members.file_locked"))
    if data.startswith(b"PK"):
        rows = _of_zip(data)
    elif ending in ("xlsx", "ods"):
        raise Unreadable(Text("members.file_broken"))
    else:
        rows = _of_csv(data)
    while rows and not any(rows[-1]):
        rows.pop()
    if not rows:
        raise Unreadable(Text("members.file_empty"))
    return [[_unmarked(cell) for cell in row] for row in rows]


def write(kind: Kind, rows: Sequence[Sequence[str]]) -> bytes:
    """The rows as a file; what a spreadsheet could take for a formula is marked as text."""
    marked = [[_marked(cell) for cell in row] for row in rows]
    if kind == "csv":
        return _to_csv(marked)
    return _to_xlsx(marked) if kind == "xlsx" else _to_ods(marked)


# --- zip -----------------------------------------------------------------------------------


def _of_zip(data: bytes) -> Rows:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            names = {one.filename: one for one in packed.infolist()}
            _judge(names.values(), len(data))
            if any("vbaproject" in name.casefold() for name in names):
                raise Unreadable(Text("members.file_macros"))
            if "content.xml" in names:
                return _of_ods(packed)
        if "xl/workbook.xml" not in names:
            raise Unreadable(Text("members.file_other"))
        return _of_xlsx(data)
    except Unreadable:
        raise
    except Exception as error:
        # The libraries raise whatever they stumble over in a damaged file.
        raise Unreadable(Text("members.file_broken")) from error


def _judge(parts: Iterable[zipfile.ZipInfo], packed: int) -> None:
    total = 0
    for part in parts:
        if part.flag_bits & 1:
            raise Unreadable(Text("members.file_locked"))
        total += part.file_size
    if total > _UNPACKED or total > packed * _RATIO:
        raise Unreadable(Text("members.file_bomb"))


def _of_xlsx(data: bytes) -> Rows:
    from openpyxl import load_workbook

    with warnings.catch_warnings():
        # It warns of decorations that it leaves out.
        warnings.simplefilter("ignore")
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        try:
            sheet = book.worksheets[0]
            return _bounded(
                [_word(cell) for cell in row]
                for row in sheet.iter_rows(
                    max_row=MOST_ROWS + 2, max_col=MOST_COLUMNS, values_only=True
                )
            )
        finally:
            book.close()


def _bounded(rows: Iterator[list[str]]) -> Rows:
    kept: Rows = []
    for row in rows:
        while row and not row[-1]:
            row.pop()
        kept.append(row)
        if len(kept) > MOST_ROWS + 1 and row:
            raise Unreadable(Text("members.file_too_long", most=MOST_ROWS))
    return kept


def _word(value: object) -> str:
    match value:
        case None:
            return ""
        case datetime():
            return value.date().isoformat()
        case date():
            return value.isoformat()
        case float() if value.is_integer():
            return str(int(value))
    return str(value)[:LONGEST_CELL].strip()


# --- ods -----------------------------------------------------------------------------------

_T = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_O = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_P = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}p"


def _of_ods(packed: zipfile.ZipFile) -> Rows:
    # A locked file says so in its list of parts; all parts but that list are unreadable.
    manifest = "META-INF/manifest.xml"
    if manifest in packed.namelist() and b"encryption-data" in packed.read(manifest):
        raise Unreadable(Text("members.file_locked"))
    with packed.open("content.xml") as start:
        if b"<!DOCTYPE" in start.read(2_000):
            raise Unreadable(Text("members.file_broken"))
    with packed.open("content.xml") as content:
        return _bounded(_ods_rows(content))


def _ods_rows(content: IO[bytes]) -> Iterator[list[str]]:
    """The rows of the first table; repeated ones as often as the limit allows."""
    try:
        for _, element in iterparse(content, ("end",)):  # noqa: S314 - no document type, checked
            if element.tag == f"{_T}table-row":
                row = _ods_cells(element)
                times = int(element.get(f"{_T}number-rows-repeated", "1"))
                # A sheet ends with a million empty rows.
                for _ in range(min(times, MOST_ROWS + 2) if any(row) else min(times, 50)):
                    yield list(row)
                element.clear()
            elif element.tag == f"{_T}table":
                return
    except ParseError:
        raise Unreadable(Text("members.file_broken")) from None


def _ods_cells(row: Element) -> list[str]:
    cells: list[str] = []
    for cell in row:
        if cell.tag not in (f"{_T}table-cell", f"{_T}covered-table-cell"):
            continue
        times = min(int(cell.get(f"{_T}number-columns-repeated", "1")), MOST_COLUMNS)
        cells += [_ods_word(cell)] * times
        if len(cells) >= MOST_COLUMNS:
            break
    return cells[:MOST_COLUMNS]


def _ods_word(cell: Element) -> str:
    given = cell.get(f"{_O}date-value")
    if given:
        return given[:10]
    text = "\n".join("".join(p.itertext()) for p in cell.findall(_P))
    return text[:LONGEST_CELL].strip()


# --- csv -----------------------------------------------------------------------------------


def _of_csv(data: bytes) -> Rows:
    if b"\0" in data:
        raise Unreadable(Text("members.file_other"))
    words = _decoded(data)
    first = next((line for line in words.splitlines() if line.strip()), "")
    separator = max(";,\t", key=first.count)
    try:
        read = csv.reader(io.StringIO(words, newline=""), delimiter=separator)
        return _bounded(
            [cell[:LONGEST_CELL].strip() for cell in row[:MOST_COLUMNS]] for row in read
        )
    except csv.Error:
        raise Unreadable(Text("members.file_broken")) from None


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        # A few bytes mean nothing there; in ISO 8859-1 every byte means something.
        return data.decode("latin-1")


# --- writing -------------------------------------------------------------------------------

_FORMULA = re.compile(r"'*[\u00a0 \t\r\n]*[=+\-@]")


def _marked(cell: str) -> str:
    """With an apostrophe before what would be a formula, or was marked already."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _unmarked(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell[1:]) else cell


def _to_csv(rows: Sequence[Sequence[str]]) -> bytes:
    written = io.StringIO()
    csv.writer(written, delimiter=";", lineterminator="\r\n").writerows(rows)
    return written.getvalue().encode("utf-8-sig")


def _to_xlsx(rows: Sequence[Sequence[str]]) -> bytes:
    from openpyxl import Workbook
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = Workbook()
    sheet = book.worksheets[0]
    for number, row in enumerate(rows, 1):
        for column, words in enumerate(row, 1):
            cell = sheet.cell(number, column)
            cell.value, cell.data_type = words or None, "s" if words else "n"
            cell.number_format = "@"
            if number == 1:
                cell.font = Font(bold=True)
    for column in range(1, max(map(len, rows), default=0) + 1):
        longest = max(len(row[column - 1]) for row in rows if len(row) >= column)
        sheet.column_dimensions[get_column_letter(column)].width = min(longest + 2, 50)
    sheet.freeze_panes = "A2"
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def _to_ods(rows: Sequence[Sequence[str]]) -> bytes:
    from odfdo import Cell, Document, Row, Table

    document = Document("spreadsheet")
    document.body.clear()
    table = Table("1")
    for row in rows:
        made = Row()
        for words in row:
            made.append_cell(Cell(text=words, value=words, cell_type="string") if words else Cell())
        table.append_row(made)
    document.body.append(table)
    written = io.BytesIO()
    document.save(written)
    return written.getvalue()
