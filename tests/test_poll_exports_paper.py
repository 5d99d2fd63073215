"""The result sheet: an annex to the minutes, for eyes and for screen readers."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

from docx import Document
from docx.oxml.ns import qn
from hypothesis import given, settings
from hypothesis import strategies as st

from handlers.polls.exports import Format, offered
from handlers.polls.facts import GroupFacts, ResultFacts
from handlers.polls.methods import Method, dots, resolution
from tests.results import (
    CLOSED,
    MEASURES,
    decided,
    made,
    measures,
    pasted,
    result,
    typed,
)

# --- the result sheet ----------------------------------------------------------------------


def paper(facts: ResultFacts, method: Method = dots.METHOD, language: str = "de") -> Any:
    return Document(io.BytesIO(made(facts, method, Format.DOCX, language).data))


def everything(document: Any) -> str:
    cells = [c.text for t in document.tables for row in t.rows for c in row.cells]
    return "\n".join([p.text for p in document.paragraphs] + cells)


def test_the_result_sheet_reads_like_an_annex_to_the_minutes() -> None:
    said = everything(paper(decided(), resolution.METHOD))
    order = (
        "Anlage zur Niederschrift",
        "Maßnahmen im Handlungsfeld Klimaschutz",
        "Beschlussfassung.",
        "Abstimmung\n",
        "Ergebnis\n",
        "angenommen",
        "Prüfung",
        "3f" * 32,
    )
    rest = said
    for part in order:
        _, found, rest = rest.partition(part)
        assert found, f"{part} is missing, or stands too early"
    table = {
        row.cells[0].text: row.cells[1].text
        for row in paper(decided(), resolution.METHOD).tables[0].rows
    }
    assert table["Kommune"] == "Stadt Ilmbrück" and table["Gremium"] == "Steuerungsgruppe"
    assert table["Stimmberechtigte Sitze"] == "19" and table["Abgegebene Stimmen"] == "16"
    assert table["Beginn"] == "Fr., 12.03.2027, 09:00 Uhr"
    assert table["Ende"] == "Fr., 26.03.2027, 18:00 Uhr"


def test_screen_readers_find_headings_heads_of_tables_language_title_and_the_picture_in_words() -> (
    None
):
    document = paper(pasted())
    styles = [p.style.name for p in document.paragraphs]
    assert styles.count("Title") == 1 and styles.count("Heading 1") >= 3
    assert styles.index("Title") < styles.index("Heading 1")
    facts, places = document.tables
    assert places.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None
    for table, row, column in ((facts, "0", "1"), (places, "1", "0")):
        look = table._tbl.tblPr.find(qn("w:tblLook"))
        assert (look.get(qn("w:firstRow")), look.get(qn("w:firstColumn"))) == (row, column)
        assert table._tbl.tblPr.find(qn("w:tblCaption")).get(qn("w:val"))
    assert document.core_properties.title == "Maßnahmen im Handlungsfeld Klimaschutz"
    (language,) = document.styles.element.xpath("w:docDefaults/w:rPrDefault/w:rPr/w:lang")
    assert language.get(qn("w:val")) == document.core_properties.language == "de-DE"
    (picture,) = document.inline_shapes
    alt = picture._inline.docPr.get("descr")
    assert alt.startswith("Balkendiagramm") and all(name in alt for name in MEASURES)
    section = document.sections[0]
    assert (round(section.page_width.cm, 1), round(section.page_height.cm, 1)) == (21.0, 29.7)
    assert picture.width.cm <= 16 and picture.height.cm <= 21


def test_the_sheet_has_nothing_left_of_the_library_s_template() -> None:
    data = made(pasted(), dots.METHOD, Format.DOCX, "en").data
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        names = packed.namelist()
        assert not any("thumbnail" in name for name in names)
        for name in names:
            if name.endswith((".xml", ".rels")):
                ElementTree.fromstring(packed.read(name))  # noqa: S314 - our own
        assert b"python-docx" not in packed.read("docProps/core.xml")
    document = paper(pasted(), language="en")
    assert document.core_properties.language == "en-GB"
    assert "Entitled seats" in everything(document)


def test_exclusions_recorded_and_late_ballots_and_groups_are_told() -> None:
    facts = pasted(
        excluded=({"de": "Stadtwerke"},),
        excluded_options=(({"de": "Solarverein"}, 11),),
        recorded=2,
        late=1,
        dominant=("administration", 9),
    )
    facts = replace(facts, groups=(GroupFacts("economy", 4, facts.counts),))
    said = everything(paper(facts))
    assert "Stadtwerke: von der Abstimmung ausgeschlossen" in said
    assert f"Solarverein: ohne Stimme bei „{MEASURES[0]}“" in said
    assert "Wirtschaft: 4 Stimmen" in said and "9 von 16 Stimmen" in said
    rows = {r.cells[0].text: r.cells[1].text for r in paper(facts).tables[0].rows}
    assert rows["davon vom Büro eingetragen"] == "2"


def test_a_roll_call_names_the_seats_and_a_secret_poll_never_does() -> None:
    roll = (({"de": "Feuerwehr"}, {"vote": "yes"}), ({"de": "Sportverein"}, {"vote": "no"}))
    named = decided(roll_call=True, roll=roll)
    document = paper(named, resolution.METHOD)
    assert [[c.text for c in row.cells] for row in document.tables[-1].rows[1:]] == [
        ["Feuerwehr", "Ja"],
        ["Sportverein", "Nein"],
    ]
    checks = ("0f3a9b1c", "a1b2c3d4")
    facts = replace(named, secret=True, receipts=checks)
    facts = replace(facts, groups=(GroupFacts("economy", 4, facts.counts),))
    for kind in offered(facts, resolution.METHOD):
        data = made(facts, resolution.METHOD, kind).data
        parts = [data]
        if data.startswith(b"PK"):
            packed = zipfile.ZipFile(io.BytesIO(data))
            parts = [packed.read(name) for name in packed.namelist()]
        for name in ("Feuerwehr", "Sportverein", "Wirtschaft"):
            assert not any(name.encode() in part for part in parts), (kind, name)
    said = everything(paper(facts, resolution.METHOD))
    assert all(check in said for check in checks) and "Prüfwerte der 2" in said


def test_with_too_few_secret_ballots_the_sheet_says_why_there_is_no_result() -> None:
    facts = replace(pasted(), secret=True, cast=2, withheld=True, counts={})
    said = everything(paper(facts))
    assert "weniger als 3 Stimmen" in said and "weniger als 3" in said
    assert not any(name in said for name in MEASURES)
    assert not paper(facts).inline_shapes


def test_no_ballot_at_all_is_said() -> None:
    facts = result(dots.METHOD, [], measures(), {"dots": 5, "max_per_option": 1})
    assert "Es wurde keine Stimme abgegeben." in everything(paper(facts))


@given(st.lists(typed, min_size=2, max_size=3), typed)
@settings(max_examples=15, deadline=None)
def test_whatever_people_type_the_sheet_opens(names: list[str], title: str) -> None:
    facts = replace(pasted([f"{n} {name}" for n, name in enumerate(names)]), title={"de": title})
    assert len(paper(facts).tables[1].rows) == len(names) + 1


def test_the_deadline_of_the_poll_is_told_in_local_time() -> None:
    late = pasted(closed_at=CLOSED + timedelta(hours=2), early="by_coordination")
    rows = {r.cells[0].text: r.cells[1].text for r in paper(late).tables[0].rows}
    assert rows["Frist"] == "Fr., 26.03.2027, 18:00 Uhr"
    assert rows["Ende"] == "Fr., 26.03.2027, 20:00 Uhr, vorzeitig durch die Koordination"
