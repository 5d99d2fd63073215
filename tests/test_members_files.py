"""The roster as a spreadsheet: sent to the bot, judged, taken as a whole, and given back."""

from __future__ import annotations

import re
import uuid
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.platforms.web.checks import Spoken, Uploaded
from handlers import sheets
from handlers.chat import Sent
from handlers.members import changing, documents, rules
from handlers.members.plans import plan
from storage.lines import Member
from storage.models import (
    AuditEvent,
    Institution,
    Membership,
    Municipality,
    Person,
    Seat,
    SeatFiller,
)
from tests.messenger import Meeting
from tests.test_members import fillers, memberships, pressed
from tests.world import Town

TODAY = date(2027, 1, 12)
HEAD = list(documents.HEADINGS)


def row(key: str = "", name: str = "Vertretung Imkerei", **more: str) -> list[str]:
    """A row of the sheet; ``bis=…`` and the like name a column by its first letters."""
    cells = {"Kennung": key, "Funktion": name, "Gremien": "Steuerungsgruppe", "Rolle": "Mitglied"}
    for column, typed in more.items():
        cells[next(h for h in HEAD if h.casefold().startswith(column))] = typed
    return [cells.get(heading, "") for heading in HEAD]


def csv(*rows: list[str]) -> bytes:
    return sheets.write("csv", [HEAD, *rows])


def exported(town: Town, slug: str = "ilmbrueck") -> list[list[str]]:
    """The roster as its sheet has it."""
    with town.db.read() as tx:
        municipality = tx.merge(town.one(Municipality, slug=slug), load=False)
        people = changing.lines(changing.standing(tx, municipality, town.now))
    return documents.table(m for m in people.values() if m.belongs(TODAY))


# --- in and out ----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["xlsx", "ods", "csv"])
async def test_what_is_exported_is_imported_again_unchanged(town: Town, kind: str) -> None:
    who = town.coordination
    await who.says("/mitglieder export")
    await who.press({"xlsx": "Excel", "ods": "LibreOffice", "csv": "CSV"}[kind])
    sent = who.messages()[-1]
    assert sent["file"]["name"] == f"mitglieder-ilmbrueck-2027-01-12.{kind}"
    data = await town.chat.fetch(str(sent["id"]))
    read = sheets.read(sent["file"]["name"], data)
    assert [r + [""] * (len(HEAD) - len(r)) for r in read] == exported(town)
    assert "ändert nichts" in await who.sends(sent["file"]["name"], data)
    assert town.all(AuditEvent) == []


async def test_the_steering_group_is_imported_into_an_empty_municipality(any_town: Town) -> None:
    town = any_town
    table = exported(town)
    who = town.neighbour
    before = exported(town, "tannwiesen")
    answer = await who.sends("Steuerungsgruppe.XLSX", sheets.write("xlsx", [*table, []]))
    assert "Nicht in der Datei" in answer
    review = await pressed(who, "So lassen")
    people = len(table) - 1
    assert f"Neu: {people} Personen" in review and "Zeile 2: Koordination 1" in review
    assert f"Eingelesen: {people} Personen" in await pressed(who, "Ja, einlesen")
    theirs = town.one(Municipality, slug="tannwiesen").id
    assert exported(town, "tannwiesen") == [*before, *table[1:]]
    votes = [s for s in town.all(Seat, municipality_id=theirs) if s.voting_right]
    ours = [s for s in town.all(Seat, municipality_id=town.id) if s.voting_right]
    assert len(votes) == len(ours) + len([r for r in before[1:] if r[5] == "Mitglied"])
    assert len(town.all(SeatFiller, municipality_id=theirs)) > len(votes)
    # All of it is taken back at once.
    await who.press("Zurücknehmen")
    await pressed(who, "Ja, zurücknehmen")
    assert exported(town, "tannwiesen") == before


