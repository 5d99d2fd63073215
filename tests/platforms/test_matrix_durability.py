"""What the bot must not lose, say twice or keep to itself, on a real homeserver."""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from bot.platforms import Delivery, Outcome
from bot.platforms.matrix import Login, Matrix, NotAccepted, StoreLost, log_in
from storage import inbox, remembered
from storage.db import Database
from storage.inbox import Arrival
from storage.models import Outbox
from tests.platforms.matrix.between import between
from tests.platforms.matrix.synapse import NAME, PASSWORD, Member, Synapse, online, synapse
from tests.platforms.matrix.town import WITHIN, Town, running

__all__ = ["synapse"]

pytestmark = pytest.mark.synapse


async def quiet(town: Town) -> None:
    """Wait until everything is said."""
    await town.until(lambda: set(town.counts()) <= {"sent"})


# --- down and up again ---------------------------------------------------------------------------


async def test_all_that_was_said_while_the_bot_was_down_is_answered_in_order(
    synapse: Synapse, tmp_path: Path
) -> None:
    bot, login = synapse.user("gnk-bot"), synapse.user("anna")
    async with online(login, tmp_path / "anna") as anna:
        async with running(tmp_path, bot):
            room = await anna.chats_with(bot.user_id, encrypted=False)
            await anna.says(room, "sag erst")
            await anna.sees("erst")
        for number in range(150):
            await anna.says(room, f"merke {number}")
        await anna.says(room, "sag fertig")
        async with running(tmp_path, bot) as town:
            await anna.sees("fertig")
            assert town.kept() == [str(number) for number in range(150)]


async def test_the_first_sync_answers_nothing_old_but_accepts_invitations(
    synapse: Synapse, tmp_path: Path
) -> None:
    bot, login = synapse.user("gnk-bot"), synapse.user("anna")
    async with online(login, tmp_path / "anna") as anna:
        async with running(tmp_path / "before", bot):
            room = await anna.chats_with(bot.user_id, encrypted=False)
        await anna.says(room, "sag alt")
        invited = await anna.opens("Kernteam", invite=(bot.user_id,))
        await anna.says(invited, "!sag seit der Einladung")
        # The device stays, all that was remembered is gone.
        shutil.copytree(tmp_path / "before" / "store", tmp_path / "store")
        async with running(tmp_path, bot):
            await anna.meets(bot.user_id, invited)
            await anna.sees("seit der Einladung")
            await anna.says(room, "sag neu")
            await anna.sees("neu")
        assert anna.saw("alt") == 0


async def test_what_was_said_before_the_invitation_is_not_answered(
    synapse: Synapse, tmp_path: Path
) -> None:
    bot, login = synapse.user("gnk-bot"), synapse.user("anna")
    async with running(tmp_path, bot), online(login, tmp_path / "anna") as anna:
        room = await anna.opens("Kernteam")
        for _ in range(8):
            await asyncio.gather(*(anna.says(room, f"!sag früher {n}") for n in range(14)))
        await anna.invites(bot.user_id, room)
        await anna.says(room, "!sag seither")
        await anna.meets(bot.user_id, room)
        await anna.sees("seither")
        await anna.says(room, "!sag jetzt")
        await anna.sees("jetzt")
        assert len(anna.heard) == 2


async def test_after_a_restart_both_sides_still_understand_each_other(
    synapse: Synapse, tmp_path: Path
) -> None:
    bot, login = synapse.user("gnk-bot"), synapse.user("anna")
    async with online(login, tmp_path / "anna") as anna:
        async with running(tmp_path, bot) as town:
            room = await anna.chats_with(bot.user_id)
            await anna.says(room, "zaehlen")
            card = await anna.sees("Bisher gezählt: 0")
            await quiet(town)
        await anna.says(room, "2")
        async with running(tmp_path, bot) as town:
            assert (await anna.sees("gespeichert: 2")).encrypted
            town.pass_time(3)
            assert (await anna.sees("Bisher gezählt: 1")).changes == card.id
        assert anna.unreadable == 0


