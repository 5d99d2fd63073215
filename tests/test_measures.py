"""Browsing and searching the action programme."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.measures import rules
from handlers.measures.actions import ShowFound, ShowMeasure
from handlers.router import LONGEST_WORD, pack, unpack
from storage.models import Measure
from tests.world import Town


async def test_from_the_fields_to_a_measure_and_back(any_town: Town) -> None:
    who = any_town.group_a
    fields = await who.says("/massnahmen")
    assert "Klimaschutz und Energie" in fields and "Handlungsprogramm – Stadt Ilmbrück" in fields
    await who.press("Klimaschutz und Energie (8)")
    assert "8 Maßnahmen" in who.newest()
    await who.press("M1.01")
    sheet = who.newest()
    for fact in (
        "M1.01 Photovoltaik auf allen geeigneten kommunalen Dächern",
        "Elf Dächer werden geprüft",
        "Art: Investition",
        "Zeitraum: 09/2027 – 12/2030",
        "Kosten einmalig: 680.000\u00a0€",
        "Finanzierung: Eigenmittel, Landesförderung",
        "Personalaufwand: 120 Personentage",
        "Umsetzbarkeit: 4",
        "7 Bezahlbare und saubere Energie",
    ):
        assert fact in sheet, fact
    await who.press("Zurück: Klimaschutz")
    assert "8 Maßnahmen" in who.newest()
    await who.press("Alle Handlungsfelder")
    assert "Handlungsprogramm" in who.newest()


async def test_every_measure_has_a_sheet_in_every_language(town: Town) -> None:
    measures = town.all(Measure, municipality_id=town.id)
    for who in (town.group_a, town.one_world_club, town.seniors):
        await who.says("/massnahmen")
        message, _ = who.button("(")
        for measure in measures:
            await who.presses(message, pack(ShowMeasure(measure.id, 0)))
            assert measure.code in who.newest()


@pytest.mark.parametrize("typed", ["RADWEG", "radweg", "Radwe"])
async def test_a_search_ignores_case(town: Town, typed: str) -> None:
    assert "Radweg" in await town.group_a.says(f"/massnahmen {typed}")


@pytest.mark.parametrize("typed", ["Dächer", "daecher", "DACHER", "dächer photovoltaik", "m1.01"])
async def test_a_search_ignores_umlauts_and_reads_codes(town: Town, typed: str) -> None:
    assert "M1.01" in await town.group_a.says(f"/massnahmen {typed}")


async def test_a_long_list_has_pages(town: Town) -> None:
    answer = await town.group_a.says("/massnahmen e")
    assert "Seite 1 von" in answer
    assert not any("Vorige" in label for label in town.group_a.buttons())
    await town.group_a.press("Weitere")
    assert "Seite 2 von" in town.group_a.newest()
    await town.group_a.press("Vorige")
    assert "Seite 1 von" in town.group_a.newest()


async def test_what_is_not_there_is_said_with_the_words_that_were_typed(town: Town) -> None:
    assert "Zu „<b>Übermut</b>“ habe ich keine" in await town.group_a.says(
        "/massnahmen <b>Übermut</b>"
    )
    assert "keine Maßnahme" in await town.group_a.says("/massnahmen ☃☃☃")
    await town.group_a.press("Alle Handlungsfelder")
    assert "Handlungsprogramm" in town.group_a.newest()


async def test_guests_and_other_towns_see_nothing(town: Town) -> None:
    assert "Klimaschutz" not in await town.adviser.says("/massnahmen")
    foreign = town.one(Measure, municipality_id=town.id, code="M1.01")
    await town.neighbour.says("/massnahmen")
    message, _ = town.neighbour.button("(")
    assert await town.neighbour.presses(message, pack(ShowMeasure(foreign.id, 0))) == ""
    assert "gilt nicht mehr" in town.neighbour.toast
    assert "Photovoltaik" not in town.neighbour.sees()


@given(st.text())
def test_any_search_fits_into_a_button(typed: str) -> None:
    words = rules.words_meant(typed)
    assert len(words) <= LONGEST_WORD
    assert unpack(pack(ShowFound(words, 3))) == ShowFound(words, 3)
    assert rules.words_meant(words) == words


@given(st.text(alphabet="abcäöüßéÄÖÜ 12", min_size=1))
def test_a_text_is_found_by_its_own_words(text: str) -> None:
    assert rules.matches(rules.written_out(text), text)
    assert rules.matches(rules.written_out(text.upper()), text)
