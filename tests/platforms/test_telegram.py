"""Conversations on Telegram, through python-telegram-bot and a local Bot API server."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.platforms.telegram import CommandList
from storage.models import Account, Inbox
from tests.platforms import botapi
from tests.platforms.botapi import Server, buttons, shown
from tests.platforms.botapi.people import Person
from tests.platforms.botapi.town import ANNA, BERND, CLARA, WITHIN, Town, running
from tests.platforms.botapi.world import BOT_ID
from tests.platforms.webtown import counted


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    async with botapi.running() as server:
        yield server


@pytest.fixture
async def town(server: Server, tmp_path: Path) -> AsyncIterator[Town]:
    async with running(server, tmp_path / "town.db") as town:
        await asyncio.wait_for(town.telegram.caught_up.wait(), WITHIN)
        yield town


@pytest.fixture
def anna(town: Town) -> Person:
    return town.person(ANNA, "Anna Probe")


# --- words and buttons ------------------------------------------------------------------------


async def test_a_command_is_answered_in_the_direct_chat(anna: Person) -> None:
    anna.says("/sag Guten Tag")
    answer = await anna.reads("Guten Tag")
    assert [b["url"] for b in buttons(answer)] == ["https://example.org/"]
    assert answer["chat"]["id"] == ANNA


async def test_what_people_type_is_shown_as_they_typed_it(anna: Person) -> None:
    typed = "<b>5 < 6</b> & <script>alert('ü')</script> \"&lt;\" 🌳"
    anna.says(f"/sag {typed}")
    answer = await anna.reads("alert")
    assert answer["text"] == typed
    assert "entities" not in answer


async def test_a_press_is_counted_confirmed_and_shown_on_the_board(
    town: Town, anna: Person
) -> None:
    anna.says("/zaehlen")
    board = await anna.reads("Bisher gezählt: 0")
    await town.settled("sent")
    assert [b["text"] for b in buttons(board)] == ["Radweg ●", "Dach ●●"]
    anna.presses("Dach")
    assert await anna.toast() == {"text": "gespeichert: 2", "show_alert": False}
    with town.db.read() as tx:
        assert counted(tx) == 1
    town.pass_time(3)
    edited = await anna.reads("Bisher gezählt: 1")
    assert edited["message_id"] == board["message_id"]
    assert [b["text"] for b in buttons(edited)] == ["Radweg ●", "Dach ●●"]
    assert edited["photo"] != board.get("photo") or edited["edit_date"]


async def test_the_toast_comes_after_the_commit(town: Town, anna: Person, server: Server) -> None:
    anna.says("/zaehlen")
    await anna.reads("Bisher gezählt: 0")
    held = server.fault("hold", "answerCallbackQuery")
    anna.presses("Radweg")
    await asyncio.wait_for(held.reached.wait(), WITHIN)
    with town.db.read() as tx:
        assert counted(tx) == 1
    assert anna.user.toasts == []
    held.released.set()
    assert (await anna.toast())["text"] == "gespeichert: 1"


async def test_many_presses_become_one_edit(town: Town, anna: Person, server: Server) -> None:
    anna.says("/zaehlen")
    await anna.reads("Bisher gezählt: 0")
    await town.settled("sent")
    for _ in range(20):
        anna.presses("Radweg")
    await anna.toast(20)
    town.pass_time(3)
    await anna.reads("Bisher gezählt: 20")
    assert len(server.called("editMessageMedia")) == 1


async def test_a_press_of_an_unknown_button_stops_spinning_and_says_why(
    town: Town, anna: Person
) -> None:
    said = anna.says("/sag Hallo")
    await anna.reads("Hallo")
    town.server.world.press(anna.user, said, "old:button:of:another:version")
    toast = await anna.toast()
    assert toast["text"]


async def test_a_press_on_a_message_too_old_for_telegram_still_counts(
    town: Town, anna: Person
) -> None:
    anna.says("/zaehlen")
    await anna.reads("Bisher gezählt: 0")
    anna.presses("Dach", old=True)
    assert (await anna.toast())["text"] == "gespeichert: 2"


async def test_a_press_that_was_answered_too_late_is_no_trouble(
    town: Town, anna: Person, caplog: pytest.LogCaptureFixture
) -> None:
    anna.says("/zaehlen")
    await anna.reads("Bisher gezählt: 0")
    number = anna.presses("Dach")
    del town.server.world.queries[number]
    await town.server.world.until(lambda: town.server.called("answerCallbackQuery"), WITHIN)
    anna.says("/sag Weiter")
    await anna.reads("Weiter")
    with town.db.read() as tx:
        assert counted(tx) == 1
    assert not [r for r in caplog.records if r.levelno >= logging.WARNING]


async def test_the_page_of_a_card_is_turned_in_place(town: Town, anna: Person) -> None:
    anna.says("/blatt")
    first = await anna.reads("Blatt 1")
    assert "photo" in first
    before = first["photo"]
    anna.presses("Weiter")
    second = await anna.reads("Blatt 2")
    assert second["message_id"] == first["message_id"] and second["photo"] != before
    assert (await anna.toast())["text"] is None


async def test_a_card_without_its_picture_takes_the_place_of_one_with(
    town: Town, anna: Person
) -> None:
    anna.says("/bildundtext")
    first = await anna.reads("Bild")
    anna.presses("Text")
    second = await anna.reads("Nur Text")
    assert "photo" not in second
    await town.server.world.until(lambda: anna.sees() == [second], WITHIN)
    assert second["message_id"] != first["message_id"]


async def test_a_typed_number_presses_the_button(town: Town, anna: Person) -> None:
    anna.says("/zaehlen")
    await anna.reads("Bisher gezählt: 0")
    await town.settled("sent")
    anna.says("2")
    assert shown(await anna.reads("gespeichert: 2")) == "gespeichert: 2"


async def test_a_file_arrives_whole_and_the_bots_file_too(town: Town, anna: Person) -> None:
    anna.sends("Entwurf.pdf", b"%PDF-1.7 ...")
    answer = await anna.reads("Entwurf.pdf")
    name, mime, size, ref = shown(answer).split(" · ")
    assert (name, mime, size) == ("Entwurf.pdf", "application/pdf", "12")
    assert await town.telegram.fetch(ref) == b"%PDF-1.7 ..."
    with pytest.raises(KeyError):
        await town.telegram.fetch("no-such-file")
    anna.says("/akte")
    sent = await anna.reads("Die Übersicht")
    assert sent["document"]["file_name"] == "Übersicht.csv"
    assert await town.telegram.fetch(sent["document"]["file_id"]) == b"a;b\n1;2\n"


async def test_a_sticker_in_the_direct_chat_is_not_met_with_silence(
    town: Town, anna: Person
) -> None:
    sticker = {
        "file_id": "CAACAgIAAxkBAAI1", "file_unique_id": "AgAD1", "type": "regular",
        "width": 512, "height": 512, "is_animated": False, "is_video": False, "emoji": "👍",
    }  # fmt: skip
    anna.user.started = True
    chat = town.server.world.private(anna.user)
    said = town.server.world.post(chat, anna.user.json(), sticker=sticker)
    town.server.world.happened("message", said)
    await anna.reads("")


# --- lengths ----------------------------------------------------------------------------------


async def test_a_long_message_is_split_between_words_with_the_buttons_at_its_end(
    anna: Person,
) -> None:
    anna.says("/lang 900")
    last = await anna.reads("Wort-00899")
    messages = anna.sees()
    assert len(messages) == 3 and buttons(last)
    assert not any(buttons(m) for m in messages[:-1])
    words = " ".join(shown(m) for m in messages).split()
    assert words == ["Anfang", *(f"Wort-{n:05d}" for n in range(900))]


async def test_a_picture_with_long_words_comes_before_them(anna: Person) -> None:
    anna.says("/langbild 200")
    last = await anna.reads("Wort-00199")
    photo, text = anna.sees()
    assert photo["caption"] == "Ein Balken" and "photo" in photo and not buttons(photo)
    assert text is last and buttons(text)


async def test_a_picture_alone_says_what_it_shows(anna: Person) -> None:
    anna.says("/bild")
    photo = await anna.reads("Ein Balken")
    assert "photo" in photo and buttons(photo)


async def test_a_card_that_grows_beyond_one_message_goes_on_in_the_next(anna: Person) -> None:
    anna.says("/wort")
    first = await anna.reads("Wort-00000")
    anna.presses("Wachsen")
    last = await anna.reads("Wort-00899")
    messages = anna.sees()
    assert messages[0]["message_id"] == first["message_id"] and len(messages) == 3
    assert buttons(last) and not buttons(messages[0])


async def test_a_live_card_stays_one_message_however_long(anna: Person) -> None:
    anna.says("/langtafel 900")
    board = await anna.reads("Anfang")
    assert shown(board).endswith("…") and len(anna.sees()) == 1 and buttons(board)


async def test_a_file_with_many_words_is_followed_by_them(anna: Person) -> None:
    anna.says("/grossedatei 300")
    await anna.reads("wort wort")
    file, words = anna.sees()
    assert "document" in file and "caption" not in file and len(shown(words).split()) == 300


# --- groups -----------------------------------------------------------------------------------


async def test_the_bot_hears_in_a_group_what_is_meant_for_it(town: Town, anna: Person) -> None:
    group = town.server.group("Steuerungsgruppe", [anna])
    group.bot_becomes("administrator", anna)
    await anna.reads("joined Anna Probe Bot", group)
    anna.says("/sag@another_bot nichts", group)
    anna.says("Guten Morgen allerseits", group)
    anna.says(f"/sag@{town.server.username.upper()} für uns", group)
    await anna.reads("für uns", group)
    assert [shown(m) for m in anna.sees(group)] == ["joined Anna Probe Bot", "für uns"]


async def test_an_anonymous_administrator_is_refused(town: Town, anna: Person) -> None:
    group = town.server.group("Steuerungsgruppe", [anna], supergroup=True)
    group.bot_becomes("administrator", anna)
    await anna.reads("joined", group)
    town.bind(group)
    anna.says("/sag ich bin niemand", group, anonymously=True)
    await town.server.world.until(lambda: len(anna.sees(group)) == 2, WITHIN)
    assert not [m for m in anna.sees(group) if "niemand" in shown(m)]


async def test_coming_and_going_and_promotion_are_noticed(town: Town, anna: Person) -> None:
    bernd = town.person(BERND, "Bernd Probe")
    group = town.server.group("Steuerungsgruppe", [anna])
    group.bot_becomes("member", anna)
    await anna.reads("joined Anna Probe Bot", group)
    group.bot_becomes("administrator", anna)
    await anna.reads("promoted Anna Probe Bot", group)
    group.becomes(bernd, "member")
    await anna.reads("joined Bernd Probe", group)
    group.becomes(bernd, "restricted")
    group.becomes(bernd, "left")
    await anna.reads("left Bernd Probe", group)
    group.bot_becomes("member", anna)
    await anna.reads("demoted Anna Probe Bot", group)


async def test_a_board_in_a_group_is_pinned_where_the_bot_may(town: Town, anna: Person) -> None:
    group = town.server.group("Steuerungsgruppe", [anna])
    group.bot_becomes("administrator", anna)
    channel = town.bind(group)
    anna.says(f"/aushang {channel}", group)
    board = await anna.reads("Bisher gezählt", group)
    await town.server.world.until(lambda: group.chat.pinned, WITHIN)
    assert group.chat.pinned == [board["message_id"]]
    assert town.server.called("pinChatMessage")[0]["disable_notification"] is True
    other = board["message_id"] + 1000
    group.chat.pinned.append(other)
    anna.says("/vorbei")
    await town.server.world.until(lambda: group.chat.pinned == [other], WITHIN)


async def test_a_board_that_may_not_be_pinned_stands_all_the_same(
    town: Town, anna: Person, caplog: pytest.LogCaptureFixture
) -> None:
    group = town.server.group("Steuerungsgruppe", [anna])
    group.bot_becomes("member", anna)
    channel = town.bind(group)
    anna.says(f"/aushang {channel}", group)
    await anna.reads("Bisher gezählt", group)
    await town.settled("sent")
    assert "could not be pinned: Not enough rights to manage pinned messages" in caplog.text
    anna.says("/vorbei")
    said = "could not be unpinned: Not enough rights"
    await town.server.world.until(lambda: said in caplog.text, WITHIN)


async def test_the_bot_leaves_a_group_when_told(town: Town, anna: Person) -> None:
    group = town.server.group("Steuerungsgruppe", [anna])
    group.bot_becomes("member", anna)
    anna.says("/geh", group)
    await town.settled("sent")
    assert group.chat.members[BOT_ID] == "left"


@pytest.mark.parametrize("told", [True, False])
async def test_a_group_that_becomes_a_supergroup_is_followed(
    town: Town, anna: Person, told: bool
) -> None:
    group = town.server.group("Steuerungsgruppe", [anna])
    group.bot_becomes("administrator", anna)
    channel = town.bind(group)
    await anna.reads("joined", group)
    group.migrate(told)
    anna.says(f"/aushang {channel}", group if told else None)
    board = await anna.reads("Bisher gezählt", group)
    assert board["chat"]["id"] == group.id
    row = await town.settled("sent")
    assert row.place == str(group.id)


async def test_what_is_asked_in_a_topic_is_answered_there(
    town: Town, server: Server, anna: Person
) -> None:
    group = server.group("Steuerungsgruppe", [anna], supergroup=True)
    group.bot_becomes("administrator", anna)
    anna.says("/sag Im Thema", group, topic=7)
    answer = await anna.reads("Im Thema", group)
    assert answer["message_thread_id"] == 7
    anna.says("/sag Im Allgemeinen", group)
    assert "message_thread_id" not in await anna.reads("Im Allgemeinen", group)


# --- menus ------------------------------------------------------------------------------------


async def test_lists_of_commands_are_registered_for_each_language(
    server: Server, tmp_path: Path
) -> None:
    menus = [
        CommandList("direct", None, (("start", "Beginnen"),)),
        CommandList("direct", "en", (("start", "Begin"),)),
        CommandList("groups", None, (("kanal", "Hier ankündigen"),)),
    ]
    async with running(server, tmp_path / "town.db", menus=menus) as town:
        await asyncio.wait_for(town.telegram.caught_up.wait(), WITHIN)
        anna = town.person(ANNA, "Anna Probe")
        anna.says("/sag Hallo")
        await anna.reads("Hallo")
        for _ in range(2):
            await town.telegram.offer(str(ANNA), "de", [("abstimmung", "Vorbereiten")])
        await town.telegram.offer(str(CLARA), "de", [("abstimmung", "Vorbereiten")])
    commands = {
        scope: [c["command"] for c in given] for scope, given in server.world.commands.items()
    }
    assert commands == {
        ("all_private_chats", ""): ["start"],
        ("all_private_chats", "en"): ["start"],
        ("all_group_chats", ""): ["kanal"],
        (f"chat:{ANNA}", ""): ["abstimmung"],
    }
    assert len(server.called("setMyCommands")) == 5


async def test_an_invitation_link_opens_the_bot_with_its_code(town: Town, anna: Person) -> None:
    assert await town.telegram.check() == f"@{town.server.username}"
    link = town.telegram.link("Ab_3-x")
    assert link == f"https://t.me/{town.server.username}?start=Ab_3-x"
    opening = town.telegram.capabilities.public_link
    assert opening == f"https://t.me/{town.server.username}?start={{code}}"
    with pytest.raises(ValueError, match="1-64"):
        town.telegram.link("ein Code")


# --- reach ------------------------------------------------------------------------------------


async def test_somebody_who_blocked_the_bot_is_known_as_unreachable(
    town: Town, anna: Person
) -> None:
    anna.says("/sag Hallo")
    await anna.reads("Hallo")
    held = town.server.fault("hold", "sendMessage")
    anna.says("/sag Noch da?")
    await asyncio.wait_for(held.reached.wait(), WITHIN)
    anna.user.blocked = True
    held.released.set()
    row = await town.settled("failed")
    assert row.error == "Forbidden" or "blocked" in (row.error or "")
    accounts = {a.external_id: a.reachable for a in town.rows(Account)}
    assert accounts == {str(ANNA): False, str(BERND): True}


async def test_updates_leave_nothing_of_what_was_said_in_the_inbox(
    town: Town, anna: Person
) -> None:
    anna.says("/sag ganz geheim")
    await anna.reads("ganz geheim")
    rows = town.rows(Inbox)
    assert rows and "geheim" not in json.dumps([r.model_dump(mode="json") for r in rows])
