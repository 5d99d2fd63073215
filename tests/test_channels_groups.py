"""Groups that people made and the bot keeps: rights, joining by link, removing (Telegram's way)."""

from __future__ import annotations

import pytest

from bot import loading
from bot.importing import read_municipality
from bot.platforms import Delivery, Failed, Outcome, Unknown
from handlers.channels.actions import (
    CheckChannel,
    Confide,
    Release,
    Settle,
    ShowChannel,
    ShowDifference,
)
from handlers.chat import (
    MembershipChanged,
    PlaceMoved,
    Press,
)
from handlers.router import pack
from handlers.tasks import Admit, BringIn, Furnish, Inspect, MakeLink, MakeTopic, PutOut
from storage.models import Channel, ChannelMember, Municipality
from tests.messenger import Meeting, Messenger
from tests.polling import change_rules, open_poll
from tests.world import DEMO, Town


@pytest.fixture
def telegram(town: Town) -> Meeting:
    meeting = Meeting(town.db, Messenger("telegram"))
    meeting.link("coordination", "second_coordination", "group_a", "group_b", "neighbour")
    return meeting


async def adopt(meeting: Meeting, body: str = "Steuerungsgruppe") -> str:
    """Coordination types /kanal in the group "group"; returns what it is told about rights."""
    await meeting.types("coordination", "/kanal", at="group", title="Unsere Gruppe")
    before = len(meeting.at("d-coordination"))
    await meeting.presses("coordination", body, at="group", title="Unsere Gruppe")
    return "\n".join(s.text for s in meeting.at("d-coordination")[before:])


def told(meeting: Meeting, who: str, words: str) -> int:
    return sum(words in shown.text for shown in meeting.at(f"d-{who}") if shown.board is None)


def the_channel(town: Town) -> Channel:
    channel: Channel = town.one(Channel, platform="telegram")
    return channel


async def remove_from_roster(meeting: Meeting) -> None:
    """Group A's representative is a member no longer."""
    await meeting.types("coordination", "/mitglieder sg-08")
    await meeting.presses("coordination", "Vertretung Stadtratsfraktion A")
    await meeting.presses("coordination", "Mitgliedschaft beenden")
    await meeting.presses("coordination", "Ab sofort nicht mehr dabei")
    await meeting.presses("coordination", "Ja, so ändern")


# --- rights --------------------------------------------------------------------------------


async def test_with_all_rights_it_says_so_and_furnishes_the_group(
    town: Town, telegram: Meeting
) -> None:
    room = telegram.messenger.group("group", "coordination")
    assert "alle Rechte" in await adopt(telegram)
    assert room.title == "Unsere Gruppe" and "Steuerungsgruppe" in room.topic
    overview = [s for s in telegram.at("group") if s.board and s.board.kind == "channel"]
    assert len(overview) == 1 and overview[0].pinned
    assert the_channel(town).join_link == "https://telegram.example/+group"


async def test_each_missing_right_has_a_sentence_and_it_is_said_where_to_give_it(
    town: Town, telegram: Meeting
) -> None:
    telegram.messenger.group("group", "coordination", lacks=("remove", "link"))
    said = await adopt(telegram)
    assert "Personen entfernen" in said and "Einladungslinks verwalten" in said
    assert "Nachrichten anheften" not in said and "Administratoren" in said
    assert the_channel(town).missing == ["remove", "link"]
    assert not telegram.messenger.done(MakeLink)


async def test_a_loss_of_rights_is_told_once_in_one_message(town: Town, telegram: Meeting) -> None:
    room = telegram.messenger.group("group", "coordination")
    await adopt(telegram)
    room.rights -= {"remove", "pin", "title"}
    for _ in range(2):
        await telegram.joins("coordination", "demoted", "group")
        await telegram.night()
    assert told(telegram, "second_coordination", "fehlen mir Rechte") == 1
    lost = next(s for s in telegram.at("d-second_coordination") if "fehlen mir" in s.text)
    assert all(words in lost.text for words in ("entfernen", "anheften", "Namen ändern"))
    room.rights |= {"remove", "pin", "title"}
    await telegram.joins("coordination", "promoted", "group")
    assert the_channel(town).missing == []


