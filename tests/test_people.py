"""Greeting, linking, languages and invitations, as people live through them."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import select

from handlers.chat import Press
from handlers.people import rules
from handlers.people.actions import Invite
from handlers.privacy.actions import NOTICE_VERSION
from handlers.router import unpack
from storage import invitations
from storage.db import Database
from storage.models import Account, CodeTrial, Invitation, NoticeShown, Person
from tests import world
from tests.messenger import Meeting
from tests.polling import open_poll
from tests.world import Somebody, Town

CODE = re.compile(r"[A-Z2-9]{4}-[A-Z2-9]{4}-[A-Z2-9]{4}")


@pytest.fixture
def meeting(town: Town) -> Meeting:
    return Meeting(town.db)


def code_for(town: Town, key: str, days: int = 14) -> str:
    with town.db.begin() as tx:
        person = tx.get(Person, town.one(Person, key=key).id)
        assert person is not None
        return invitations.create(tx, person.id, person.municipality_id, town.now, days)


async def pressed(who: Somebody, label: str) -> str:
    """Press, and read what stands there now: a card may have taken the place of the old one."""
    return await who.press(label) or who.newest()


# --- strangers -----------------------------------------------------------------------------


async def test_a_stranger_is_greeted_and_learns_nothing_of_any_town(town: Town) -> None:
    guest = town.somebody("gast")
    for typed in ("/start", "/hilfe", "/menue", "hallo", "/massnahmen", "/offen", "/datenschutz"):
        answer = await guest.says(typed)
        assert answer, typed
        for leak in ("Ilmbrück", "Tannwiesen", "Stabsstelle", "Klimaschutz"):
            assert leak not in answer, (typed, answer)
    assert "Einladung" in await guest.says("/start")


async def test_nothing_is_stored_before_the_notice_was_read(any_town: Town) -> None:
    town = any_town
    guest, code = town.somebody("gast"), code_for(town, "sg-08")
    answer = await guest.says(f"/start {code}")
    assert "Datenschutzhinweis" in answer and "Stabsstelle Nachhaltigkeit" in answer
    assert town.all(Account, external_id="gast") == []
    assert town.all(NoticeShown, external_id="gast") == []
    await guest.press("Gelesen")
    assert len(town.all(Account, external_id="gast")) == 1
    [shown] = town.all(NoticeShown, external_id="gast")
    assert shown.version == NOTICE_VERSION


# --- linking -------------------------------------------------------------------------------


async def test_an_invited_person_links_and_is_offered_the_open_ballot(town: Town) -> None:
    await open_poll(town)
    guest = town.somebody("gast")
    await guest.says(f"/start {code_for(town, 'sg-08')}")
    welcome = await pressed(guest, "Gelesen")
    assert "Willkommen, Vertretung Stadtratsfraktion A" in welcome
    assert "1 Abstimmung wartet auf Ihre Stimme" in welcome
    await guest.press("Abstimmen:")
    await guest.press("Photovoltaik")
    assert "Gespeichert" in guest.toast


async def test_a_code_is_used_once(town: Town) -> None:
    code = code_for(town, "sg-08")
    first, second = town.somebody("gast-1"), town.somebody("gast-2")
    await first.says(f"/beitreten {code}")
    await second.says(f"/beitreten {code}")
    await first.press("Gelesen")
    assert "gilt nicht" in await pressed(second, "Gelesen")
    assert "gilt nicht" in await second.says(f"/join {code}")
    assert town.all(Account, external_id="gast-2") == []


async def test_the_code_may_be_typed_in_small_letters_with_spaces(town: Town) -> None:
    guest, code = town.somebody("gast"), code_for(town, "sg-08")
    await guest.says(f"/beitreten {code.lower().replace('-', ' ')}")
    assert "Willkommen" in await pressed(guest, "Gelesen")


async def test_pressing_twice_is_no_wrong_code(town: Town) -> None:
    guest = town.somebody("gast")
    await guest.says(f"/start {code_for(town, 'sg-08')}")
    message, action = guest.button("Gelesen")
    await guest.presses(message, action)
    assert "schon mit Stadt Ilmbrück verknüpft" in await guest.presses(message, action)
    assert town.all(CodeTrial) == []
    assert len(town.all(Account, external_id="gast")) == 1


@pytest.mark.parametrize("reason", ["expired", "replaced", "invented"])
async def test_a_code_that_does_not_count_gets_the_same_polite_answer(
    town: Town, reason: str
) -> None:
    code = "ABCD-EFGH-JKMN" if reason == "invented" else code_for(town, "sg-08")
    if reason == "expired":
        await town.pass_time(days=14)
    if reason == "replaced":
        code_for(town, "sg-08")
    answer = await town.somebody("gast").says(f"/start {code}")
    assert "Dieser Code gilt nicht" in answer and "noch 4 Versuche" in answer
    assert "Ilmbrück" not in answer


async def test_after_five_wrong_codes_even_the_right_one_has_to_wait(any_town: Town) -> None:
    town = any_town
    guest = town.somebody("gast")
    for _ in range(4):
        assert "noch" in await guest.says("/beitreten FALSCH")
    assert "15 Minuten lang keinen Code" in await guest.says("/beitreten FALSCH")
    code = code_for(town, "sg-08")
    assert "noch 15 Minuten lang keinen" in await guest.says(f"/beitreten {code}")
    await town.pass_time(minutes=14, seconds=30)
    assert "noch 1 Minute lang keinen" in await guest.says(f"/beitreten {code}")
    await town.pass_time(seconds=31)
    assert "Datenschutzhinweis" in await guest.says(f"/beitreten {code}")
    await guest.press("Gelesen")
    assert town.all(Account, external_id="gast")
    assert town.all(CodeTrial) == []


async def test_wrong_codes_of_one_account_are_not_another_ones(town: Town) -> None:
    for _ in range(5):
        await town.somebody("gast-1").says("/beitreten FALSCH")
    answer = await town.somebody("gast-2").says(f"/beitreten {code_for(town, 'sg-08')}")
    assert "Datenschutzhinweis" in answer


async def test_an_account_serves_one_person_in_a_town(town: Town) -> None:
    code = code_for(town, "sg-09")
    assert "schon mit einer anderen Person" in await town.group_a.says(f"/beitreten {code}")
    guest = town.somebody("gast")
    await guest.says(f"/beitreten {code}")
    assert "Willkommen, Vertretung Stadtratsfraktion B" in await pressed(guest, "Gelesen")


async def test_the_same_person_again_is_told_kindly_and_keeps_the_code(town: Town) -> None:
    code = code_for(town, "sg-08")
    assert "schon mit Stadt Ilmbrück verknüpft" in await town.group_a.says(f"/start {code}")
    assert town.one(Invitation, person_id=town.one(Person, key="sg-08").id).used_at is None


async def test_one_account_in_two_towns_switches_between_them(any_town: Town) -> None:
    town = any_town
    member = town.group_a
    await member.says(f"/beitreten {code_for(town, 'tw-02')}")
    assert "Landgemeinde Tannwiesen" in member.newest()
    assert "Willkommen" in await pressed(member, "Gelesen")
    assert "Tannwiesen" in await member.says("/massnahmen")
    await member.says("/start")
    await member.press("Wechseln zu: Stadt Ilmbrück")
    assert "Ilmbrück" in await member.says("/massnahmen")
    await town.pass_time(hours=1)
    assert "Ilmbrück" in await member.says("/massnahmen")


async def test_a_greeting_tells_each_role_what_it_may_do(town: Town) -> None:
    assert "Sie gehören zur Koordination" in await town.coordination.says("/start")
    assert "Sie gehören zur Steuerungsgruppe" in await town.group_a.says("/start")
    assert "Abstimmen können Sie hier nicht" in await town.adviser.says("/start")
    assert "You belong to the steering group" in await town.one_world_club.says("/start")


async def test_whoever_has_no_language_gets_that_of_the_platform(
    town: Town, meeting: Meeting
) -> None:
    with town.db.begin() as tx:
        person = tx.get(Person, town.one(Person, key="sg-08").id)
        assert person is not None
        person.language = ""
    await meeting.types("new", f"/start {code_for(town, 'sg-08')}", language="en-GB")
    assert "Welcome" in await meeting.presses("new", "Read", language="en-GB")
    assert town.one(Person, key="sg-08").language == "en"


async def test_linking_belongs_into_the_direct_chat(town: Town, meeting: Meeting) -> None:
    answer = await meeting.types("new", f"/start {code_for(town, 'sg-08')}", at="group")
    assert answer == "Bitte schreiben Sie mir dazu im direkten Chat."


# --- languages -----------------------------------------------------------------------------


async def test_a_language_is_switched_at_once_and_for_one_person_only(town: Town) -> None:
    assert "from now on I write to you in English" in await town.group_a.says("/sprache en")
    assert "What would you like to do?" in await town.group_a.says("/menue")
    assert "Einfacher Sprache" in await town.group_a.says("/language einfach")
    await town.group_a.says("/sprache")
    assert "auf Deutsch" in await pressed(town.group_a, "Deutsch")
    assert "Was möchten Sie tun?" in await town.group_b.says("/menue")
    assert "kann ich noch nicht" in await town.group_a.says("/sprache klingonisch")


async def test_a_strangers_language_is_not_kept(town: Town) -> None:
    guest = town.somebody("gast")
    assert "until then I store nothing" in await guest.says("/sprache en")


async def test_a_ballot_that_lies_open_is_drawn_anew_in_the_new_language(
    town: Town, meeting: Meeting
) -> None:
    await open_poll(town)
    meeting.link("group_a")
    meeting.now = town.now
    await meeting.types("group_a", "/offen")
    await meeting.presses("group_a", "Klimaschutz")
    ballot = meeting.at("d-group_a")[-1]
    assert "Stimmzettel" in ballot.text
    meeting.passes(seconds=3)
    await meeting.types("group_a", "/sprache en")
    drawn = meeting.at("d-group_a")[-1]
    assert drawn.message == ballot.message and "Your ballot" in drawn.text


@given(st.text())
def test_any_typed_language_means_one_of_three_or_none(typed: str) -> None:
    assert rules.language_meant(typed) in ("de", "en", "de-simple", None)
    assert rules.language_hinted(typed, "de") in ("de", "en")


# --- inviting ------------------------------------------------------------------------------


async def test_coordination_invites_and_the_invited_person_joins(any_town: Town) -> None:
    town = any_town
    with town.db.begin() as tx:
        tx.delete(town.one(Account, external_id="sg-08"))
    assert "1 Person hat noch kein Konto" in await town.coordination.says("/einladen")
    answer = await town.coordination.press("Stadtratsfraktion A")
    assert "bis Di., 26.01.2027" in answer
    [code] = CODE.findall(answer)
    guest = town.somebody("gast")
    await guest.says(f"/beitreten {code}")
    assert "Willkommen, Vertretung Stadtratsfraktion A" in await pressed(guest, "Gelesen")
    assert "Alle Mitglieder haben" in await town.coordination.says("/invite")


async def test_coordination_finds_a_member_by_name(town: Town) -> None:
    await town.coordination.says("/einladen stadtratsfraktion a")
    assert "Vertretung Stadtratsfraktion A ✓" in town.coordination.buttons()
    assert "kein Mitglied gefunden" in await town.coordination.says("/einladen Gemeinderat")


async def test_a_new_invitation_replaces_the_older_one(town: Town) -> None:
    await town.coordination.says("/einladen")
    await town.coordination.press("Alle Mitglieder")
    await town.coordination.press("Koordination 1")
    codes = []
    message, action = town.coordination.button("Neu einladen (Nachricht)")
    for _ in range(2):
        codes += CODE.findall(await town.coordination.presses(message, action))
    assert "gilt nicht" in await town.somebody("gast").says(f"/start {codes[0]}")
    assert "Koordination 1" in await town.somebody("gast").says(f"/start {codes[1]}")


async def test_only_coordination_invites_and_only_in_its_own_town(
    town: Town, meeting: Meeting
) -> None:
    meeting.link("coordination", "group_a", "neighbour")
    await meeting.types("coordination", "/einladen")
    await meeting.presses("coordination", "Alle Mitglieder")
    await meeting.presses("coordination", "Koordination 1")
    button = Press(meeting.at("d-coordination")[-1].actions[0])
    assert isinstance(unpack(button.packed), Invite)
    assert await meeting.happens("group_a", button) == []
    assert "anderen Rollen vorbehalten" in meeting.toast_of("group_a")
    assert await meeting.happens("neighbour", button) == []
    assert "gilt nicht mehr" in meeting.toast_of("neighbour")
    assert town.all(Invitation) == []


# --- storage -------------------------------------------------------------------------------


def invite(db: Database) -> tuple[str, Person]:
    with db.begin() as tx:
        world.settle(tx, world.MORNING)
    with db.begin() as tx:
        person = tx.exec(select(Person).filter_by(key="sg-08")).one()
        return invitations.create(tx, person.id, person.municipality_id, world.MORNING), person


def test_of_two_at_once_one_gets_the_code(db: Database) -> None:
    code, person = invite(db)

    def redeem() -> bool:
        with db.begin() as tx:
            return invitations.redeem(tx, code, world.MORNING) is not None

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda _: redeem(), range(8)))
    assert won.count(True) == 1
    with db.read() as tx:
        assert invitations.used_by(tx, code) == person.id


def test_a_code_is_readable_and_only_its_hash_is_kept(db: Database) -> None:
    code, _ = invite(db)
    assert CODE.fullmatch(code)
    assert not set(code) & set("01ILO")
    with db.read() as tx:
        [kept] = tx.exec(select(Invitation)).all()
    assert code not in str(kept) and code.replace("-", "") not in str(kept)


def test_a_code_ends_at_its_last_moment(db: Database) -> None:
    code, _ = invite(db)
    end = world.MORNING + timedelta(days=14)
    with db.begin() as tx:
        assert invitations.valid(tx, code, end) is None
        assert invitations.valid(tx, code, end - timedelta(seconds=1)) is not None


async def test_the_menu_shows_what_this_person_may_do_in_their_language(meeting: Meeting) -> None:
    meeting.link("coordination", "group_a")
    await meeting.types("coordination", "/start")
    await meeting.types("group_a", "/start")
    menus = meeting.messenger.menus
    assert "abstimmung" in menus["d-coordination"]
    assert "offen" in menus["d-group_a"] and "abstimmung" not in menus["d-group_a"]
    await meeting.types("group_a", "/sprache en")
    assert "todo" in menus["d-group_a"] and "offen" not in menus["d-group_a"]