async def test_killed_between_inbox_and_token_nothing_is_lost_or_done_twice(
    synapse: Synapse, tmp_path: Path
) -> None:
    bot, login = synapse.user("gnk-bot"), synapse.user("anna")
    async with online(login, tmp_path / "anna") as anna:
        async with running(tmp_path, bot) as town:
            room = await anna.chats_with(bot.user_id)
            await anna.says(room, "zaehlen")
            await anna.sees("Bisher gezählt: 0")
            await quiet(town)
        for _ in range(3):
            await anna.says(room, "1")
        await _killed_in_receive(tmp_path, bot, after_commit=True)
        await anna.says(room, "2")
        await _killed_in_receive(tmp_path, bot, after_commit=False)
        async with running(tmp_path, bot) as town:
            await anna.sees("gespeichert: 2")
            town.pass_time(3)
            await anna.sees("Bisher gezählt: 4")
        assert anna.saw("gespeichert: 1") == 3 and anna.saw("gespeichert: 2") == 1


async def _killed_in_receive(folder: Path, bot: Login, *, after_commit: bool) -> None:
    """Run the bot until it hands something in, and end it there, as SIGKILL would."""
    db = Database(f"sqlite:///{folder / 'bot.sqlite3'}")
    matrix = Matrix(db, lambda: datetime.now(UTC), bot, store=folder / "store")
    reached = asyncio.Event()

    async def receive(platform: str, arrivals: Iterable[Arrival]) -> int:
        kept = list(arrivals)
        if after_commit:
            await db.write(lambda tx: inbox.put(tx, platform, kept, datetime.now(UTC)))
        reached.set()
        await asyncio.Event().wait()
        return 0

    running_it = asyncio.create_task(matrix.run(receive))
    await asyncio.wait_for(reached.wait(), WITHIN)
    running_it.cancel()
    with suppress(asyncio.CancelledError):
        await running_it
    await matrix.close()
    db.close()


class Dying(Matrix):
    """Sends what it is given, and never gets to say so."""

    async def deliver(self, delivery: Delivery) -> Outcome:
        outcome = await super().deliver(delivery)
        if delivery.kind != "enter":
            await asyncio.Event().wait()
        return outcome


async def test_killed_between_sending_and_settling_nothing_is_said_twice(
    synapse: Synapse, tmp_path: Path
) -> None:
    bot, login = synapse.user("gnk-bot"), synapse.user("anna")
    async with online(login, tmp_path / "anna") as anna:
        async with running(tmp_path, bot, of=Dying) as town:
            for command, answer in (("zaehlen", "Bisher gezählt"), ("akte", "Die Übersicht")):
                room = await anna.chats_with(bot.user_id)
                await anna.says(room, command)
                await anna.sees(answer)
            await town.until(lambda: town.counts().get("sending") == 2)
        before = len(anna.heard)
        async with running(tmp_path, bot) as town:
            await anna.says(room, "sag danach")
            await anna.sees("danach")
            await quiet(town)
        assert len(anna.heard) == before + 1


# --- a bad line ----------------------------------------------------------------------------------


async def test_when_the_answer_to_a_message_is_lost_it_is_not_said_twice(
    synapse: Synapse, tmp_path: Path
) -> None:
    bot, login = synapse.user("gnk-bot"), synapse.user("anna")
    async with between(synapse.address) as line, online(login, tmp_path / "anna") as anna:
        by_line = Login(line.address, bot.user_id, bot.access_token, bot.device_id)
        async with running(tmp_path, by_line) as town:
            room = await anna.chats_with(bot.user_id)
            lost: list[str] = []

            def lose(method: str, path: str) -> str | None:
                if "/send/m.room.encrypted/" not in path:
                    return None
                lost.append(path)
                return "lose answer"

            line.accident = lose
            await anna.says(room, "sag einmal")
            await anna.sees("einmal")
            await town.until(lambda: town.counts().get("queued") == 1)
            line.accident = lambda method, path: None
            town.pass_time(20)
            await quiet(town)
            assert len(set(lost)) == 1 and line.seen.count(("PUT", lost[0])) > len(lost)
            await anna.says(room, "sag danach")
            await anna.sees("danach")
        assert anna.saw("einmal") == 1