async def test_a_group_that_the_bot_is_gone_from_is_noticed_at_night(
    town: Town, telegram: Meeting
) -> None:
    telegram.messenger.group("group", "coordination")
    await adopt(telegram)
    del telegram.messenger.rooms["group"]
    await telegram.night()
    await telegram.night()
    assert told(telegram, "second_coordination", "Ich wurde aus dem Kanal Unsere Gruppe") == 1
    assert the_channel(town).lost_at is not None


async def test_what_had_to_be_left_undone_is_made_up_for(telegram: Meeting) -> None:
    lacking = ("pin", "topic", "tag")
    room = telegram.messenger.group("group", "coordination", lacks=lacking)
    await adopt(telegram)
    furnished = len(telegram.messenger.done(Furnish))
    await telegram.night()
    assert len(telegram.messenger.done(Furnish)) == furnished
    room.rights |= {*lacking}
    before = len(telegram.at("group"))
    await telegram.joins("coordination", "promoted", "group")
    assert len(telegram.messenger.done(Furnish)) == furnished + 1
    overview = [s for s in telegram.at("group")[before:] if s.board and s.board.kind == "channel"]
    assert any(s.pinned for s in overview)


async def test_a_right_that_is_said_to_be_there_and_is_not_is_told_once(
    telegram: Meeting,
) -> None:
    room = telegram.messenger.group("group", "coordination", "second_coordination", "group_a")
    await adopt(telegram)
    deliver = telegram.messenger.deliver

    async def refusing(delivery: Delivery) -> Outcome:
        if isinstance(delivery.task, PutOut):
            return Failed("no_right:remove")
        return await deliver(delivery)

    telegram.messenger.deliver = refusing  # type: ignore[method-assign]
    await remove_from_roster(telegram)
    await telegram.presses("coordination", "Entfernen")
    for _ in range(3):
        await telegram.night()
    assert told(telegram, "coordination", "fehlen mir Rechte") == 1
    assert told(telegram, "coordination", "ließ sich nicht aus Unsere Gruppe entfernen") == 1
    assert "group_a" in room.members


async def test_a_removal_that_nobody_knows_of_is_tried_once_more(telegram: Meeting) -> None:
    room = telegram.messenger.group("group", "coordination", "second_coordination", "group_a")
    await adopt(telegram)
    await remove_from_roster(telegram)
    deliver, lost = telegram.messenger.deliver, ["once"]

    async def losing(delivery: Delivery) -> Outcome:
        if isinstance(delivery.task, PutOut) and lost:
            return Unknown(lost.pop())
        return await deliver(delivery)

    telegram.messenger.deliver = losing  # type: ignore[method-assign]
    await telegram.presses("coordination", "Entfernen")
    assert "group_a" not in room.members
    assert told(telegram, "coordination", "ließ sich nicht") == 0


# --- joining -------------------------------------------------------------------------------


async def test_linked_people_get_the_link_once_and_are_let_in(
    town: Town, telegram: Meeting
) -> None:
    room = telegram.messenger.group("group", "coordination", "second_coordination")
    await adopt(telegram)
    for _ in range(3):
        await telegram.night()
    for who in ("group_a", "group_b"):
        assert told(telegram, who, "Für Sie gibt es den Kanal Unsere Gruppe") == 1
    assert told(telegram, "coordination", "Für Sie gibt es") == 0
    assert told(telegram, "neighbour", "Für Sie gibt es") == 0
    await telegram.asks("group_a", "group")
    assert room.members["group_a"] == "joined" and not room.asking
    assert told(telegram, "coordination", "möchte in") == 0
    await telegram.types("coordination", "/mitglieder verlauf")
    assert "in einen Kanal aufgenommen" in telegram.at("d-coordination")[-1].text


