"""What coordination does with a running poll: more time, taking back, checking, publishing."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from storage.models import Ballot, BallotKey, Poll, RollSeat
from tests.deciding import ask
from tests.polling import (
    DEADLINE,
    GROUP,
    ballots,
    begin,
    close_poll,
    open_poll,
)
from tests.world import Somebody, Town

LATER = datetime(2027, 1, 20, 17, 0, tzinfo=UTC)


async def manage(who: Somebody, *pressed: str) -> None:
    await who.says("/abstimmungen")
    for label in ("Verwalten", *pressed):
        await who.press(label)


async def open_resolution(town: Town, secrecy: str = "Offen") -> None:
    """A motion of coordination's: simple majority."""
    who = town.coordination
    await begin(who, "Beschluss")
    await who.says("Die Stadt kauft ein Lastenrad")
    for pressed in (GROUP, "Sofort"):
        await who.press(pressed)
    await who.says("19.01.2027 18:00")
    await who.press(secrecy)
    await who.press("Einfach:")
    assert "Das Ergebnis gilt" in who.newest()
    await who.press("Veröffentlichen")


# --- time -------------------------------------------------------------------------------------


async def test_a_poll_is_extended_and_everybody_is_told(town: Town) -> None:
    await open_poll(town)
    await town.group_a.press("Photovoltaik")
    await manage(town.coordination, "Frist verlängern")
    assert "nicht später" in await town.coordination.says("18.01.2027 18:00")
    await town.coordination.says("20.01.2027 18:00")
    await town.coordination.press("Ja, verlängern")
    seen = town.group_a.sees(GROUP)
    assert "Die Abstimmung ist verlängert bis Mi., 20.01.2027, 18:00 Uhr" in seen
    assert "Verlängert: abstimmen bis Mi., 20.01.2027, 18:00 Uhr" in seen
    assert "Ändern können Sie bis Mi., 20.01.2027" in town.group_a.newest()
    await town.until(DEADLINE)
    assert town.one(Poll).state == "open"
    await town.group_b.press("Photovoltaik")
    await town.until(LATER)
    assert town.one(Poll).result["cast"] == 2 and town.one(Poll).result["late"] == 0


async def test_whoever_extends_while_it_closes_is_told_that_it_is_over(town: Town) -> None:
    await open_poll(town)
    await manage(town.coordination, "Frist verlängern")
    await town.coordination.says("20.01.2027 18:00")
    await town.until(DEADLINE)
    await town.coordination.press("Ja, verlängern")
    assert "schon beendet" in town.coordination.toast and town.one(Poll).state == "closed"


async def test_a_search_for_a_date_ends_before_its_first_date(town: Town) -> None:
    await ask(town, "date", "Wann tagen wir?", "21.01.2027 18:00\n26.01.2027 18:00")
    await manage(town.coordination, "Frist verlängern")
    assert all("Do., 21.01" not in label for label in town.coordination.buttons())
    refused = await town.coordination.says("21.01.2027 18:00")
    assert "Dann wäre der erste Termin" in refused and "Do., 21.01.2027, 18:00 Uhr" in refused
    await town.coordination.says("20.01.2027 18:00")
    await town.coordination.press("Ja, verlängern")
    assert town.one(Poll).closes_at == LATER


# --- taken back -------------------------------------------------------------------------------


async def test_a_withdrawn_poll_leaves_no_ballot_and_says_why(town: Town) -> None:
    await open_poll(town, secret=True)
    await town.group_a.press("Photovoltaik")
    message, action = town.group_b.button("Photovoltaik")
    await manage(town.coordination, "Abstimmung zurückziehen")
    await town.coordination.says("Eine Maßnahme fehlt.")
    assert "Alle abgegebenen Stimmen werden gelöscht" in town.coordination.newest()
    await town.coordination.press("Ja, zurückziehen")
    assert town.all(Ballot) == town.all(BallotKey) == town.all(RollSeat, voted_as=0) == []
    seen = town.group_a.sees(GROUP)
    assert "hat diese Abstimmung zurückgezogen" in seen and "Grund: Eine Maßnahme fehlt." in seen
    assert "Grund: Eine Maßnahme fehlt." in town.group_a.newest()
    await town.group_b.presses(message, action)
    assert "zurückgezogen" in town.group_b.toast
    await town.until(DEADLINE)
    assert town.one(Poll).state == "withdrawn" and "Ergebnis:" not in town.group_a.sees(GROUP)


async def test_the_board_stays_pinned_only_while_the_poll_runs(town: Town) -> None:
    await open_poll(town)
    await manage(town.coordination, "Frist verlängern")
    await town.coordination.says("20.01.2027 18:00")
    await town.coordination.press("Ja, verlängern")
    assert [m["pinned"] for m in town.group_a.messages(GROUP)] == [True, False]
    await close_poll(town)
    assert not any(m["pinned"] for m in town.group_a.messages(GROUP))
    await open_poll(town)
    assert sum(m["pinned"] for m in town.group_a.messages(GROUP)) == 1
    await manage(town.coordination, "Abstimmung zurückziehen")
    for pressed in ("Ohne Begründung", "Ja, zurückziehen"):
        await town.coordination.press(pressed)
    assert not any(m["pinned"] for m in town.group_a.messages(GROUP))


