"""Conversations with the bot on a real homeserver, by people with encrypting clients."""

from __future__ import annotations

from pathlib import Path

import pytest
from nio import RoomPreset

from tests.platforms.matrix.synapse import Synapse, online, synapse
from tests.platforms.matrix.town import Town, running
from tests.platforms.webtown import counted

__all__ = ["synapse"]

pytestmark = pytest.mark.synapse


# --- talking ----------------------------------------------------------------------------------


async def test_an_encrypted_direct_chat_is_answered_by_number(
    synapse: Synapse, tmp_path: Path
) -> None:
    bot, login = synapse.user("gnk-bot"), synapse.user("anna")
    async with running(tmp_path, bot) as town, online(login, tmp_path / "anna") as anna:
        room = await anna.chats_with(bot.user_id)
        await anna.says(room, "zaehlen")
        card = await anna.sees("Bisher gezählt: 0")
        assert card.encrypted
        assert card.text.endswith("1 Radweg ●\n2 Dach ●●\n\nAntworten Sie mit der Nummer.")
        await anna.says(room, "2")
        assert (await anna.sees("gespeichert: 2")).encrypted
        town.pass_time(3)
        changed = await anna.sees("Bisher gezählt: 1")
        assert changed.changes == card.id
        await anna.replies(card, "1")
        await anna.sees("gespeichert: 1")
        await anna.reacts(card, "2️⃣")
        await anna.sees("gespeichert: 2")
        assert anna.unreadable == 0


async def test_in_a_room_the_bot_speaks_when_it_is_spoken_to(
    synapse: Synapse, tmp_path: Path
) -> None:
    bot, login = synapse.user("gnk-bot"), synapse.user("anna")
    async with running(tmp_path, bot), online(login, tmp_path / "anna") as anna:
        room = await anna.opens("Steuerungsgruppe", invite=(bot.user_id,))
        await anna.meets(bot.user_id, room)
        for ignored in ("sag nichts", "1", "/sag ja doch", "Guten Tag zusammen"):
            message = await anna.says(room, ignored)
        await anna.sees("ja doch")
        await anna.says(
            room,
            "* !sag geändert",
            **{
                "m.new_content": {"msgtype": "m.text", "body": "!sag geändert"},
                "m.relates_to": {"rel_type": "m.replace", "event_id": message},
            },
        )
        await anna.sends(room, {"msgtype": "m.notice", "body": "!sag ein anderer Bot"})
        await anna.says(room, "!sag Guten Tag")
        said = await anna.sees("Guten Tag")
        assert not said.encrypted
        assert said.text == "Guten Tag\n\nMehr: https://example.org/"
        assert '<a href="https://example.org/">Mehr</a>' in said.html
        await anna.says(room, "gnk-bot: !sag mit Namen")
        await anna.sees("mit Namen")
        # What was to be ignored would have come before.
        assert len(anna.heard) == 3


async def test_in_a_room_a_card_is_answered_by_a_reply_or_a_reaction(
    synapse: Synapse, tmp_path: Path
) -> None:
    bot, login = synapse.user("gnk-bot"), synapse.user("anna")
    async with running(tmp_path, bot) as town, online(login, tmp_path / "anna") as anna:
        room = await anna.opens("Steuerungsgruppe", invite=(bot.user_id,), encrypted=True)
        await anna.meets(bot.user_id, room)
        await anna.says(room, "!viel 20")
        card = await anna.sees("Ende")
        assert card.text.endswith("Antworten Sie auf diese Nachricht mit der 1.")
        await anna.says(room, "1")
        await anna.reacts(card, "👍")
        assert _counted(town) == 0
        await anna.replies(card, "1")
        await town.until(lambda: _counted(town) == 1)
        await anna.reacts(card, "1️⃣")
        await town.until(lambda: _counted(town) == 2)
        # What was chosen is not said where others read it.
        await anna.says(room, "!sag fertig")
        await anna.sees("fertig")
        assert anna.saw("gespeichert") == 0


def _counted(town: Town) -> int:
    with town.db.read() as tx:
        return counted(tx)


async def test_what_people_type_is_shown_and_never_run(synapse: Synapse, tmp_path: Path) -> None:
    bot, login = synapse.user("gnk-bot"), synapse.user("anna")
    async with running(tmp_path, bot), online(login, tmp_path / "anna") as anna:
        room = await anna.chats_with(bot.user_id)
        nasty = '<script>alert(1)</script> <a href="https://example.org">x</a> **fett** @room &amp;'
        await anna.says(room, f"/sag {nasty}")
        said = await anna.sees("alert(1)")
        assert said.text.startswith(nasty)
        assert said.html.startswith("&lt;script&gt;alert(1)&lt;/script&gt; &lt;a href=")
        assert "**fett** @room &amp;amp;" in said.html and "<b>" not in said.html
        assert said.content["m.mentions"] == {}