async def test_a_file_adds_changes_and_ends_in_one_go(town: Town) -> None:
    who = town.coordination
    table = exported(town)
    by_key = {r[0]: r for r in table}
    by_key["sg-13"][1] = "Leitung Feuerwehr"
    by_key["sg-12"][9] = "31.01.2027"
    table.append(row("imkerei", einrichtung="Imkerverein", interessengruppe="Zivilgesellschaft"))
    review = await who.sends("m.ods", sheets.write("ods", table))
    assert "Neu: 1 Person" in review and "Geändert: 1 Person" in review
    assert "Ende: 1 Person" in review and "Unverändert" in review
    number = [r[0] for r in table].index("sg-13") + 1
    assert f"Zeile {number}: Leitung Feuerwehr: Funktion: Vertretung Freiwillige" in review
    await who.press("Ja, einlesen")
    assert town.one(Person, key="sg-13").name == {"de": "Leitung Feuerwehr"}
    assert memberships(town, "sg-12")[0].end_date == date(2027, 1, 31)
    assert fillers(town, "imkerei") == ["imkerei"]
    assert town.one(Institution, key="imkerverein").interest_group == "civil_society"
    [event] = town.all(AuditEvent)
    assert event.action == "imported" and len(event.details["changes"]) == 3


async def test_who_is_missing_from_the_file_is_asked_about(town: Town) -> None:
    who = town.coordination
    table = [r for r in exported(town) if r[0] != "sg-13"]
    answer = await who.sends("m.csv", sheets.write("csv", table))
    assert "Nicht in der Datei: 1 Person. Vertretung Freiwillige Feuerwehr" in answer
    assert "Ihre Mitgliedschaft endet sofort" in await pressed(who, "beenden")
    await who.press("Ja, einlesen")
    assert memberships(town, "sg-13")[0].end_date == date(2027, 1, 11)


async def test_one_bad_row_and_nothing_is_done(town: Town) -> None:
    who = town.coordination
    rows = [
        row("imkerei"),
        row("imkerei"),
        row("x" * 41),
        row("b", "x" * 300),
        row("c", gremien="Aufsichtsrat"),
        row("d", rolle="Stellvertretung", stellvertretung="d"),
        row("e", rolle="Stellvertretung", stellvertretung="niemand"),
        row("f", bis="01.01.2020"),
        row("g", von="33.01.2027"),
        row("h", "\u200b\u202e"),
    ]
    answer = await who.sends("m.csv", csv(*rows))
    for number, why in (
        (3, "steht schon in Zeile 2"),
        (4, "geht nicht"),
        (5, "300 Zeichen"),
        (6, "„Aufsichtsrat“ kenne ich nicht in der Spalte Gremien"),
        (7, "sich selbst"),
        (8, "„niemand“ finde ich nicht"),
        (9, "schon vorbei"),
        (10, "„33.01.2027“ verstehe ich nicht"),
        (11, "keine Bezeichnung"),
    ):
        assert re.search(rf"Zeile {number}: .*{re.escape(why)}", answer), (number, answer)
    assert "9 Zeilen" in answer and "geändert habe ich nichts" in answer
    assert town.all(Person, key="imkerei") == []


async def test_a_file_without_the_last_coordinators_is_refused(town: Town) -> None:
    table = exported(town)
    for r in table[1:3]:
        r[4] = "Steuerungsgruppe"
    answer = await town.coordination.sends("m.csv", sheets.write("csv", table))
    assert "keine Koordination mehr" in answer


async def test_a_change_in_between_is_not_overwritten(town: Town) -> None:
    first, second = town.coordination, town.second_coordination
    await first.sends("m.csv", csv(row("imkerei")))
    await pressed(first, "So lassen")
    await second.says("/mitglieder feuerwehr")
    await second.press("Vertretung Freiwillige Feuerwehr")
    await second.press("Funktion ändern")
    await second.says("Feuerwehr, Vorstand")
    await second.press("Ja, so ändern")
    assert "wurde inzwischen" in await pressed(first, "Ja, einlesen")
    assert town.all(Person, key="imkerei") == []


