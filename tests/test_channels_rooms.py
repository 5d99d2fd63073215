"""Rooms that the bot makes for a municipality, and who comes in and goes (Matrix's way)."""

from __future__ import annotations

import re
from datetime import date

import pytest
from sqlmodel import select

from bot.platforms import Failed
from handlers.chat import (
    MembershipChanged,
)
from handlers.tasks import BringIn, Furnish, MakeRoom, PutOut
from storage.models import Channel, ChannelMember, Membership, Person
from tests.messenger import Meeting, Messenger
from tests.polling import open_poll
from tests.world import Town

CODE = re.compile(r"\b[A-Z0-9]{4}(?:-[A-Z0-9]{4})+\b")
STEERING = "gnk-ilmbrueck-steering-group"
CORE = "gnk-ilmbrueck-core-team"


@pytest.fixture
def matrix(town: Town) -> Meeting:
    meeting = Meeting(town.db, Messenger("matrix"))
    meeting.link("coordination", "second_coordination", "group_a", "group_a_deputy", "adviser")
    return meeting


@pytest.fixture
def any_matrix(any_town: Town) -> Meeting:
    """The same, once on SQLite and once on PostgreSQL."""
    meeting = Meeting(any_town.db, Messenger("matrix"))
    meeting.link("coordination", "second_coordination", "group_a", "group_a_deputy", "adviser")
    return meeting


def members(meeting: Meeting, alias: str) -> set[str]:
    return set(meeting.messenger.room(alias).members)


def told(meeting: Meeting, who: str, words: str) -> int:
    return sum(words in shown.text for shown in meeting.at(f"d-{who}") if shown.board is None)


async def make_rooms(meeting: Meeting) -> None:
    await meeting.types("coordination", "/kanal")
    await meeting.presses("coordination", "Räume auf Matrix anlegen")
    await meeting.presses("coordination", "Verschlüsselt anlegen")


async def ends(meeting: Meeting, who: str) -> str:
    """Coordination ends a membership at once; returns what was asked."""
    await meeting.types("coordination", f"/mitglieder {who}")
    await meeting.presses("coordination", "Vertretung Stadtratsfraktion A")
    await meeting.presses("coordination", "Mitgliedschaft beenden")
    asked = await meeting.presses("coordination", "Ab sofort nicht mehr dabei")
    await meeting.presses("coordination", "Ja, so ändern")
    return asked


# --- making --------------------------------------------------------------------------------


async def test_one_press_makes_the_space_a_room_for_each_body_and_one_for_announcements(
    town: Town, matrix: Meeting
) -> None:
    await matrix.types("coordination", "/kanal")
    asked = await matrix.presses("coordination", "Räume auf Matrix anlegen")
    assert "5 Räume" in asked and "Stadt Ilmbrück: Kernteam" in asked
    await matrix.presses("coordination", "Verschlüsselt anlegen")
    made = [task for task in matrix.messenger.done(MakeRoom) if isinstance(task, MakeRoom)]
    assert [task.alias.removeprefix("gnk-ilmbrueck-") for task in made] == [
        "space", "steering-group", "core-team", "coordination", "announcements",
    ]  # fmt: skip
    space = next(p for p, room in matrix.messenger.rooms.items() if room.made is made[0])
    assert made[0].space and not made[0].encrypted
    # Only where everybody belongs may those in the space come in unasked.
    assert [task.inside for task in made] == [None, space, None, None, space]
    # The others are shown there to those who are in them.
    assert [task.listed_in for task in made] == [None, None, space, space, None]
    assert [task.encrypted for task in made[1:]] == [True, True, True, False]
    assert [task.quiet for task in made] == [False, False, False, False, True]
    assert made[1].levels == {"coordination": 50, "second_coordination": 50}
    rows = town.all(Channel, platform="matrix")
    assert len(rows) == 5 and all(row.made and row.missing == [] for row in rows)


async def test_everybody_who_is_linked_sits_in_the_right_rooms(matrix: Meeting) -> None:
    await make_rooms(matrix)
    everybody = {"coordination", "second_coordination", "group_a", "group_a_deputy", "adviser"}
    assert members(matrix, STEERING) == everybody
    assert members(matrix, "gnk-ilmbrueck-space") == everybody
    assert members(matrix, "gnk-ilmbrueck-announcements") == everybody
    assert members(matrix, "gnk-ilmbrueck-coordination") == {"coordination", "second_coordination"}
    assert "group_a" not in members(matrix, CORE) and "coordination" in members(matrix, CORE)


async def test_progress_and_state_stand_in_one_card(matrix: Meeting) -> None:
    await make_rooms(matrix)
    for who in ("coordination", "group_a"):
        for place, room in matrix.messenger.rooms.items():
            if who in room.members:
                await matrix.comes(who, place)
    await matrix.later(seconds=5)
    card = [s for s in matrix.at("d-coordination") if s.board and s.board.kind == "channels"][-1]
    assert "Stadt Ilmbrück: Steuerungsgruppe" in card.text and "geschlossen" in card.text
    assert "5 von " in card.text and "Räume auf Matrix anlegen" not in card.labels
    assert "Raum für das Netzwerk anlegen" in card.labels


