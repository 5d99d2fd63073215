"""What is confidential never appears in a public channel."""

from __future__ import annotations

import pytest

from handlers.channels.actions import Compare
from handlers.chat import (
    Answers,
    Card,
    InChannel,
    Say,
    SendFile,
    Text,
)
from handlers.features import ROUTERS
from handlers.router import Role, Router, Routes, pack
from storage import timers
from storage.models import Channel, Poll
from tests.messenger import Meeting, Messenger
from tests.polling import close_poll, open_poll
from tests.world import Town


@pytest.fixture
def telegram(town: Town) -> Meeting:
    meeting = Meeting(town.db, Messenger("telegram"))
    meeting.link("coordination", "second_coordination")
    meeting.messenger.group("group", "coordination", "second_coordination")
    return meeting


async def adopt(meeting: Meeting) -> None:
    await meeting.types("coordination", "/kanal", at="group", title="Unsere Gruppe")
    await meeting.presses("coordination", "Steuerungsgruppe", at="group", title="Unsere Gruppe")


def confidentiality(town: Town) -> str:
    return str(town.one(Channel, platform="telegram").confidentiality)


def boards(meeting: Meeting, kind: str) -> int:
    return sum(s.board is not None and s.board.kind == kind for s in meeting.at("group"))


def told(meeting: Meeting, who: str, words: str) -> int:
    return sum(words in shown.text for shown in meeting.at(f"d-{who}"))


async def test_a_channel_is_closed_until_coordination_says_otherwise(
    town: Town, telegram: Meeting
) -> None:
    await adopt(telegram)
    assert confidentiality(town) == "closed"
    asked = await telegram.presses("coordination", "Als öffentlich führen", at="group")
    assert "ausdrücklich öffentlich" in asked and confidentiality(town) == "closed"
    await telegram.presses("coordination", "Ja, öffentlich", at="group")
    assert confidentiality(town) == "public"
    newest = [s for s in telegram.at("group") if s.board and s.board.kind == "channel"][-1]
    assert "Öffentlich: Hier kann jede Person mitlesen" in newest.text


async def test_a_vote_of_the_body_goes_to_its_closed_channels_only(
    town: Town, telegram: Meeting
) -> None:
    await adopt(telegram)
    await telegram.presses("coordination", "Als öffentlich führen", at="group")
    await telegram.presses("coordination", "Ja, öffentlich", at="group")
    await open_poll(town)
    assert town.one(Poll).state == "open"
    telegram.now = town.now
    await telegram.settle()
    assert boards(telegram, "poll") == 0
    assert "Klimaschutz und Energie" in town.group_a.newest("Ankündigungen")


async def test_the_result_of_a_vote_stays_away_once_anybody_reads_there(
    town: Town, telegram: Meeting
) -> None:
    await adopt(telegram)
    await open_poll(town)
    telegram.now = town.now
    await telegram.settle()
    assert boards(telegram, "poll") == 1
    await telegram.presses("coordination", "Als öffentlich führen", at="group")
    await telegram.presses("coordination", "Ja, öffentlich", at="group")
    await telegram.later(days=8)
    assert town.one(Poll).state == "closed"
    assert boards(telegram, "result") == 0


async def test_what_anybody_can_read_is_public_whatever_coordination_says(
    town: Town, telegram: Meeting
) -> None:
    room = telegram.messenger.rooms["group"]
    room.public = True
    await adopt(telegram)
    assert confidentiality(town) == "public"
    assert told(telegram, "second_coordination", "gefunden und gelesen") == 1
    await telegram.types("coordination", "/kanal")
    await telegram.presses("coordination", "Unsere Gruppe")
    await telegram.presses("coordination", "Als geschlossen führen")
    assert confidentiality(town) == "public"
    room.public = False
    await telegram.presses("coordination", "Als geschlossen führen")
    assert confidentiality(town) == "closed"
    assert told(telegram, "coordination", "jetzt ein geschlossener Kanal") == 1
    await telegram.night()
    assert told(telegram, "second_coordination", "gefunden und gelesen") == 1


async def test_a_board_there_is_not_kept_up_to_date_once_anybody_reads_it(
    town: Town, telegram: Meeting
) -> None:
    await adopt(telegram)
    await open_poll(town)
    telegram.now = town.now
    await telegram.settle()
    telegram.messenger.rooms["group"].public = True
    await telegram.night()
    before = boards(telegram, "poll")
    town.now = telegram.now
    await town.group_a.press("Photovoltaik")
    telegram.now = town.now
    await telegram.later(seconds=5)
    assert boards(telegram, "poll") == before


async def test_every_kind_of_answer_goes_through_the_same_door(
    town: Town, telegram: Meeting
) -> None:
    await adopt(telegram)
    id = town.one(Channel, platform="telegram").id
    paper = SendFile("e.txt", "text/plain", b"x", Text("plain", text="E"), InChannel(id))
    word = Say(Card((Text("plain", text="Vertraulich"),)), InChannel(id))
    open_word = Say(Card((Text("plain", text="Für alle"),)), InChannel(id), confidential=False)
    feature = Router("feature")
    made: list[Answers] = [[paper], [word], [open_word]]
    for number, answers in enumerate(made):
        feature.command(f"sage{number}", by=Role.COORDINATION)(
            lambda ctx, typed, answers=answers: answers
        )
    telegram.app.routes = Routes((*ROUTERS, feature))
    for number in range(3):
        await telegram.types("coordination", f"/sage{number}")
    assert [s.kind for s in telegram.at("group")][-3:] == ["file", "card", "card"]
    await telegram.presses("coordination", "Als öffentlich führen", at="group")
    await telegram.presses("coordination", "Ja, öffentlich", at="group")
    before = len(telegram.at("group"))
    for number in range(3):
        await telegram.types("coordination", f"/sage{number}")
    assert [s.text for s in telegram.at("group")[before:]] == ["Für alle"]
    assert told(telegram, "coordination", "Unsere Gruppe ist öffentlich") == 2


async def test_a_comparison_of_a_town_without_channels_says_nothing(
    town: Town, telegram: Meeting
) -> None:
    due = pack(Compare(town.id))
    await town.db.write(lambda tx: timers.put(tx, "channels:x", due, telegram.now, town.id))
    await telegram.settle()
    assert telegram.messenger.shown == [] and telegram.messenger.tasks == []


async def test_giving_up_a_public_channel_lets_the_body_vote_again(
    town: Town, telegram: Meeting
) -> None:
    telegram.messenger.rooms["group"].public = True
    await adopt(telegram)
    await telegram.types("coordination", "/kanal")
    await telegram.presses("coordination", "Unsere Gruppe")
    await telegram.presses("coordination", "Kanal abgeben")
    await telegram.presses("coordination", "Ja, abgeben")
    await open_poll(town)
    await close_poll(town)
    assert town.one(Poll).state == "closed"
    assert boards(telegram, "poll") == boards(telegram, "result") == 0