async def test_a_long_card_becomes_several_messages_with_the_choices_last(
    synapse: Synapse, tmp_path: Path
) -> None:
    bot, login = synapse.user("gnk-bot"), synapse.user("anna")
    async with running(tmp_path, bot), online(login, tmp_path / "anna") as anna:
        room = await anna.chats_with(bot.user_id)
        await anna.says(room, "!viel 60000")
        last = await anna.sees("Antworten Sie mit der 1.")
        assert 3 <= len(anna.heard) < 10
        whole = "\n\n".join(h.text for h in anna.heard)
        assert whole.count("Wort & <b>") == pytest.approx(60000 / 11, abs=30)
        await anna.says(room, "1")
        await anna.sees("gespeichert: 1")
        await anna.replies(last, "1")
        await anna.sees("gespeichert: 1")


# --- pictures, files, pins ----------------------------------------------------------------------


@pytest.mark.parametrize("encrypted", [True, False], ids=["encrypted", "plain"])
async def test_files_go_both_ways(synapse: Synapse, tmp_path: Path, encrypted: bool) -> None:
    bot, login = synapse.user("gnk-bot"), synapse.user("anna")
    async with running(tmp_path, bot) as town, online(login, tmp_path / "anna") as anna:
        room = await anna.chats_with(bot.user_id, encrypted=encrypted)
        await anna.says(room, "akte")
        got = await anna.sees("Die Übersicht")
        assert got.content["filename"] == "Übersicht.csv" and got.content["msgtype"] == "m.file"
        assert ("file" in got.content) is encrypted
        assert await anna.opens_file(got) == b"a;b\n1;2\n"
        await anna.uploads(room, "Entwurf.odt", b"\x00Entwurf" * 500, "application/x-test")
        said = (await anna.sees("Entwurf.odt")).text
        name, mime, size, ref = said.split(" · ")
        assert (name, mime, size) == ("Entwurf.odt", "application/x-test", "4000")
        assert await town.matrix.fetch(ref) == b"\x00Entwurf" * 500
        with pytest.raises(KeyError):
            await town.matrix.fetch('{"url":"mxc://gnk.test/AAAAAAAAAAAAAAAAAAAAAAAA"}')


async def test_a_picture_has_its_alternative_and_changes_with_the_card(
    synapse: Synapse, tmp_path: Path
) -> None:
    bot, login = synapse.user("gnk-bot"), synapse.user("anna")
    async with running(tmp_path, bot) as town, online(login, tmp_path / "anna") as anna:
        room = await anna.chats_with(bot.user_id)
        await anna.says(room, "zaehlen")
        picture = await anna.sees("Balken mit 0")
        assert picture.content["msgtype"] == "m.image" and picture.content["info"]["w"] == 1
        assert (await anna.opens_file(picture)).startswith(b"\x89PNG")
        await town.until(lambda: set(town.counts()) == {"sent"})
        await anna.says(room, "1")
        town.pass_time(3)
        assert (await anna.sees("Balken mit 1")).changes == picture.id


async def test_cards_are_pinned_where_the_bot_may(synapse: Synapse, tmp_path: Path) -> None:
    bot, login = synapse.user("gnk-bot"), synapse.user("anna")
    async with running(tmp_path, bot) as town, online(login, tmp_path / "anna") as anna:
        room = await anna.chats_with(bot.user_id)
        await anna.says(room, "zaehlen")
        await anna.sees("Bisher gezählt")
        levels = await anna.state(room, "m.room.power_levels")
        await anna.client.room_put_state(
            room, "m.room.power_levels", {**levels, "users_default": 50}
        )
        await anna.client.room_put_state(room, "m.room.pinned_events", {"pinned": ["$other"]})
        await anna.says(room, "zaehlen")
        card = await anna.sees("Bisher gezählt")
        await anna.says(room, "/sag danach")
        await anna.sees("danach")
        pinned = await anna.state(room, "m.room.pinned_events")
        assert pinned["pinned"] == ["$other", card.id]
        for said in ("vorbei", "/sag vorbei"):
            await anna.says(room, said)
        await anna.sees("vorbei")
        town.pass_time(3)
        await town.until(lambda: not town.to_unpin())
        pinned = await anna.state(room, "m.room.pinned_events")
        assert pinned["pinned"] == ["$other"]


# --- coming and going ---------------------------------------------------------------------------


async def test_invitations_are_accepted_or_declined_as_the_handlers_decide(
    synapse: Synapse, tmp_path: Path
) -> None:
    bot, login = synapse.user("gnk-bot"), synapse.user("anna")
    async with running(tmp_path, bot) as town, online(login, tmp_path / "anna") as anna:
        yes = await anna.opens("Kernteam", invite=(bot.user_id,))
        await anna.meets(bot.user_id, yes)
        no = await anna.opens("Nein danke", invite=(bot.user_id,))
        await anna.misses(bot.user_id, no)
        chat = await anna.chats_with(bot.user_id)
        assert town.noted() == [
            f"invited bot {anna.id} channel Kernteam",
            f"invited bot {anna.id} channel Nein danke",
            f"invited bot {anna.id} direct ",
        ]
        await anna.says(chat, "sag da")
        await anna.sees("da")