async def test_an_outage_is_survived_without_a_storm_of_requests(
    synapse: Synapse, tmp_path: Path
) -> None:
    bot, login = synapse.user("gnk-bot"), synapse.user("anna")
    async with between(synapse.address) as line, online(login, tmp_path / "anna") as anna:
        by_line = Login(line.address, bot.user_id, bot.access_token, bot.device_id)
        async with running(tmp_path, by_line):
            room = await anna.chats_with(bot.user_id)
            line.accident = lambda method, path: "down"
            await anna.says(room, "sag trotzdem")
            line.seen.clear()
            await asyncio.sleep(2)
            assert 1 <= len(line.seen) <= 4
            line.accident = lambda method, path: None
            await anna.sees("trotzdem")


async def test_a_short_pause_that_the_server_asks_for_is_kept(
    synapse: Synapse, tmp_path: Path
) -> None:
    bot, login = synapse.limited_user("gnk-bot"), synapse.user("anna")
    async with running(tmp_path, bot) as town, online(login, tmp_path / "anna") as anna:
        room = await anna.chats_with(bot.user_id)
        await anna.says(room, "!strophe 6 Nr.")
        await anna.sees("Nr. 6")
        await quiet(town)
        with town.db.read() as tx:
            assert {row.attempts for row in tx.exec(select(Outbox))} == {1}
        assert [h.text for h in anna.heard] == [f"Nr. {n}" for n in range(1, 7)]


async def test_a_long_pause_goes_back_to_the_outbox(synapse: Synapse, tmp_path: Path) -> None:
    bot, login = synapse.user("gnk-bot"), synapse.user("anna")
    async with between(synapse.address) as line, online(login, tmp_path / "anna") as anna:
        by_line = Login(line.address, bot.user_id, bot.access_token, bot.device_id)
        async with running(tmp_path, by_line) as town:
            room = await anna.chats_with(bot.user_id)
            line.accident = lambda method, path: "too much" if "/send/m.room" in path else None
            await anna.says(room, "sag später")
            await town.until(lambda: line.count("/send/m.room") == 1)
            await town.until(lambda: town.counts().get("queued") == 1)
            line.accident = lambda method, path: None
            town.pass_time(50)
            await asyncio.sleep(0.3)
            assert line.count("/send/m.room") == 1
            town.pass_time(11)
            await anna.sees("später")


async def test_malformed_events_are_put_aside_and_in_nobodys_way(
    synapse: Synapse, tmp_path: Path
) -> None:
    bot, login = synapse.user("gnk-bot"), synapse.user("anna")
    async with between(synapse.address) as line, online(login, tmp_path / "anna") as anna:
        by_line = Login(line.address, bot.user_id, bot.access_token, bot.device_id)
        async with running(tmp_path, by_line) as town:
            room = await anna.chats_with(bot.user_id)
            line.changed = lambda path, body: _spoiled(body, bot) if "/sync" in path else body
            await anna.says(room, "sag trotzdem")
            await anna.sees("trotzdem")
            with town.db.read() as tx:
                errors = [error for _, _, _, error in inbox.quarantined(tx)]
            assert len(errors) >= 4 and all(e.startswith("a malformed event") for e in errors)