# --- published --------------------------------------------------------------------------------


async def test_a_formal_result_is_checked_before_it_appears(town: Town) -> None:
    await open_resolution(town)
    for who in (town.group_a, town.group_b, town.school):
        await who.press("Ja")
    await town.fire_brigade.press("Nein")
    await town.until(DEADLINE)
    assert "Ergebnis:" not in town.group_a.sees(GROUP)
    assert "sobald die Koordination es geprüft hat" in town.group_a.newest()
    poll = town.one(Poll)
    await town.group_a.presses(town.group_a.messages()[-1]["id"], f"pr:{poll.id}")
    assert "prüft das Ergebnis noch" in town.group_a.toast
    seen = town.second_coordination.newest()
    assert "Vorschau" in seen and "Nur die Koordination sieht das" in seen
    await town.second_coordination.press("Veröffentlichen")
    for place in (GROUP, "Ankündigungen"):
        assert "Abstimmung nach der Geschäftsordnung" in town.group_a.sees(place)
        assert town.group_a.sees(place).count("Ergebnis: Die Stadt kauft") == 1
    await town.group_a.press("Ergebnis ansehen")
    assert "Vorschau" not in town.group_a.newest()
    assert "Dieses Ergebnis ist veröffentlicht" in town.coordination.newest()


async def test_two_who_publish_at_once_publish_once(any_town: Town) -> None:
    town = any_town
    await open_resolution(town)
    await town.group_a.press("Ja")
    await town.until(DEADLINE)
    both = (town.coordination, town.second_coordination)
    await asyncio.gather(*(who.press("Veröffentlichen") for who in both))
    assert town.group_a.sees(GROUP).count("Ergebnis: Die Stadt kauft") == 1
    assert sorted("schon" in who.toast for who in both) == [False, True]


async def test_a_second_person_confirms_where_the_rules_want_it(town: Town) -> None:
    await open_resolution(town)
    with town.db.begin() as tx:
        poll = tx.get_one(Poll, town.one(Poll).id)
        poll.rules = {**poll.rules, "second_person_confirms": True}
    await town.group_a.press("Ja")
    await close_poll(town)
    await town.coordination.press("Veröffentlichen")
    assert "zweite Person" in town.coordination.toast
    await town.coordination.press("Bestätigen und veröffentlichen")
    assert "andere Person" in town.coordination.toast and "Ergebnis:" not in town.group_a.sees(
        GROUP
    )
    await town.second_coordination.press("Bestätigen und veröffentlichen")
    assert "Ergebnis: Die Stadt kauft" in town.group_a.sees(GROUP)


# --- who voted how ----------------------------------------------------------------------------


async def test_a_roll_call_names_who_voted_how_and_only_at_the_end(town: Town) -> None:
    await open_resolution(town, "Namentlich")
    assert "(namentlich)" in town.group_a.sees(GROUP)
    await town.group_a.press("Ja")
    await town.group_b.press("Nein")
    assert "Stadtratsfraktion A: " not in town.group_a.sees(GROUP)
    await town.until(DEADLINE)
    await town.coordination.press("Veröffentlichen")
    seen = town.school.sees(GROUP)
    assert "Stadtratsfraktion A: Ja" in seen and "Stadtratsfraktion B: Nein" in seen


async def test_my_ballots_are_mine_and_secret_ones_nobodys(town: Town) -> None:
    await open_poll(town)
    await town.group_a.press("Photovoltaik")
    await close_poll(town)
    await open_poll(town, secret=True)
    await town.group_a.press("Solardach")
    await close_poll(town)
    await town.group_a.says("/abstimmungen")
    await town.group_a.press("Meine Stimmen")
    seen = town.group_a.newest()
    assert "Photovoltaik auf allen geeigneten kommunalen Dächern: 1 Punkt" in seen
    assert "Solardach" not in seen
    await town.group_b.says("/abstimmungen")
    await town.group_b.press("Meine Stimmen")
    assert "keine Stimme" in town.group_b.newest()


async def test_polls_are_found_by_words_of_their_title(town: Town) -> None:
    await open_poll(town)
    await open_resolution(town)
    found = await town.group_a.says("/abstimmungen lastenrad")
    assert "Lastenrad" in found and "Klimaschutz" not in found
    assert "finde ich keine" in await town.group_a.says("/abstimmungen zeppelin")


async def test_groups_are_counted_apart_from_three_ballots_on_and_never_in_secret(
    town: Town,
) -> None:
    await open_poll(town)
    for who in (town.sports_club, town.nature_club, town.fire_brigade, town.group_a):
        await who.press("Photovoltaik")
    await close_poll(town)
    result = town.one(Poll).result
    assert [(g["group"], g["cast"]) for g in result["groups"]] == [("civil_society", 3)]
    assert result["dominant"] == ["civil_society", 3]
    seen = town.group_a.sees(GROUP)
    assert "3 der 4 Stimmen kommen aus einer Gruppe (Zivilgesellschaft)" in seen
    assert "• Zivilgesellschaft (3 Stimmen): 1. Photovoltaik" in seen and "Politik" not in seen
    assert len(ballots(town)) == 4
