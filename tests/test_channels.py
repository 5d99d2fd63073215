"""The bot in groups: which body they are for, and who may bring it in."""

from __future__ import annotations

import pytest

from handlers.chat import MembershipChanged, PlaceMoved
from storage.models import Account, Body, Channel
from tests.messenger import Meeting
from tests.polling import close_poll, open_poll
from tests.world import Town


@pytest.fixture
def meeting(town: Town) -> Meeting:
    meeting = Meeting(town.db)
    meeting.link("coordination", "second_coordination", "group_a", "neighbour")
    return meeting


def bound(town: Town, place: str = "group") -> Channel | None:
    return next(iter(town.all(Channel, platform="messenger", external_id=place)), None)


async def test_a_group_is_bound_and_running_polls_appear_at_once(
    town: Town, meeting: Meeting
) -> None:
    await open_poll(town)
    meeting.now = town.now
    asked = await meeting.types("coordination", "/kanal", at="group", title="Unsere Gruppe")
    assert "Für welches Gremium" in asked
    said = await meeting.presses("coordination", "Steuerungsgruppe", at="group")
    assert "gehört jetzt zu: Steuerungsgruppe" in said and "1 laufende Abstimmung" in said
    board = meeting.at("group")[-1]
    assert board.pinned and board.board is not None and board.board.kind == "poll"
    assert "Klimaschutz und Energie" in board.text
    channel = bound(town)
    assert channel is not None and channel.confidentiality == "closed"


async def test_polls_of_another_body_do_not_appear(town: Town, meeting: Meeting) -> None:
    await open_poll(town)
    meeting.now = town.now
    await meeting.types("coordination", "/kanal", at="group")
    await meeting.presses("coordination", "Kernteam", at="group")
    assert all(shown.board is None for shown in meeting.at("group"))


async def test_a_binding_is_changed_only_after_asking_back(town: Town, meeting: Meeting) -> None:
    await meeting.types("coordination", "/kanal", at="group")
    await meeting.presses("coordination", "Kernteam", at="group")
    assert "gehört zu: Kernteam" in await meeting.types("coordination", "!channel", at="group")
    asked = await meeting.presses("coordination", "Steuerungsgruppe", at="group")
    assert "Soll er ab jetzt zu Steuerungsgruppe gehören" in asked
    assert "bleibt alles" in await meeting.presses("coordination", "So lassen", at="group")
    core_team = town.one(Body, kind="core_team", municipality_id=town.id)
    assert (channel := bound(town)) and channel.body_id == core_team.id
    await meeting.types("coordination", "/kanal", at="group")
    await meeting.presses("coordination", "Steuerungsgruppe", at="group")
    await meeting.presses("coordination", "Ja, ändern", at="group")
    assert (channel := bound(town)) and channel.body_id != core_team.id


async def test_only_coordination_binds(town: Town, meeting: Meeting) -> None:
    await meeting.types("group_a", "/kanal", at="group")
    assert meeting.at("group") == []
    assert "vorbehalten" in meeting.at("d-group_a")[-1].text
    await meeting.types("coordination", "/kanal", at="group")
    assert await meeting.presses("group_a", "Kernteam", at="group") == ""
    assert "vorbehalten" in meeting.toast_of("group_a")
    await meeting.types("stranger", "/kanal", at="group")
    assert meeting.at("group")[-1].text == "Bitte schreiben Sie mir dazu im direkten Chat."
    assert bound(town) is None


async def test_an_anonymous_administrator_is_refused(town: Town, meeting: Meeting) -> None:
    await meeting.types("coordination", "/kanal", at="group", anonymous=True)
    assert "direkten Chat" in meeting.at("group")[-1].text
    assert bound(town) is None


async def test_another_towns_group_is_refused_without_naming_it(
    town: Town, meeting: Meeting
) -> None:
    await meeting.types("coordination", "/kanal", at="group")
    await meeting.presses("coordination", "Kernteam", at="group")
    said = await meeting.types("neighbour", "/kanal", at="group")
    assert "Ilmbrück" not in said and "Kernteam" not in said
    assert await meeting.presses("neighbour", "Kernteam", at="group") == ""
    assert "Ilmbrück" not in meeting.toast_of("neighbour")
    assert (channel := bound(town)) and channel.municipality_id == town.id


async def test_in_the_direct_chat_the_command_explains_itself(town: Town, meeting: Meeting) -> None:
    assert "Schreiben Sie dort /kanal" in await meeting.types("coordination", "/kanal")


async def test_the_bot_enters_direct_chats_and_what_coordination_invites_it_to(
    meeting: Meeting,
) -> None:
    for who, place, done in (
        ("stranger", None, "enter"),
        ("stranger", "group-1", "leave"),
        ("group_a", "group-2", "leave"),
        ("coordination", "group-3", "enter"),
    ):
        await meeting.joins(who, "invited", place)
        assert [shown.kind for shown in meeting.at(place or f"d-{who}")] == [done], (who, place)


