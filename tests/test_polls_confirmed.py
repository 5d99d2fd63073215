"""Where the rules of procedure want it, two persons open what is binding."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from storage.models import Account, Person, Poll
from tests.polling import DEADLINE, GROUP, begin, change_rules, close_poll, open_poll
from tests.world import Town

MORNING_OF_OPENING = datetime(2027, 1, 14, 8, 0, tzinfo=UTC)


async def prepare_motion(town: Town, opens: str = "Sofort") -> None:
    """Coordination prepares a binding decision."""
    who = town.coordination
    await begin(who, "Beschluss")
    await who.says("Die Stadt kauft ein Lastenrad")
    await who.press(GROUP)
    await (who.press(opens) if opens == "Sofort" else who.says(opens))
    await who.says("19.01.2027 18:00")
    for pressed in ("Offen", "Einfach:", "Veröffentlichen"):
        await who.press(pressed)


@pytest.fixture
def two_open(town: Town) -> Town:
    change_rules(town, second_person_confirms=True)
    return town


async def test_a_second_person_opens_what_is_binding(two_open: Town) -> None:
    town = two_open
    await prepare_motion(town)
    assert "sobald eine zweite Person" in town.coordination.newest()
    assert "Lastenrad" not in town.group_a.sees(GROUP) + town.group_a.sees()
    assert "Lastenrad" not in await town.group_a.says("/abstimmungen")
    card = town.second_coordination.newest()
    assert "Bitte bestätigen" in card and "0 von 19 Sitzen" in card and "Das Ergebnis gilt" in card
    await town.second_coordination.press("Bestätigen und öffnen")
    assert "Die Abstimmung ist geöffnet" in town.second_coordination.toast
    assert "Die Stadt kauft ein Lastenrad" in town.group_a.sees(GROUP)
    assert "Die Abstimmung läuft" in town.coordination.newest()
    poll = town.one(Poll)
    people = {town.one(Person, id=id).key for id in (poll.opened_by, poll.confirmed_by)}
    assert len(people) == 2
    await town.group_a.press("Ja")
    await town.until(DEADLINE)
    assert town.one(Poll).result["cast"] == 1


async def test_nobody_confirms_alone_or_twice(two_open: Town) -> None:
    town = two_open
    await prepare_motion(town)
    message, action = town.second_coordination.button("Bestätigen und öffnen")
    await town.coordination.says("/abstimmung")
    await town.coordination.press("Verwalten")
    assert "Bestätigen und öffnen" not in town.coordination.buttons()
    await town.coordination.presses(town.coordination.messages()[-1]["id"], action)
    assert "Bestätigen muss eine andere Person" in town.coordination.toast
    assert town.one(Poll).state == "prepared"
    await town.second_coordination.presses(message, action)
    await town.second_coordination.presses(message, action)
    assert "schon entschieden" in town.second_coordination.toast
    assert town.group_a.sees(GROUP).count("Die Stadt kauft ein Lastenrad") == 1


async def test_a_confirmed_poll_waits_for_its_time(two_open: Town) -> None:
    town = two_open
    await prepare_motion(town, "14.01.2027 09:00")
    await town.second_coordination.press("Bestätigen und öffnen")
    assert "öffnet von selbst" in town.second_coordination.toast
    assert town.one(Poll).state == "planned" and "Lastenrad" not in town.group_a.sees(GROUP)
    await town.until(MORNING_OF_OPENING)
    assert "Die Stadt kauft ein Lastenrad" in town.group_a.sees(GROUP)


async def test_without_a_second_person_nothing_opens_however_late(two_open: Town) -> None:
    town = two_open
    await prepare_motion(town, "14.01.2027 09:00")
    await town.until(DEADLINE)
    assert town.one(Poll).state == "prepared" and "Lastenrad" not in town.group_a.sees(GROUP)
    await town.second_coordination.press("Bestätigen und öffnen")
    assert "Vergangenheit" in town.second_coordination.toast


async def test_whoever_declines_says_why(two_open: Town) -> None:
    town = two_open
    await prepare_motion(town)
    await town.second_coordination.press("Ablehnen")
    await town.second_coordination.says("Der Preis fehlt.")
    assert "soll nicht öffnen" in town.second_coordination.newest()
    await town.second_coordination.press("Ja, zurückziehen")
    told = town.coordination.newest()
    assert "nicht bestätigt" in told and "Grund: Der Preis fehlt." in told
    assert town.one(Poll).state == "withdrawn" and "Lastenrad" not in town.group_a.sees(GROUP)


async def test_where_there_is_nobody_else_the_bot_says_what_to_do(two_open: Town) -> None:
    town = two_open
    with town.db.begin() as tx:
        for account in town.all(Account, external_id=town.second_coordination.who):
            tx.delete(tx.get_one(Account, account.id))
    who = town.coordination
    await begin(who, "Beschluss")
    await who.says("Die Stadt kauft ein Lastenrad")
    for pressed in (GROUP, "Sofort"):
        await who.press(pressed)
    await who.says("19.01.2027 18:00")
    await who.press("Offen")
    await who.press("Einfach:")
    assert "Außer Ihnen ist dort zurzeit niemand" in who.sees() + who.toast
    assert town.all(Poll) == []


async def test_a_straw_poll_needs_one_person_only(two_open: Town) -> None:
    await open_poll(two_open)
    await two_open.group_a.press("Photovoltaik")
    await close_poll(two_open)
    assert "Ergebnis:" in two_open.group_a.sees(GROUP)