@pytest.mark.parametrize(("answer", "inside"), [("Aufnehmen", True), ("Ablehnen", False)])
async def test_others_who_ask_are_coordinations_to_decide(
    telegram: Meeting, answer: str, inside: bool
) -> None:
    room = telegram.messenger.group("group", "coordination", "second_coordination")
    await adopt(telegram)
    await telegram.asks("stranger", "group")
    await telegram.night()
    assert told(telegram, "coordination", "möchte in Unsere Gruppe") == 1
    await telegram.presses("coordination", answer)
    await telegram.presses("second_coordination", answer)
    assert len(telegram.messenger.done(Admit)) == 1
    assert ("stranger" in room.members) is inside
    await telegram.night()
    # Whoever was let in is no stranger to be asked about again.
    assert told(telegram, "coordination", "mit niemandem") == 0


async def test_somebody_of_another_body_is_asked_about_by_their_function(
    telegram: Meeting,
) -> None:
    telegram.messenger.group("group", "coordination", "second_coordination")
    await adopt(telegram, "Kernteam")
    await telegram.asks("group_a", "group")
    assert told(telegram, "coordination", "Vertretung Stadtratsfraktion A möchte in") == 1


# --- removing ------------------------------------------------------------------------------


async def test_from_a_group_of_others_nobody_is_removed_without_asking(
    telegram: Meeting,
) -> None:
    room = telegram.messenger.group("group", "coordination", "second_coordination", "group_a")
    await adopt(telegram)
    await remove_from_roster(telegram)
    await telegram.night()
    assert "group_a" in room.members
    assert told(telegram, "coordination", "Stadtratsfraktion A gehört nicht mehr dazu") == 1
    await telegram.presses("coordination", "Entfernen")
    assert "group_a" not in room.members


async def test_the_municipality_may_have_them_removed_without_asking(
    town: Town, telegram: Meeting
) -> None:
    change_rules(town, remove_without_asking={"telegram": True})
    room = telegram.messenger.group("group", "coordination", "second_coordination", "group_a")
    await adopt(telegram)
    await remove_from_roster(telegram)
    assert "group_a" not in room.members
    assert told(telegram, "coordination", "gehört nicht mehr dazu und ist noch") == 0
    assert town.all(ChannelMember, account="group_a") == []


async def test_somebody_of_another_body_is_never_removed_by_itself(
    town: Town, telegram: Meeting
) -> None:
    change_rules(town, remove_without_asking=True)
    room = telegram.messenger.group("group", "coordination", "second_coordination", "group_a")
    await adopt(telegram, "Kernteam")
    assert "group_a" in room.members
    await telegram.happens("group_a", MembershipChanged("joined"), "group")
    assert "group_a" in room.members and not telegram.messenger.done(PutOut)
    assert told(telegram, "coordination", "gehört aber nicht zu Unsere Gruppe") == 1


async def test_what_cannot_be_removed_is_said(telegram: Meeting) -> None:
    room = telegram.messenger.group("group", "coordination", "second_coordination", "group_a")
    await adopt(telegram)
    await remove_from_roster(telegram)
    room.rights.remove("remove")
    await telegram.presses("coordination", "Entfernen")
    assert told(telegram, "coordination", "ließ sich nicht aus Unsere Gruppe entfernen") == 1
    assert told(telegram, "coordination", "fehlen mir Rechte") == 1


# --- what Telegram has besides -------------------------------------------------------------


async def test_the_role_stands_beside_the_name(telegram: Meeting) -> None:
    room = telegram.messenger.group("group", "coordination", "group_a")
    await adopt(telegram)
    assert room.tags == {"coordination": "Koordination", "group_a": "Mitglied"}
    assert all(len(tag) <= 16 for tag in room.tags.values())


async def test_a_forum_gets_topics_and_votes_go_there(town: Town, telegram: Meeting) -> None:
    room = telegram.messenger.group("group", "coordination", forum=True)
    await adopt(telegram)
    assert list(room.topics) == ["Ankündigungen", "Abstimmungen", "Entwürfe", "Sitzungen"]
    await telegram.night()
    assert len(telegram.messenger.done(MakeTopic)) == 4
    town.now = telegram.now
    await open_poll(town)
    telegram.now = town.now
    threads: list[str | None] = []
    deliver = telegram.messenger.deliver

    async def watched(delivery):  # type: ignore[no-untyped-def]
        if delivery.board is not None and delivery.board.kind == "poll":
            threads.append(delivery.thread)
        return await deliver(delivery)

    telegram.messenger.deliver = watched  # type: ignore[method-assign]
    await telegram.settle()
    assert threads == [room.topics["Abstimmungen"]]