def _spoiled(body: bytes, bot: Login) -> bytes:
    """A sync's answer with what no homeserver should let through."""
    sync = json.loads(body)
    rooms = sync.setdefault("rooms", {})
    for part in rooms.get("join", {}).values():
        bad = {"type": "m.room.message", "event_id": "$bad", "sender": "@x:y", "content": {
            "msgtype": "m.text", "body": 5}, "origin_server_ts": 1}  # fmt: skip
        part["timeline"]["events"] = ["nonsense", {"type": 5}, bad, *part["timeline"]["events"]]
    member = {"type": "m.room.member", "sender": "@x:y"}
    rooms.setdefault("invite", {})["!bad:y"] = {"invite_state": {"events": [
        {**member, "state_key": "@z:y", "content": "nonsense"},
        {**member, "state_key": bot.user_id, "content": {"membership": "invite"}},
    ]}}  # fmt: skip
    return json.dumps(sync).encode()


# --- keys ----------------------------------------------------------------------------------------


async def test_a_message_whose_key_comes_late_is_answered_once(
    synapse: Synapse, tmp_path: Path
) -> None:
    bot, login = synapse.user("gnk-bot"), synapse.user("anna")
    async with running(tmp_path, bot) as town, online(login, tmp_path / "anna") as anna:
        room = await anna.chats_with(bot.user_id)
        key = await _withheld_key(anna, room)
        await anna.says(room, "sag spät")

        def put_aside() -> list[str]:
            with town.db.read() as tx:
                return [error for _, _, _, error in inbox.quarantined(tx)]

        await town.until(lambda: put_aside() == [
            "cannot be decrypted: its key has not arrived yet"
        ])  # fmt: skip
        town.pass_time(60)
        await anna.says(room, "sag auch spät")
        await anna.sees("Bitte schreiben Sie sie noch einmal")
        await anna.brings(key)
        await anna.sees("spät")
        await anna.sees("auch spät")
        await town.until(lambda: put_aside() == [])
        assert anna.saw("spät") == 2


async def _withheld_key(anna: Member, room: str) -> dict[str, Any]:
    """Make the key for a room, but keep it from the bot: what would bring it."""
    client = anna.client
    await client.joined_members(room)
    if client.should_query_keys:
        await client.keys_query()
    await client.keys_claim(client.get_missing_sessions(room))
    shares = client.olm.share_group_session_parallel(
        room, list(client.rooms[room].users), ignore_unverified_devices=True
    )
    [(shared_with, messages)] = list(shares)
    session = client.olm.outbound_group_sessions[room]
    session.users_shared_with.update(shared_with)
    session.shared = True

    return dict(messages)