async def test_a_direct_chat_with_a_third_person_is_none_any_more(
    synapse: Synapse, tmp_path: Path
) -> None:
    bot, login, third = (synapse.user(n) for n in ("gnk-bot", "anna", "jemand"))
    async with running(tmp_path, bot), online(login, tmp_path / "anna") as anna:
        chat = await anna.chats_with(bot.user_id)
        await anna.says(chat, "sag unter uns")
        await anna.sees("unter uns")
        await anna.invites(third.user_id, chat)
        await anna.says(chat, "sag vor anderen")
        await anna.says(chat, "!sag laut")
        await anna.sees("laut")
        await anna.client.room_kick(chat, third.user_id)
        await anna.says(chat, "sag wieder unter uns")
        await anna.says(chat, "!sag noch lauter")
        await anna.sees("noch lauter")
        assert anna.saw("vor anderen") == 0 and anna.saw("wieder") == 0


async def test_being_thrown_out_is_noticed_and_nothing_is_sent_there(
    synapse: Synapse, tmp_path: Path
) -> None:
    bot, login = synapse.user("gnk-bot"), synapse.user("anna")
    async with running(tmp_path, bot) as town, online(login, tmp_path / "anna") as anna:
        room = await anna.opens("Kernteam", invite=(bot.user_id,), encrypted=True)
        await anna.meets(bot.user_id, room)
        await anna.says(room, "!sag erst")
        await anna.sees("erst")
        for _ in range(3):
            await anna.says(room, "!sag zuletzt")
        await anna.client.room_kick(room, bot.user_id)
        await town.until(lambda: f"left bot {anna.id} channel Kernteam" in town.noted())
        await town.until(lambda: set(town.counts()) <= {"sent", "failed"})
        await anna.invites(bot.user_id, room)
        await anna.meets(bot.user_id, room)
        await anna.says(room, "!sag wieder da")
        await anna.sees("wieder da")


async def test_a_replaced_room_is_followed_as_soon_as_it_may_be_entered(
    synapse: Synapse, tmp_path: Path
) -> None:
    bot, login = synapse.user("gnk-bot"), synapse.user("anna")
    async with running(tmp_path, bot) as town, online(login, tmp_path / "anna") as anna:
        old = await anna.opens("Kernteam", invite=(bot.user_id,))
        await anna.meets(bot.user_id, old)
        # It may be entered by invitation only, which comes later.
        new = await anna.opens(
            "Kernteam", predecessor={"room_id": old, "event_id": "$last"}, room_version="12"
        )
        moved = {"replacement_room": new, "body": "umgezogen"}
        await anna.client.room_put_state(old, "m.room.tombstone", moved)
        await anna.says(old, "!sag noch hier")
        await anna.sees("noch hier")
        assert not [n for n in town.noted() if "moved" in n]
        await anna.invites(bot.user_id, new)
        await anna.meets(bot.user_id, new)
        await town.until(lambda: f"moved {new}" in town.noted())
        await anna.says(new, "!sag angekommen")
        assert (await anna.sees("angekommen")).room == new


async def test_a_room_that_does_not_follow_another_does_not_take_its_place(
    synapse: Synapse, tmp_path: Path
) -> None:
    bot, login = synapse.user("gnk-bot"), synapse.user("anna")
    async with running(tmp_path, bot) as town, online(login, tmp_path / "anna") as anna:
        old = await anna.opens("Kernteam", invite=(bot.user_id,))
        await anna.meets(bot.user_id, old)
        other = await anna.opens("Falle", preset=RoomPreset.public_chat)
        trap = {"replacement_room": other, "body": "umgezogen"}
        await anna.client.room_put_state(old, "m.room.tombstone", trap)
        await anna.says(old, "!sag noch hier")
        assert (await anna.sees("noch hier")).room == old
        await anna.misses(bot.user_id, other)
        assert not [n for n in town.noted() if "moved" in n]


async def test_what_is_asked_in_a_thread_is_answered_there(
    synapse: Synapse, tmp_path: Path
) -> None:
    bot, login = synapse.user("gnk-bot"), synapse.user("anna")
    async with running(tmp_path, bot), online(login, tmp_path / "anna") as anna:
        for encrypted in (False, True):
            room = await anna.opens("Gruppe", encrypted=encrypted, invite=(bot.user_id,))
            await anna.meets(bot.user_id, room)
            root = await anna.says(room, "Worum geht es?")
            thread = {"rel_type": "m.thread", "event_id": root}
            await anna.says(room, "!sag Im Faden", **{"m.relates_to": thread})
            answer = await anna.sees("Im Faden")
            relation = answer.content["m.relates_to"]
            assert (relation["rel_type"], relation["event_id"]) == ("m.thread", root)
            await anna.says(room, "!sag Daneben")
            assert "m.relates_to" not in (await anna.sees("Daneben")).content
