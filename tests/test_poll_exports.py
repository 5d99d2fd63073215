"""The spreadsheets and the frozen data of a result, read back as others read them."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import sys
import zipfile
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from handlers import sheets
from handlers.chat import plain
from handlers.polls.exports import MIMES, Format, file, frozen, offered, tables
from handlers.polls.exports.content import Content, Grid, content
from handlers.polls.facts import ResultFacts
from handlers.polls.methods import Method, dots, resolution
from handlers.polls.methods.registry import METHODS
from tests.results import (
    COSTS,
    HOSTILE,
    LANGUAGES,
    decided,
    frame,
    made,
    measures,
    pasted,
    result,
    typed,
    words,
)

# --- what there is -------------------------------------------------------------------------

READ = (Format.XLSX, Format.ODS, Format.CSV)


def test_every_result_has_a_sheet_and_its_frozen_data_and_a_counted_one_has_tables() -> None:
    assert offered(pasted(), dots.METHOD) == (Format.DOCX, *READ, Format.JSON)
    nobody = replace(pasted(), cast=0)
    withheld = replace(pasted(), secret=True, cast=2, withheld=True)
    for facts in (nobody, withheld):
        assert offered(facts, dots.METHOD) == (Format.DOCX, Format.JSON)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_file_is_made_in_every_language(language: str) -> None:
    for method, facts in ((dots.METHOD, pasted()), (resolution.METHOD, decided())):
        for kind in offered(facts, method):
            done = made(facts, method, kind, language)
            assert done.data and done.mime == MIMES[kind]
            stem = "result" if language == "en" else "Ergebnis"
            assert done.name == f"{stem}-12.{kind}"


EXAMPLES: dict[str, tuple[dict[str, Any], list[dict[str, Any]]]] = {
    "resolution": (
        {"majority": "simple", "base": "yes_and_no", "casting_vote": False},
        [{"vote": "yes"}, {"vote": "no"}, {"vote": "abstain"}, {"vote": "yes"}],
    ),
    "choice": ({}, [{"11": 1}, {"12": 1}, {"11": 1}, {}]),
    "approval": ({"most": 0}, [{"11": 1, "12": 1}, {"12": 1}, {}, {"15": 1}]),
    "dots": ({"dots": 3, "max_per_option": 2}, [{"11": 2, "12": 1}, {"12": 1}, {}]),
    "score": ({"low": 0, "high": 5, "criteria": []}, [{"11": 5, "12": 0}, {"12": 4}, {"11": 3}]),
    "ranking": ({"top": 0}, [{"order": ["11", "14"]}, {"order": ["12"]}, {}]),
    "consensing": ({"status_quo": "given"}, [{"11": 2, "15": 9}, {"11": 0, "12": 10}, {}]),
    "consent": (
        {"turnout": "quorum"},
        [{"stance": "consent"}, {"stance": "concern", "text": "=1+1"}, {"stance": "consent"}],
    ),
    "budget": (
        {"budget": 150_000, "costs": list(COSTS), "ballot": "approval"},
        [{"11": 1, "13": 1}, {"15": 1}, {"11": 1}, {}],
    ),
    "date": (
        {"moments": [f"2027-04-{day}T16:00:00+00:00" for day in (12, 13, 14, 15, 16)]},
        [{"11": "yes", "12": "maybe"}, {"11": "no"}, {"13": "yes"}],
    ),
    "election": (
        {"round": 1, "base": "present", "single": False},
        [{"11": 1}, {"12": 1}, {"11": 1}, {"abstain": 1}],
    ),
    "question": ({"most": 2}, [{"answers": ["Mehr Bänke", "=1+1"]}, {"answers": ["Rufbus"]}]),
}
"""A small poll by each method: its settings and its ballots."""


@pytest.mark.parametrize("name", METHODS)
def test_every_method_has_its_files(name: str) -> None:
    method, (of, ballots) = METHODS[name], EXAMPLES[name]
    options = [] if method.rules.options == "none" else measures()
    ids = [option.id for option in options]
    assert all(method.rules.valid(of, ballot, ids) for ballot in ballots if ballot)
    facts = result(method, ballots, options, of, formal=method.rules.formal)
    for kind in offered(facts, method):
        done = file(facts, method.views, kind, words(), frame(ballots=ballots))
        assert done.data
        if kind in (Format.XLSX, Format.ODS):
            assert len(sheets.read(done.name, done.data)) > 10


# --- spreadsheets --------------------------------------------------------------------------


def test_a_workbook_has_the_result_sheet_and_the_tables_with_real_numbers() -> None:
    book = load_workbook(io.BytesIO(made(pasted(), dots.METHOD, Format.XLSX).data))
    about, places = book.worksheets
    said = {row[0].value: row[1].value for row in about.iter_rows() if row[0].value}
    assert said["Stimmberechtigte Sitze"] == 19 and said["Abgegebene Stimmen"] == 16
    assert said["Kommune"] == "Stadt Ilmbrück" and said["Prüfung"] == "3f" * 32
    assert said["Beschlussfähigkeit"] == "ja: nötig waren 10 von 19 Sitzen"
    rows = list(places.iter_rows(values_only=True))
    assert len(rows) == 6 and rows[0][:2] == ("Rang", "Option")
    assert all(isinstance(cell, int) for row in rows[1:] for cell in row[2:])
    assert all(cell.number_format == "[$-407]#,##0" for cell in places["C"][1:])


def test_sheets_are_ready_to_print_and_keep_their_head_in_sight() -> None:
    book = load_workbook(io.BytesIO(made(pasted(), dots.METHOD, Format.XLSX).data))
    for sheet in book.worksheets:
        assert sheet.freeze_panes == "A2" and sheet.print_title_rows == "$1:$1"
        assert str(sheet.page_setup.paperSize) == "9"
        assert sheet.page_setup.fitToWidth == 1 and sheet.page_setup.fitToHeight == 0
        fit, foot = sheet.sheet_properties.pageSetUpPr, sheet.oddFooter
        assert fit is not None and fit.fitToPage
        assert foot is not None and foot.right.text == "Seite &P von &N"
        assert all(8 <= d.width <= 60 for d in sheet.column_dimensions.values())


def test_fractions_are_decimals_in_the_reader_s_own_form() -> None:
    grid = Grid("A", ("Option", "Mittel"), (("x", Fraction(7, 3)), ("y", Fraction(2))))
    whole = replace(about(pasted()), tables=(grid,))
    for language, code in (("de", "[$-407]#,##0.00"), ("en", "#,##0.00")):
        book = load_workbook(io.BytesIO(tables.xlsx(whole, frame(language))))
        cells = book.worksheets[1]["B"][1:]
        assert [c.value for c in cells] == pytest.approx([7 / 3, 2])
        assert {c.number_format for c in cells} == {code}
    assert tables.csv(whole, frame("de")).decode("utf-8-sig").split("\r\n")[1] == "x;2,333333"
    assert tables.csv(whole, frame("en")).decode("utf-8-sig").split("\r\n")[1] == "x;2.333333"


def about(facts: ResultFacts, method: Method = dots.METHOD) -> Content:
    return content(facts, method.views, words(), frame())


def ods_parts(data: bytes) -> dict[str, ElementTree.Element]:
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        assert packed.infolist()[0].filename == "mimetype"
        assert packed.infolist()[0].compress_type == zipfile.ZIP_STORED
        return {
            name: ElementTree.fromstring(packed.read(name))  # noqa: S314 - our own
            for name in packed.namelist()
            if name.endswith(".xml")
        }


ODF = "{urn:oasis:names:tc:opendocument:xmlns:%s:1.0}"
TABLE, OFFICE, STYLE = (ODF % short for short in ("table", "office", "style"))
MANIFEST = ODF % "manifest"
NUMBER, CONFIG, FO = ODF % "datastyle", ODF % "config", ODF % "xsl-fo-compatible"


def test_an_opendocument_sheet_has_the_same_numbers_and_a_head_that_stays() -> None:
    parts = ods_parts(made(pasted(), dots.METHOD, Format.ODS).data)
    about, places = parts["content.xml"].iter(f"{TABLE}table")
    (head,) = places.iter(f"{TABLE}table-header-rows")
    assert len(list(head.iter(f"{TABLE}table-row"))) == 1
    rows = list(places.iter(f"{TABLE}table-row"))[1:]
    for row in rows:
        kinds = [cell.get(f"{OFFICE}value-type") for cell in row]
        assert kinds == ["string", "string", "float", "float"]
        assert all(cell.get(f"{TABLE}style-name") == "Whole" for cell in row[2:])
    frozen_sheets = {
        entry.get(f"{CONFIG}name")
        for entry in parts["settings.xml"].iter(f"{CONFIG}config-item-map-entry")
        if any(i.get(f"{CONFIG}name") == "VerticalSplitMode" and i.text == "2" for i in entry)
    }
    assert frozen_sheets == {t.get(f"{TABLE}name") for t in (about, places)}


@pytest.mark.parametrize(("language", "spoken"), [("de", "de"), ("de-simple", "de"), ("en", "en")])
def test_an_opendocument_sheet_speaks_the_reader_s_language_on_a4(
    language: str, spoken: str
) -> None:
    parts = ods_parts(made(pasted(), dots.METHOD, Format.ODS, language).data)
    styles = parts["styles.xml"]
    numbers = {n.get(f"{NUMBER}language") for n in styles.iter(f"{NUMBER}number-style")}
    assert numbers == {spoken}
    sizes = [
        (p.get(f"{FO}page-width"), p.get(f"{FO}page-height"))
        for p in styles.iter(f"{STYLE}page-layout-properties")
    ]
    assert sizes == [("21cm", "29.7cm"), ("29.7cm", "21cm")]
    everything = b"".join(ElementTree.tostring(part) for part in parts.values()).decode()
    assert 'language="fr"' not in everything
    with zipfile.ZipFile(io.BytesIO(made(pasted(), dots.METHOD, Format.ODS, language).data)) as z:
        listed = {e.get(f"{MANIFEST}full-path") for e in parts["META-INF/manifest.xml"]}
        assert set(z.namelist()) - {"mimetype", "META-INF/manifest.xml"} == listed - {"/"}
    used = set(re.findall(r'table:style-name="(\w+)"', _raw(parts["content.xml"])))
    known = set(re.findall(r'style:name="(\w+)"', _raw(parts["content.xml"]) + _raw(styles)))
    assert used <= known


def _raw(root: ElementTree.Element) -> str:
    for short in ("table", "style"):
        ElementTree.register_namespace(short, f"urn:oasis:names:tc:opendocument:xmlns:{short}:1.0")
    return ElementTree.tostring(root, encoding="unicode")


@pytest.mark.parametrize("kind", [Format.XLSX, Format.ODS])
def test_our_own_reader_of_spreadsheets_reads_them(kind: Format) -> None:
    rows = sheets.read(f"a.{kind}", made(pasted(), dots.METHOD, kind).data)
    assert rows[0] == ["Maßnahmen im Handlungsfeld Klimaschutz"]
    assert ["Abgegebene Stimmen", "16"] in [row[:2] for row in rows]


def test_what_looks_like_a_formula_stays_text_everywhere() -> None:
    facts = pasted(HOSTILE)
    book = load_workbook(io.BytesIO(made(facts, dots.METHOD, Format.XLSX).data))
    cells = [cell for cell in book.worksheets[1]["B"] if cell.value][1:]
    assert {c.value for c in cells} == {words()(plain(n)) for n in HOSTILE}
    assert all(c.data_type == "s" and c.quotePrefix and c.number_format == "@" for c in cells)
    ods = made(facts, dots.METHOD, Format.ODS).data
    assert b"table:formula" not in zipfile.ZipFile(io.BytesIO(ods)).read("content.xml")
    listed = made(facts, dots.METHOD, Format.CSV).data.decode("utf-8-sig")
    for row in list(csv.reader(io.StringIO(listed, newline=""), delimiter=";"))[1:]:
        assert not re.match(r"[\s\u00a0]*[=+\-@\uff1d]", row[1]), row


@given(st.lists(typed, min_size=2, max_size=4), st.sampled_from(READ))
@settings(max_examples=60, deadline=None)
def test_nothing_that_people_type_breaks_a_file_or_runs_in_it(
    names: list[str], kind: Format
) -> None:
    facts = pasted([f"{name} {n}" for n, name in enumerate(names)])
    facts = replace(facts, title={"de": names[0]})
    data = made(facts, dots.METHOD, kind).data
    if kind == Format.CSV:
        for row in csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=";"):
            assert not any(re.match(r"[\s\u00a0\ufeff]*[=+@]", cell) for cell in row)
        return
    if kind == Format.ODS:
        ods_parts(data)
        return
    book = load_workbook(io.BytesIO(data))
    cells = [c for sheet in book.worksheets for row in sheet.iter_rows() for c in row]
    assert all(cell.data_type in ("s", "n") for cell in cells)


@given(
    st.lists(st.one_of(typed, st.sampled_from(["History", "Ergebnis", "x" * 40, "'"])), max_size=9)
)
def test_names_of_sheets_keep_to_the_limits_and_differ(names: list[str]) -> None:
    taken: set[str] = set()
    given = [tables.sheet_name(name, taken) for name in names]
    assert len({name.casefold() for name in given}) == len(given)
    for name in given:
        assert 1 <= len(name) <= 31 and not re.search(r"[\[\]:*?/\\]", name)
        assert name.strip(" '") == name and name.casefold() != "history"


# --- the check sum -------------------------------------------------------------------------


def test_the_documented_lines_recompute_the_check_sum(tmp_path: Path) -> None:
    page = Path(__file__).resolve().parent.parent / "docs" / "result-files.md"
    found = re.search(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    stored: dict[str, Any] = {
        "method": "dots",
        "places": [{"option": 11, "score": "7/3"}],
        "note": "Maß – „x“",
    }
    facts = pasted()
    facts = replace(facts, digest=frozen.digest(facts.poll, facts.title, stored))
    whole = frame(**stored, digest=facts.digest)
    data = file(facts, dots.METHOD.views, Format.JSON, words(), whole).data
    for changed, says in ((data, "True"), (data.replace(b"7/3", b"8/3"), "False")):
        (tmp_path / "result.json").write_bytes(changed)
        done = subprocess.run(
            [sys.executable, "-c", found[1], str(tmp_path / "result.json")],
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip() == says
    keys = set(re.findall(r"`(\w+)`", page.read_text(encoding="utf-8")))
    assert set(json.loads(data)) <= keys, "every key is explained"


@given(st.dictionaries(st.text(), st.text() | st.integers() | st.none(), max_size=5))
def test_the_file_keeps_everything_that_was_frozen(stored: dict[str, Any]) -> None:
    stored.pop("digest", None)
    facts = replace(pasted(), digest=frozen.digest(12, pasted().title, stored))
    back = json.loads(frozen.document(facts, frame(**stored)))
    assert back["result"] == stored
    assert frozen.digest(back["poll"], back["title"], back["result"]) == back["digest"]