async def test_pressing_twice_makes_nothing_twice(matrix: Meeting) -> None:
    await make_rooms(matrix)
    before = len(matrix.messenger.tasks)
    await matrix.presses("coordination", "Verschlüsselt anlegen")
    assert "gibt es schon" in matrix.toast_of("coordination")
    assert len(matrix.messenger.tasks) == before


async def test_a_failure_is_told_with_what_to_do_and_what_is_there_stays(
    town: Town, matrix: Meeting
) -> None:
    matrix.messenger.refuses = [Failed("no_right:create")]
    await make_rooms(matrix)
    assert told(matrix, "coordination", "Der Matrix-Server erlaubt mir das nicht") == 1
    assert town.all(Channel, platform="matrix") == []
    await matrix.presses("coordination", "Noch einmal versuchen")
    await matrix.presses("coordination", "Verschlüsselt anlegen")
    assert len(town.all(Channel, platform="matrix")) == 5


async def test_without_matrix_nothing_of_it_is_offered(town: Town) -> None:
    meeting = Meeting(town.db, Messenger("telegram"))
    meeting.link("coordination")
    await meeting.types("coordination", "/kanal")
    assert not any("Matrix anlegen" in b for s in meeting.messenger.shown for b in s.labels)


async def test_each_room_says_for_whom_it_is_and_what_runs(town: Town, matrix: Meeting) -> None:
    await open_poll(town)
    matrix.now = town.now
    await make_rooms(matrix)
    place = next(p for p in matrix.messenger.rooms if "steering" in p)
    overview = next(s for s in matrix.at(place) if s.board and s.board.kind == "channel")
    assert overview.pinned and "Steuerungsgruppe – Stadt Ilmbrück" in overview.text
    assert "Nächste Frist: Di., 19.01.2027" in overview.text and "Geschlossen" in overview.text
    assert any(s.board and s.board.kind == "poll" and s.pinned for s in matrix.at(place))
    core = next(p for p in matrix.messenger.rooms if "core" in p)
    assert "keine Abstimmung" in matrix.at(core)[0].text


async def test_the_network_has_a_room_of_its_own_with_nobody_else_invited(
    town: Town, matrix: Meeting
) -> None:
    await make_rooms(matrix)
    await matrix.later(seconds=5)
    asked = await matrix.presses("coordination", "Raum für das Netzwerk")
    assert "Personenbezogenes" in asked
    await matrix.presses("coordination", "Raum anlegen")
    room = matrix.messenger.room("gnk-ilmbrueck-network")
    assert set(room.members) == {"coordination", "second_coordination"}
    assert room.made is not None and room.made.inside is None and not room.made.encrypted
    # People of other municipalities are there with good reason.
    place = next(p for p, r in matrix.messenger.rooms.items() if r is room)
    await matrix.comes("somebody_from_elsewhere", place)
    assert told(matrix, "coordination", "somebody_from_elsewhere") == 0
    assert "somebody_from_elsewhere" in room.members


# --- coming and going ----------------------------------------------------------------------


async def test_whoever_links_later_is_invited_at_once(matrix: Meeting) -> None:
    await make_rooms(matrix)
    await matrix.types("coordination", "/einladen Vertretung Naturschutzverband")
    await matrix.presses("coordination", "Vertretung Naturschutzverband")
    code = CODE.findall(await matrix.presses("coordination", "Neu einladen (Nachricht)"))[0]
    await matrix.types("newcomer", f"/beitreten {code}")
    await matrix.presses("newcomer", "Gelesen")
    assert "newcomer" in members(matrix, STEERING) and "newcomer" not in members(matrix, CORE)


async def test_whoever_leaves_is_out_of_all_rooms_and_it_is_on_record(
    any_town: Town, any_matrix: Meeting
) -> None:
    town, matrix = any_town, any_matrix
    await make_rooms(matrix)
    asked = await ends(matrix, "sg-08")
    assert "Kanäle verlässt die Person" in asked and "Stadt Ilmbrück: Steuerungsgruppe" in asked
    assert "Kernteam" not in asked
    for room in matrix.messenger.rooms.values():
        assert "group_a" not in room.members
    assert "group_a_deputy" in members(matrix, STEERING)
    assert town.all(ChannelMember, account="group_a") == []
    await matrix.types("coordination", "/mitglieder verlauf")
    said = matrix.at("d-coordination")[-1].text
    assert said.count("aus einem Kanal entfernt") == 3 and "Stadtratsfraktion A" in said


async def test_whoever_comes_back_is_invited_again(matrix: Meeting) -> None:
    await make_rooms(matrix)
    await ends(matrix, "sg-08")
    await matrix.types("coordination", "/mitglieder zurueck")
    await matrix.presses("coordination", "Ja, zurücknehmen")
    assert "group_a" in members(matrix, STEERING)


