"""`/offen` looks at all municipalities in which somebody acts."""

from __future__ import annotations

from storage.models import Account, Ballot, Municipality, Person
from tests.polling import DEADLINE, begin, open_poll
from tests.test_polls_managed import open_resolution
from tests.world import Somebody, Town


def acts_next_door(town: Town, who: Somebody, as_whom: str) -> None:
    """The same account serves a person in Tannwiesen as well."""
    with town.db.begin() as tx:
        person = town.one(Person, key=as_whom)
        tx.add(
            Account(
                municipality_id=person.municipality_id,
                person_id=person.id,
                platform="web",
                external_id=who.who,
                direct=who.who,
                linked_at=town.now,
                used_at=town.now,
            )
        )


async def next_door_votes(town: Town) -> None:
    """Tannwiesen decides something of its own."""
    who = town.neighbour
    await begin(who, "Beschluss")
    await who.says("Eine Bank am Dorfteich")
    for pressed in ("Steuerungsgruppe", "Sofort"):
        await who.press(pressed)
    await who.says("20.01.2027 18:00")
    for pressed in ("Offen", "Einfach:", "Veröffentlichen"):
        await who.press(pressed)


async def test_all_municipalities_of_a_person_are_named_and_each_card_acts_in_its_own(
    any_town: Town,
) -> None:
    town = any_town
    acts_next_door(town, town.group_a, "tw-03")
    await open_poll(town)
    await next_door_votes(town)
    seen = await town.group_a.says("/offen")
    ours, theirs = sorted(part for part in seen.split("Offen für Sie:") if "1 Abstimmung" in part)
    assert "Klimaschutz und Energie" in ours + theirs and "Dorfteich" in ours + theirs
    assert "Ilmbrück" in seen and "Tannwiesen" in seen
    await town.group_a.press("Abstimmen: Eine Bank am Dorfteich")
    await town.group_a.press("Ja")
    ballot = town.one(Ballot)
    assert ballot.municipality_id == town.one(Municipality, slug="tannwiesen").id
    await town.group_a.says("/offen")
    assert "Sie haben überall abgestimmt" in town.group_a.sees()


async def test_where_nothing_runs_elsewhere_it_is_not_mentioned(town: Town) -> None:
    acts_next_door(town, town.group_a, "tw-03")
    await town.group_a.says("/sprache de")
    seen = await town.group_a.says("/offen")
    assert seen.count("nichts erwartet") == 1


async def test_coordination_is_told_what_waits_to_be_confirmed_or_published(town: Town) -> None:
    await open_resolution(town)
    await town.group_a.press("Ja")
    await town.until(DEADLINE)
    for who in (town.coordination, town.second_coordination):
        told = await who.says("/offen")
        assert "wartet 1 Abstimmung" in told and "noch nicht veröffentlicht" in told
    assert "Von Ihnen wird gerade nichts erwartet" in await town.group_a.says("/offen")
    await town.coordination.press("Prüfen: Die Stadt kauft")
    await town.coordination.press("Veröffentlichen")
    assert "nichts erwartet" in await town.coordination.says("/offen")


async def test_many_running_polls_are_shown_page_by_page(town: Town) -> None:
    for _ in range(18):
        await open_poll(town)
    seen = await town.group_a.says("/abstimmungen")
    assert seen.count("○") == 8 and "Seite 1 von 3" in seen
    await town.group_a.press("Weiter")
    assert "Seite 2 von 3" in town.group_a.newest()
    await town.group_a.press("Weiter")
    assert town.group_a.newest().count("○") == 2
    told = await town.group_a.says("/offen")
    assert told.count("○") == 12 and "… und 6 weitere" in told
    found = await town.group_a.says("/abstimmungen klimaschutz")
    assert "… und 10 weitere laufende" in found