@pytest.mark.parametrize(
    ("name", "data", "answer"),
    [
        ("m.csv", b"", "steht nichts"),
        ("m.xlsx", b"PK\x03\x04 broken", "nicht lesen"),
        ("m.xlsm", b"PK", "Makros"),
        ("m.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "Passwort"),
        ("m.csv", b"a;b\n1;2\n", "keine Überschrift"),
        ("m.csv", b"Funktion;Schuhgr\xf6\xdfe\nx;1\n", "„Schuhgröße“ kenne ich nicht"),
        ("m.csv", b"Funktion;Funktion\nx;1\n", "gibt es zweimal"),
        ("m.csv", b"Funktion\n", "Überschriften steht nichts"),
        ("m.csv", b"x" * 5_000_001, "höchstens 5 MB"),
        ("m.pdf", b"%PDF", "Datei"),
    ],
)
async def test_files_that_are_none_get_a_sentence(
    town: Town, name: str, data: bytes, answer: str
) -> None:
    assert answer in await town.coordination.sends(name, data)


async def test_files_of_others_are_not_even_fetched(town: Town) -> None:
    table = sheets.write("csv", exported(town))
    assert "Zeile" not in await town.group_a.sends("m.csv", table)
    assert "Einladung" in await town.somebody("gast").sends("m.csv", table)
    assert town.app._fetching._files == {}


async def test_what_is_said_while_a_file_comes_waits_for_it(town: Town) -> None:
    who = town.coordination
    data = csv(row("imkerei"))
    file = Uploaded(str(uuid.uuid4()), "direct", "m.csv", "text/csv", data)
    await town.chat.uploaded(who.who, file)
    await town.chat.said(who.who, Spoken(str(uuid.uuid4()), "direct", "/mitglieder feuerwehr"))
    await town.chat.said("sg-02", Spoken(str(uuid.uuid4()), "direct", "/mitglieder schule"))
    assert await town.app.work() == 2, "the file, and what the other person said"
    await town.app.settle()
    await town.settle()
    seen = who.sees()
    assert seen.index("Nicht in der Datei") < seen.index("dazu:")
    assert town.app._fetching._places == set()


async def test_a_file_that_does_not_come_is_asked_for_again(town: Town) -> None:
    meeting = Meeting(town.db)
    meeting.link("coordination", "group_a")
    sent = Sent("m.xlsx", "", 1000, "gone")
    [said] = await meeting.happens("coordination", sent)
    assert "senden Sie sie noch einmal" in said.text
    [said] = await meeting.happens("coordination", replace(sent, size=6_000_000))
    assert "höchstens 5 MB" in said.text
    [said] = await meeting.happens("group_a", sent)
    assert "senden Sie sie noch einmal" not in said.text


async def test_the_template_can_be_imported(town: Town) -> None:
    who = town.coordination
    await who.says("/mitglieder vorlage")
    await who.press("Leere Vorlage")
    sent = who.messages()[-1]
    data = await town.chat.fetch(str(sent["id"]))
    await who.sends("vorlage.xlsx", data)
    assert "Vertretung Musterverein kommt neu dazu" in await pressed(who, "So lassen")
    assert town.all(Membership, person_id=0) == []


# --- properties ----------------------------------------------------------------------------

NAMES = st.text(min_size=1, max_size=40).map(lambda t: "x" + t).map(rules.name)
KEYS = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,12}", fullmatch=True)
DAYS = st.none() | st.dates(TODAY, date(2040, 1, 1))


@st.composite
def rosters(draw: st.DrawFn) -> dict[str, Member]:
    """Any roster that could be."""
    keys = draw(st.lists(KEYS, unique=True, min_size=1, max_size=6))
    groups: dict[str, str] = {}
    made: dict[str, Member] = {}
    for key in keys:
        institution = draw(st.just("") | NAMES)
        group = ""
        if institution:
            group = groups.setdefault(institution.casefold(), draw(st.sampled_from(rules.GROUPS)))
        holders = [m.key for m in made.values() if m.role == "member"]
        role = draw(st.sampled_from(rules.ROLES if holders else ("member", "voteless", "adviser")))
        whom = draw(st.sampled_from(holders)) if role == "deputy" else ""
        rank = sum(m.deputy_of == whom for m in made.values()) + 1 if whom else 0
        made[key] = Member(
            key,
            draw(NAMES),
            institution,
            group,
            rules.with_outer([draw(st.sampled_from(("core_team", "steering_group")))]),
            role,
            whom,
            rank,
            draw(st.sampled_from(rules.LANGUAGES)),
            None,
            draw(st.dates(TODAY, date(2040, 1, 1))) if role == "guest" else draw(DAYS),
        )
    return made


@given(roster=rosters(), kind=st.sampled_from(("xlsx", "ods", "csv")))
@settings(max_examples=40, deadline=None)
def test_any_roster_survives_the_way_out_and_in(
    roster: dict[str, Member], kind: sheets.Kind
) -> None:
    rows = sheets.read(f"m.{kind}", sheets.write(kind, documents.table(roster.values())))
    town = Municipality(slug="t", name="T", rules={})
    again = plan(town, roster, rows, TODAY)
    assert (again.rejected, again.new, again.missing) == ([], {}, [])
    fresh = plan(town, {}, rows, TODAY)
    assert (fresh.rejected, fresh.new) == ([], roster)
