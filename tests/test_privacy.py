"""The privacy notice: at any time, in the municipality's own words, and again once it changed."""

from __future__ import annotations

from typing import Any

from handlers.privacy.actions import NOTICE_VERSION, OWN_NOTICE
from storage import invitations, notices
from storage.models import Municipality, NoticeShown, Person
from tests.world import Town


def set_up(town: Town, **settings: Any) -> None:
    """Other settings for Ilmbrück."""
    with town.db.begin() as tx:
        row = tx.get_one(Municipality, town.id)
        row.settings = {**row.settings, **settings}


async def test_a_member_reads_the_notice_of_their_municipality(town: Town) -> None:
    notice = await town.group_a.says("/datenschutz")
    for point in (
        "Stadt Ilmbrück",
        "Stabsstelle Nachhaltigkeit",
        "Art. 6 Abs. 1",
        "keine Einwilligung",
        "Wie lange",
        "Widerspruch",
        "Datenschutzaufsicht",
        "/meinedaten",
        "/loeschen",
    ):
        assert point in notice, point
    await town.group_a.says("/privacy")
    [shown] = town.all(NoticeShown, external_id="sg-08")
    assert shown.municipality_id == town.id and shown.version == NOTICE_VERSION


async def test_another_towns_member_reads_of_their_own(town: Town) -> None:
    notice = await town.neighbour.says("/datenschutz")
    assert "Tannwiesen" in notice and "Ilmbrück" not in notice


async def test_a_stranger_reads_what_is_stored_of_them_and_no_showing_is_recorded(
    town: Town,
) -> None:
    assert "mit niemandem verknüpft" in await town.somebody("gast").says("/datenschutz")
    assert town.all(NoticeShown) == []


async def test_each_language_has_the_notice(town: Town) -> None:
    assert "Controller" in await town.one_world_club.says("/privacy")
    assert "Wer ist verantwortlich?" in await town.seniors.says("/datenschutz")


async def test_a_municipality_may_use_words_of_its_own(town: Town) -> None:
    set_up(town, **{OWN_NOTICE: {"de": "Wir speichern <wenig>.", "en": "We store little."}})
    notice = await town.group_a.says("/datenschutz")
    assert "Wir speichern <wenig>." in notice and "/meinedaten" in notice
    assert "Stabsstelle Nachhaltigkeit" in notice
    assert "We store little." in await town.one_world_club.says("/privacy")
    [shown] = town.all(NoticeShown, external_id="sg-08")
    assert shown.version.startswith("own-")
    guest = town.somebody("gast")
    with town.db.begin() as tx:
        person = town.one(Person, key="sg-08")
        code = invitations.create(tx, person.id, town.id, town.now)
    assert "Wir speichern <wenig>." in await guest.says(f"/start {code}")
    await guest.press("Gelesen")
    assert town.one(NoticeShown, external_id="gast").version == shown.version


async def test_a_changed_notice_is_shown_once_at_the_next_command(any_town: Town) -> None:
    town = any_town
    with town.db.begin() as tx:
        notices.shown(tx, "web", "sg-08", town.id, "2026-11", town.now)
    answer = await town.group_a.says("/hilfe")
    assert "Der Datenschutzhinweis hat sich geändert" in answer and "DSGVO" in answer
    assert "geändert" not in await town.group_a.says("/hilfe")
    set_up(town, **{OWN_NOTICE: {"de": "Ganz neu."}})
    assert "Ganz neu." in await town.group_a.says("hilfe")
    assert "Ganz neu." not in await town.group_a.says("/offen")
    assert len(town.all(NoticeShown, external_id="sg-08")) == 3


async def test_whoever_asks_for_the_notice_gets_it_once(town: Town) -> None:
    with town.db.begin() as tx:
        notices.shown(tx, "web", "sg-08", town.id, "2026-11", town.now)
    answer = await town.group_a.says("/datenschutz")
    assert answer.count("Datenschutzhinweis") == 1 and "geändert" not in answer
    assert "geändert" not in await town.group_a.says("/hilfe")
