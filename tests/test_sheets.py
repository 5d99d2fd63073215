"""Spreadsheets of all kinds and origins as rows of words, within limits, and back."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from handlers import sheets
from handlers.sheets import Unreadable, read, write

KINDS = ("xlsx", "ods", "csv")
WORDS = "Größe;Straße\nÄpfel;„neu“ – 3 €\n"


def refused(name: str, data: bytes) -> str:
    with pytest.raises(Unreadable) as caught:
        read(name, data)
    return caught.value.text.message


def zipped(**parts: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in parts.items():
            packed.writestr(name.replace("__", "/").replace("_xml", ".xml"), data)
    return made.getvalue()


def ods(table: str) -> bytes:
    head = (
        '<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
        ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
        ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"><office:body>'
        "<office:spreadsheet><table:table>"
    )
    end = "</table:table></office:spreadsheet></office:body></office:document-content>"
    return zipped(content_xml=(head + table + end).encode())


def xlsx(book: Workbook) -> bytes:
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_csv_is_read_in_every_usual_dress(encoding: str, separator: str) -> None:
    data = WORDS.replace(";", separator).replace("\n", "\r\n").encode(encoding)
    assert read("a.csv", data) == [["Größe", "Straße"], ["Äpfel", "„neu“ – 3 €"]]


def test_csv_of_latin_1_is_read_too() -> None:
    # 0x81 means nothing in cp1252.
    assert read("a.csv", "Größe\x81;x".encode("latin-1")) == [["Größe\x81", "x"]]


def test_quoted_cells_may_hold_separators_and_lines() -> None:
    assert read("a.csv", b'a;"b;c\nd"\n') == [["a", "b;c\nd"]]


def test_dates_and_numbers_come_as_people_mean_them() -> None:
    # A spreadsheet's times have no zone.
    book, noon = Workbook(), datetime(2027, 3, 26, 12, tzinfo=UTC).replace(tzinfo=None)
    book.worksheets[0].append([date(2027, 3, 26), noon, 12.0, 1.5, True, None])
    assert read("a.xlsx", xlsx(book)) == [["2027-03-26", "2027-03-26", "12", "1.5", "True"]]
    row = (
        '<table:table-row><table:table-cell office:value-type="date" office:date-value='
        '"2027-03-26T00:00:00"><text:p>26.3.27</text:p></table:table-cell>'
        "<table:table-cell><text:p>a</text:p><text:p>b</text:p></table:table-cell></table:table-row>"
    )
    assert read("a.ods", ods(row)) == [["2027-03-26", "a\nb"]]


def test_empty_rows_count_so_that_line_numbers_hold() -> None:
    for kind in KINDS:
        made = read(f"a.{kind}", write(kind, [["a"], [], ["b"], [], []]))  # type: ignore[arg-type]
        assert made == [["a"], [], ["b"]], kind


def test_the_ending_does_not_matter_where_the_content_says_what_it_is() -> None:
    assert read("a.csv", write("xlsx", [["x"]])) == [["x"]]
    assert read("a.xlsx", write("ods", [["x"]])) == [["x"]]


@pytest.mark.parametrize("kind", KINDS)
def test_what_would_be_a_formula_is_text_and_comes_back_as_it_was(kind: sheets.Kind) -> None:
    cells = ["=1+1", "+49", "-x", "@a", " =b", "'=c", "'d", "''=e"]
    data = write(kind, [cells])
    assert read(f"a.{kind}", data) == [cells]
    if kind == "csv":
        assert all(c[:1] not in "=+-@" for c in data.decode("utf-8-sig").split(";"))
    if kind == "xlsx":
        packed = zipfile.ZipFile(io.BytesIO(data))
        assert b"<f>" not in packed.read("xl/worksheets/sheet1.xml")


@given(
    rows=st.lists(
        st.lists(
            st.text(st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="￾￿")).map(
                lambda t: " ".join(t.split())[:200]
            ),
            max_size=5,
        ),
        max_size=5,
    ),
    kind=st.sampled_from(KINDS),
)
@settings(max_examples=60, deadline=None)
def test_any_words_survive_the_way_out_and_in(rows: list[list[str]], kind: sheets.Kind) -> None:
    bare = [["x", *row] for row in rows] or [["x"]]
    for row in bare:
        while len(row) > 1 and not row[-1].strip():
            row.pop()
    assert read(f"a.{kind}", write(kind, bare)) == [[c.strip() for c in row] for row in bare]


# --- what is not read ----------------------------------------------------------------------


def test_large_files_and_long_tables_are_refused() -> None:
    assert refused("a.csv", b"x" * (sheets.LARGEST + 1)) == "members.file_too_large"
    long = [["x"]] * (sheets.MOST_ROWS + 2)
    for kind in KINDS:
        data = write(kind, long)  # type: ignore[arg-type]
        assert refused(f"a.{kind}", data) == "members.file_too_long", kind


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = zipped(content_xml=b" " * 70_000_000)
    assert len(bomb) < 100_000
    assert refused("a.ods", bomb) == "members.file_bomb"
    assert refused("a.xlsx", zipped(xl__workbook_xml=bytes(5_000_000))) == "members.file_bomb"


def test_cells_far_out_cost_nothing() -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet["A1"], sheet["XFD1048576"] = "here", "far"
    assert read("a.xlsx", xlsx(book)) == [["here"]]
    cell = '<table:table-cell table:number-columns-repeated="16384"><text:p>x</text:p>'
    row = f'<table:table-row table:number-rows-repeated="1048576">{cell}</table:table-cell>'
    assert refused("a.ods", ods(f"{row}</table:table-row>")) == "members.file_too_long"


def test_the_million_empty_rows_at_the_end_of_a_sheet_are_none() -> None:
    cell, end = "<table:table-cell><text:p>x</text:p></table:table-cell>", "</table:table-row>"
    full = f"<table:table-row>{cell}{end}"
    empty = f'<table:table-row table:number-rows-repeated="1048575"><table:table-cell/>{end}'
    assert read("a.ods", ods(full + empty)) == [["x"]]


def test_macros_passwords_and_other_files_are_told_apart() -> None:
    locked = b"<manifest:encryption-data/>"
    assert refused("a.xlsm", b"PK") == "members.file_macros"
    assert refused("a.xlsx", zipped(xl__vbaProject_bin=b"x")) == "members.file_macros"
    assert refused("a.xlsx", sheets._OLE + bytes(512)) == "members.file_locked"
    parts = {"META-INF__manifest_xml": locked, "content_xml": b"???"}
    assert refused("a.ods", zipped(**parts)) == "members.file_locked"
    assert refused("a.xlsx", b"no zip") == "members.file_broken"
    assert refused("a.xlsx", zipped(word__document_xml=b"x")) == "members.file_other"
    assert refused("a.csv", b"\x89PNG\0") == "members.file_other"
    assert refused("a.csv", b" \n ") == "members.file_empty"
    assert refused("a.ods", zipped(content_xml=b"<a>")) == "members.file_broken"


def test_a_document_type_is_not_even_looked_into() -> None:
    laughs = b'<!DOCTYPE a [<!ENTITY a "ha">]><a>&a;</a>'
    assert refused("a.ods", zipped(content_xml=laughs)) == "members.file_broken"


@given(data=st.binary(max_size=300), ending=st.sampled_from(("xlsx", "ods", "csv", "")))
@settings(max_examples=150, deadline=None)
def test_whatever_comes_is_read_or_refused_in_a_sentence(data: bytes, ending: str) -> None:
    for start in (b"", b"PK\x03\x04"):
        try:
            rows = read(f"a.{ending}", start + data)
        except Unreadable:
            continue
        assert rows


@given(at=st.integers(0, 4000), byte=st.integers(0, 255), kind=st.sampled_from(("xlsx", "ods")))
@settings(max_examples=60, deadline=None)
def test_a_damaged_file_is_read_or_refused(at: int, byte: int, kind: sheets.Kind) -> None:
    data = bytearray(write(kind, [["Kennung", "Funktion"], ["a", "b"]]))
    data[at % len(data)] = byte
    try:
        read(f"a.{kind}", bytes(data))
    except Unreadable:
        return