async def test_brought_by_coordination_it_says_what_to_do_and_by_others_it_leaves(
    meeting: Meeting,
) -> None:
    await meeting.joins("coordination", "joined", "group-1")
    assert "/kanal" in meeting.at("group-1")[0].text
    for place, who in (("group-2", "stranger"), ("group-3", "group_a")):
        await meeting.joins(who, "joined", place)
        said, left = meeting.at(place)
        assert "bleibe nur in Gruppen" in said.text and left.kind == "leave"


async def test_brought_back_into_its_group_by_a_member_it_waits_for_coordination(
    meeting: Meeting,
) -> None:
    await meeting.types("coordination", "/kanal", at="group")
    await meeting.presses("coordination", "Kernteam", at="group")
    await meeting.joins("group_a", "left", "group")
    before = len(meeting.at("group"))
    await meeting.joins("group_a", "joined", "group")
    assert len(meeting.at("group")) == before


async def test_other_peoples_comings_and_goings_are_their_own_affair(meeting: Meeting) -> None:
    await meeting.happens("group_a", MembershipChanged("joined"), "group")
    await meeting.happens("group_a", MembershipChanged("left"), "group")
    assert meeting.messenger.shown == []


async def test_coordination_is_told_once_when_the_bot_was_removed(
    town: Town, meeting: Meeting
) -> None:
    await meeting.types("coordination", "/kanal", at="group", title="Unsere Gruppe")
    await meeting.presses("coordination", "Kernteam", at="group", title="Unsere Gruppe")
    meeting.passes(minutes=5)
    await meeting.joins("group_a", "left", "group")
    await meeting.joins("group_a", "left", "group")
    for who in ("coordination", "second_coordination"):
        told = [s for s in meeting.at(f"d-{who}") if "Unsere Gruppe" in s.text]
        assert len(told) == 1 and "entfernt" in told[0].text
    assert meeting.at("d-group_a") == []
    assert (channel := bound(town)) and channel.lost_at == meeting.now


async def test_a_lost_channel_gets_nothing_until_it_is_bound_again(
    town: Town, meeting: Meeting
) -> None:
    await meeting.types("coordination", "/kanal", at="group")
    await meeting.presses("coordination", "Steuerungsgruppe", at="group")
    await meeting.joins("group_a", "left", "group")
    await meeting.joins("coordination", "joined", "group")
    assert (channel := bound(town)) and channel.lost_at is not None
    await open_poll(town)
    meeting.now = town.now
    await meeting.settle()
    assert all(shown.board is None for shown in meeting.at("group"))
    await meeting.types("coordination", "/kanal", at="group")
    await meeting.presses("coordination", "Steuerungsgruppe", at="group")
    assert (channel := bound(town)) and channel.lost_at is None
    assert meeting.at("group")[-1].board is not None


async def test_a_person_who_blocked_the_bot_is_not_written_to(town: Town, meeting: Meeting) -> None:
    await meeting.joins("group_a", "left", None)
    assert town.one(Account, external_id="group_a").reachable is False
    await meeting.types("group_a", "/start")
    assert town.one(Account, external_id="group_a").reachable is True


async def test_a_group_that_gets_a_new_id_stays_bound(town: Town, meeting: Meeting) -> None:
    await meeting.types("coordination", "/kanal", at="group")
    await meeting.presses("coordination", "Kernteam", at="group")
    await meeting.happens(None, PlaceMoved("supergroup"), "group")
    await meeting.happens(None, PlaceMoved("supergroup"), "group")
    assert bound(town) is None and bound(town, "supergroup") is not None
    said = await meeting.types("coordination", "/kanal", at="supergroup")
    assert "gehört zu: Kernteam" in said


async def test_a_board_is_unpinned_once_and_never_pinned_after_the_end(
    town: Town, meeting: Meeting
) -> None:
    await meeting.types("coordination", "/kanal", at="group")
    await meeting.presses("coordination", "Steuerungsgruppe", at="group")
    await open_poll(town)
    await meeting.settle()
    assert meeting.at("group")[-1].pinned
    await close_poll(town)
    meeting.passes(seconds=3)
    await meeting.settle()
    edits = [shown for shown in meeting.at("group") if shown.kind == "edit" and shown.board]
    assert [shown.unpinned for shown in edits] == [True] and "beendet" in edits[0].text
    before = len(meeting.at("group"))
    await open_poll(town)
    await close_poll(town)
    meeting.passes(seconds=3)
    await meeting.settle()
    late = [shown for shown in meeting.at("group")[before:] if shown.board is not None]
    assert late and not any(shown.pinned for shown in late), "it was over before it could be sent"