async def test_a_membership_ends_at_midnight(town: Town, matrix: Meeting) -> None:
    await make_rooms(matrix)
    person = town.one(Person, key="sg-08")
    with town.db.begin() as tx:
        for row in tx.execute(select(Membership).filter_by(person_id=person.id)).scalars():
            row.end_date = date(2027, 1, 12)
    await matrix.types("coordination", "/kanal")
    await matrix.presses("coordination", "Steuerungsgruppe")
    await matrix.presses("coordination", "Jetzt prüfen")
    assert "group_a" in members(matrix, STEERING)
    await matrix.later(hours=14, minutes=59)  # 23:59 there
    assert "group_a" in members(matrix, STEERING)
    await matrix.later(minutes=2)
    assert "group_a" not in members(matrix, STEERING)


async def test_removing_is_made_up_for_once_the_right_is_there(matrix: Meeting) -> None:
    await make_rooms(matrix)
    room = matrix.messenger.room(STEERING)
    place = next(p for p, r in matrix.messenger.rooms.items() if r is room)
    room.rights.remove("remove")
    await ends(matrix, "sg-08")
    assert "group_a" in room.members
    for _ in range(2):
        await matrix.night()
    assert told(matrix, "second_coordination", "ließ sich nicht aus") == 1
    assert told(matrix, "second_coordination", "fehlen mir Rechte") == 1
    room.rights.add("remove")
    await matrix.joins("coordination", "promoted", place)
    assert "group_a" not in room.members


async def test_an_unlinked_account_is_removed(matrix: Meeting) -> None:
    await make_rooms(matrix)
    await matrix.types("coordination", "/mitglieder sg-08")
    await matrix.presses("coordination", "Vertretung Stadtratsfraktion A")
    await matrix.presses("coordination", "Konten")
    await matrix.presses("coordination", "Matrix")
    await matrix.presses("coordination", "Ja, Verknüpfung lösen")
    assert "group_a" not in members(matrix, STEERING)
    await matrix.types("coordination", "/mitglieder verlauf")
    assert "Konto getrennt" in matrix.at("d-coordination")[-1].text


async def test_an_erased_persons_account_is_removed_and_forgotten(
    town: Town, matrix: Meeting
) -> None:
    await make_rooms(matrix)
    await matrix.types("group_a", "/loeschen")
    await matrix.presses("group_a", "Weiter zum Löschen")
    await matrix.presses("group_a", "Endgültig löschen")
    assert "group_a" not in members(matrix, STEERING)
    assert town.all(ChannelMember, account="group_a") == []


async def test_whoever_goes_by_themself_is_not_pulled_back_and_coordination_is_told_once(
    matrix: Meeting,
) -> None:
    await make_rooms(matrix)
    place = next(p for p in matrix.messenger.rooms if "steering" in p)
    await matrix.comes("group_a", place)
    await matrix.goes("group_a", place)
    for _ in range(3):
        await matrix.night()
    assert "group_a" not in members(matrix, STEERING)
    assert told(matrix, "coordination", "ist dort aber gegangen") == 1
    assert told(matrix, "second_coordination", "ist dort aber gegangen") == 1
    await matrix.presses("coordination", "Erneut einladen")
    assert "group_a" in members(matrix, STEERING)


async def test_a_stranger_is_named_once_and_may_stay(town: Town, matrix: Meeting) -> None:
    await make_rooms(matrix)
    place = next(p for p in matrix.messenger.rooms if "steering" in p)
    await matrix.happens("stranger", MembershipChanged("joined"), place)
    assert told(matrix, "coordination", "mit niemandem aus der Mitgliederliste verknüpft") == 1
    await matrix.presses("coordination", "Lassen")
    matrix.messenger.rooms[place].members["stranger"] = "joined"
    for _ in range(3):
        await matrix.night()
    assert told(matrix, "coordination", "mit niemandem") == 1
    assert "stranger" in members(matrix, STEERING)


async def test_a_stranger_is_removed_by_button_once(matrix: Meeting) -> None:
    await make_rooms(matrix)
    place = next(p for p in matrix.messenger.rooms if "steering" in p)
    await matrix.comes("stranger", place)
    await matrix.presses("coordination", "Entfernen")
    assert "stranger" not in members(matrix, STEERING)
    await matrix.presses("second_coordination", "Entfernen")
    assert "schon geklärt" in matrix.toast_of("second_coordination")
    assert len(matrix.messenger.done(PutOut)) == 1


async def test_if_nothing_differs_nobody_hears_anything(matrix: Meeting) -> None:
    await make_rooms(matrix)
    for place, room in list(matrix.messenger.rooms.items()):
        for who in list(room.members):
            await matrix.comes(who, place)
    said = [s for s in matrix.messenger.shown if s.board is None]
    tasks = len(matrix.messenger.done(BringIn)), len(matrix.messenger.done(PutOut))
    for _ in range(3):
        await matrix.night()
    assert [s for s in matrix.messenger.shown if s.board is None] == said
    assert (len(matrix.messenger.done(BringIn)), len(matrix.messenger.done(PutOut))) == tasks
    assert len(matrix.messenger.done(Furnish)) == 5


async def test_members_may_not_touch_any_of_it(matrix: Meeting) -> None:
    await make_rooms(matrix)
    await matrix.types("group_a", "/kanal")
    assert "vorbehalten" in matrix.at("d-group_a")[-1].text