async def test_a_start_that_ended_while_keys_were_published_is_finished_by_the_next(
    synapse: Synapse, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bot, login = synapse.user("gnk-bot"), synapse.user("anna")
    async with between(synapse.address) as line, online(login, tmp_path / "anna") as anna:
        by_line = Login(line.address, bot.user_id, bot.access_token, bot.device_id)
        line.accident = lambda method, path: "lose answer" if "/keys/upload" in path else None
        async with running(tmp_path, by_line, synced=False) as town:
            await town.until(lambda: line.count("/keys/upload") > 0)
        async with running(tmp_path, bot):
            room = await anna.chats_with(bot.user_id)
            await anna.says(room, "sag verstanden")
            assert (await anna.sees("verstanden")).encrypted
    assert "refuses this device's keys" not in caplog.text


async def test_a_lost_store_is_told_and_nothing_is_overwritten(
    synapse: Synapse, tmp_path: Path
) -> None:
    bot = synapse.user("gnk-bot")
    async with running(tmp_path, bot):
        pass
    shutil.move(tmp_path / "store", tmp_path / "kept")
    db = Database(f"sqlite:///{tmp_path / 'bot.sqlite3'}")
    matrix = Matrix(db, lambda: datetime.now(UTC), bot, store=tmp_path / "store")
    with pytest.raises(StoreLost, match="put the store back from the backup, or log the bot in"):
        await asyncio.wait_for(matrix.run(_never), WITHIN)
    await matrix.close()
    db.close()
    shutil.rmtree(tmp_path / "store")
    shutil.move(tmp_path / "kept", tmp_path / "store")
    async with running(tmp_path, bot):
        pass


async def _never(platform: str, arrivals: Iterable[Arrival]) -> int:
    raise AssertionError("nothing should have come")


# --- the login -----------------------------------------------------------------------------------


async def test_a_revoked_token_ends_it_loudly_and_without_a_storm(
    synapse: Synapse, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bot, login = synapse.user("gnk-bot"), synapse.user("anna")
    async with between(synapse.address) as line, online(login, tmp_path / "anna") as anna:
        by_line = Login(line.address, bot.user_id, bot.access_token, bot.device_id)
        async with running(tmp_path, by_line) as town:
            room = await anna.chats_with(bot.user_id)
            line.seen.clear()
            synapse.log_out(bot)
            await anna.says(room, "sag etwas")
            await town.until(town.tasks["matrix"].done)
            assert len(line.seen) < 5
            with pytest.raises(NotAccepted):
                await town.tasks.pop("matrix")
    assert "does not accept the bot's access token any more: log the bot in again" in caplog.text
    with pytest.raises(NotAccepted, match="log the bot in again"):
        await _checked(tmp_path, bot)


async def test_the_token_stands_in_no_log_and_in_no_error(
    synapse: Synapse, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    bot, login = synapse.user("gnk-bot"), synapse.user("anna")
    async with between(synapse.address) as line:
        by_line = Login(line.address, bot.user_id, bot.access_token, bot.device_id)
        assert bot.access_token not in repr(by_line)
        async with running(tmp_path, by_line), online(login, tmp_path / "anna") as anna:
            room = await anna.chats_with(bot.user_id)
            await anna.says(room, "akte")
            await anna.sees("Die Übersicht")
            line.accident = lambda method, path: "down"
            await asyncio.sleep(0.5)
    assert caplog.records and bot.access_token not in caplog.text
    assert bot.access_token.encode() not in (tmp_path / "bot.sqlite3").read_bytes()


async def test_logging_in_makes_a_device_and_says_what_is_wrong(
    synapse: Synapse, tmp_path: Path
) -> None:
    user = synapse.user("gnk-bot").user_id
    login = await log_in(synapse.address + "/", user, PASSWORD, "GNK-Bot")
    assert login.user_id == user and login.homeserver == synapse.address
    assert await _checked(tmp_path, login) == user
    with pytest.raises(NotAccepted, match="does not accept this password"):
        await log_in(synapse.address, user, "falsch", "GNK-Bot")
    with pytest.raises(NotAccepted, match="no Matrix homeserver"):
        await log_in("http://127.0.0.1:9", user, PASSWORD, "GNK-Bot")
    others = Login(login.homeserver, f"@jemand:{NAME}", login.access_token, login.device_id)
    with pytest.raises(NotAccepted, match="is not one of @jemand"):
        await _checked(tmp_path, others)
    device = Login(login.homeserver, user, login.access_token, "ANOTHER")
    with pytest.raises(NotAccepted, match="not one of the device ANOTHER"):
        await _checked(tmp_path, device)


async def _checked(folder: Path, login: Login) -> str:
    db = Database(f"sqlite:///{folder / 'check.sqlite3'}")
    matrix = Matrix(db, lambda: datetime.now(UTC), login, store=folder / "unused")
    try:
        return await matrix.check()
    finally:
        await matrix.close()
        db.close()


def test_what_is_remembered_can_be_replaced_and_forgotten(db: Database) -> None:
    with db.begin() as tx:
        remembered.put(tx, "matrix", "room:!a", "direct")
        remembered.put(tx, "matrix", "room:!a", "channel")
        remembered.put(tx, "matrix", "roomy", "x")
        remembered.put(tx, "other", "room:!b", "direct")
    with db.begin() as tx:
        assert remembered.get(tx, "matrix", "room:!a") == "channel"
        assert remembered.under(tx, "matrix", "room:") == {"!a": "channel"}
        remembered.drop(tx, "matrix", "room:!a")
        assert remembered.get(tx, "matrix", "room:!a") is None