async def test_a_group_that_became_a_supergroup_is_looked_at_again(
    town: Town, telegram: Meeting
) -> None:
    room = telegram.messenger.group("group", "coordination")
    await adopt(telegram)
    telegram.messenger.rooms["supergroup"] = room
    looked = len(telegram.messenger.done(Inspect))
    await telegram.happens(None, PlaceMoved("supergroup"), "group")
    assert the_channel(town).external_id == "supergroup"
    assert len(telegram.messenger.done(Inspect)) == looked + 1
    assert any(s.board and s.board.kind == "channel" for s in telegram.at("supergroup"))
    # The old link leads nowhere: whoever was sent it is sent the new one.
    assert the_channel(town).join_link == "https://telegram.example/+supergroup"
    assert told(telegram, "group_a", "Für Sie gibt es den Kanal Unsere Gruppe") == 2


async def test_a_channel_that_is_given_up_is_left_alone(town: Town, telegram: Meeting) -> None:
    telegram.messenger.group("group", "coordination", "stranger")
    await adopt(telegram)
    await telegram.types("coordination", "/kanal")
    await telegram.presses("coordination", "Unsere Gruppe")
    await telegram.presses("coordination", "Kanal abgeben")
    await telegram.presses("coordination", "Ja, abgeben")
    tasks = len(telegram.messenger.tasks)
    await telegram.night()
    await telegram.comes("group_a", "group")
    assert len(telegram.messenger.tasks) == tasks
    assert town.all(ChannelMember) == []


async def test_a_group_for_announcements_is_for_everybody(town: Town, telegram: Meeting) -> None:
    telegram.messenger.group("group", "coordination", "second_coordination")
    await adopt(telegram, "Ankündigungen")
    assert the_channel(town).kind == "announcements" and the_channel(town).body_id is None
    assert told(telegram, "group_a", "Für Sie gibt es den Kanal") == 1
    assert len(telegram.messenger.done(BringIn)) == 2 and telegram.messenger.done(Furnish)


async def test_another_town_sees_and_moves_nothing(town: Town, telegram: Meeting) -> None:
    telegram.messenger.group("group", "coordination", "group_a")
    await adopt(telegram, "Kernteam")
    await telegram.comes("group_a", "group")
    assert "Unsere Gruppe" not in await telegram.types("neighbour", "/kanal")
    channel = the_channel(town)
    before = town.all(Channel) + town.all(ChannelMember), list(telegram.messenger.tasks)
    said = len(telegram.messenger.shown)
    for row in town.all(ChannelMember, channel_id=channel.id):
        at = int(row.since.timestamp())
        for action in (
            ShowDifference(row.id, at),
            *(Settle(row.id, at, way) for way in ("remove", "let_be", "bring", "admit")),
            ShowChannel(channel.id),
            CheckChannel(channel.id),
            Confide(channel.id, True, True),
            Confide(channel.id, False, True),
            Release(channel.id, True),
        ):
            await telegram.happens("neighbour", Press(pack(action)), message="1")
            assert "Unsere" not in telegram.toast_of("neighbour")
    assert (town.all(Channel) + town.all(ChannelMember), telegram.messenger.tasks) == before
    assert len(telegram.messenger.shown) == said


async def test_the_towns_file_says_who_is_removed_without_asking(
    town: Town, telegram: Meeting
) -> None:
    file = (DEMO / "ilmbrueck.yaml").read_text(encoding="utf-8")
    file += "\ngroups: {encrypted_rooms: false, remove_without_asking: {telegram: true}}\n"
    with town.db.begin() as tx:
        loading.load(tx, read_municipality(file), town.now)
    assert town.one(Municipality, slug="ilmbrueck").settings["encrypted_rooms"] is False
    room = telegram.messenger.group("group", "coordination", "second_coordination", "group_a")
    await adopt(telegram)
    await remove_from_roster(telegram)
    assert "group_a" not in room.members
