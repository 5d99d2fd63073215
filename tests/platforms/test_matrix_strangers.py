"""What a stranger or a third person could do to the bot on Matrix, and cannot."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from sqlalchemy import event, select

from bot.platforms.matrix import reading
from bot.platforms.matrix.keeping import keep
from bot.platforms.matrix.late_keys import MOST, PATIENCE, cards_among
from bot.platforms.matrix.rooms import Room, Rooms
from bot.wire import card_to_json
from handlers.chat import Card, PlaceKind, plain
from storage import boards, inbox, outbox, people
from storage.db import Database, Tx
from storage.inbox import Arrival, Waiting
from storage.models import Outbox, Person, Posted
from storage.outbox import Draft
from tests import world
from tests.platforms.matrix.synapse import Member, Synapse, online, synapse
from tests.platforms.matrix.town import running

__all__ = ["synapse"]

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)


# --- texts that no database takes ----------------------------------------------------------------


@pytest.mark.parametrize("bad", ["a\ud800b", "a\x00b"], ids=["half a character", "NUL"])
def test_every_text_of_a_row_can_be_stored(db: Database, bad: str) -> None:
    room = Room("!raum", False, True, bad, {"@x:y": bad})
    made = {"kind": "said", "text": bad, bad: [bad, {"a": bad}], "addressed": True}
    arrival = reading.row(f"${bad}" * 3000, room, "@x:y", made, bad)
    with db.begin() as tx:
        assert inbox.put(tx, "matrix", [arrival], NOW) == 1
        [row] = inbox.take(tx, 10)
    assert "\ud800" not in row.payload and "\\u0000" not in row.payload


async def test_what_cannot_be_stored_is_put_aside_and_the_rest_is_kept(
    db: Database, caplog: pytest.LogCaptureFixture
) -> None:
    async def receive(platform: str, arrivals: Iterable[Arrival]) -> int:
        rows = list(arrivals)
        return await db.write(lambda tx: inbox.put(tx, platform, rows, NOW))

    rows = [Arrival(key, "!r", text) for key, text in (("1", "a"), ("2", "\ud800"), ("3", "b"))]
    await keep(receive, rows)
    with db.read() as tx:
        kept = [row.payload for row in inbox.take(tx, 10)]
    assert kept[0] == "a" and kept[2] == "b" and json.loads(kept[1])["kind"] == "malformed"
    assert "could not be stored" in caplog.text and "ud800" not in caplog.text


async def _sends_sealed(anna: Member, room: str, payload: str) -> None:
    """Encrypt any text at all and send it, as no ordinary client would."""
    olm = anna.client.olm
    await anna.says(room, "Der Schlüssel ist verteilt")
    session = olm.outbound_group_sessions[room]
    sealed = session.encrypt(payload)
    await _sends_raw(anna, room, {
        "algorithm": "m.megolm.v1.aes-sha2",
        "sender_key": olm.account.identity_keys["curve25519"],
        "ciphertext": sealed,
        "session_id": session.id,
        "device_id": anna.login.device_id,
    })  # fmt: skip


async def _sends_raw(anna: Member, room: str, content: dict[str, Any]) -> None:
    path = f"/_matrix/client/v3/rooms/{quote(room)}/send/m.room.encrypted/{uuid4().hex}"
    headers = {"Authorization": f"Bearer {anna.login.access_token}"}
    response = await anna.client.send("PUT", path, json.dumps(content), headers)
    assert response.status == 200, await response.text()


@pytest.mark.synapse
async def test_no_encrypted_message_stops_the_others(synapse: Synapse, tmp_path: Path) -> None:
    bot, login = synapse.user("gnk-bot"), synapse.user("anna")
    async with running(tmp_path, bot) as town, online(login, tmp_path / "anna") as anna:
        room = await anna.chats_with(bot.user_id)
        await anna.says(room, "sag \ud800 halb")
        await anna.sees("halb")
        await anna.says(room, "sag \x00 null")
        await anna.sees("null")
        deep = "[" * 20_000 + "]" * 20_000
        message = f'{{"msgtype":"m.text","body":"x","y":{deep}}}'
        await _sends_sealed(anna, room, f'{{"type":"m.room.message","content":{message}}}')
        await _sends_sealed(anna, room, deep)
        await anna.says(room, "merke danach")
        # Anna's own client does not survive what she sent: she would not see an answer.
        await town.until(lambda: town.kept() == ["danach"])


@pytest.mark.synapse
async def test_a_sealed_message_is_never_taken_for_the_state_of_a_room(
    synapse: Synapse, tmp_path: Path
) -> None:
    bot, login = synapse.user("gnk-bot"), synapse.user("anna")
    async with running(tmp_path, bot) as town, online(login, tmp_path / "anna") as anna:
        room = await anna.opens("Kernteam", invite=(bot.user_id,), encrypted=True)
        await anna.meets(bot.user_id, room)
        forged = {
            "type": "m.room.member",
            "state_key": "@jemand:gnk.test",
            "unsigned": {"prev_content": {"membership": "join"}},
            "content": {"membership": "leave"},
        }
        await _sends_sealed(anna, room, json.dumps(forged))
        await anna.says(room, "!sag danach")
        await anna.sees("danach")
        assert not [note for note in town.noted() if "left" in note]


# --- a third person in a direct chat -------------------------------------------------------------


def _personal_things(tx: Tx, person: Person) -> None:
    """A ballot that stands in a direct chat, and one that waits to be sent there."""
    common: dict[str, Any] = {"platform": "matrix", "place": "!chat", "language": "de"}
    boards.put(tx, Posted(**common, message="$ballot", person_id=person.id, board_kind="ballot",
                          board_id=1, board_viewer=person.id, actions=["x"]))  # fmt: skip
    boards.put(tx, Posted(**common, message="$open", board_kind="result", board_id=1))
    people.link(tx, person, "matrix", "@anna:y", "!chat", NOW)
    for place, who in (("!chat", person.id), ("!chat", None), ("!other", person.id)):
        draft = Draft(
            "matrix", place, "card", {"paragraphs": []}, "de", person.municipality_id, who
        )
        outbox.put(tx, [draft], NOW)


async def test_with_a_third_person_ballots_are_left_and_nothing_personal_is_sent(
    db: Database,
) -> None:
    with db.begin() as tx:
        world.settle(tx, world.MORNING)
        person = tx.execute(select(Person)).scalars().first()
        assert person is not None
        _personal_things(tx, person)
    rooms = Rooms(db)
    await rooms.decide("!chat", True)
    await rooms.decide("!chat", False)
    with db.begin() as tx:
        boards.mark_stale(tx, [("ballot", 1, None), ("result", 1, None)], NOW)
        cards = tx.execute(select(Posted)).scalars().all()
        assert {c.message: (c.gone, c.stale_at is None) for c in cards} == {
            "$ballot": (True, True),
            "$open": (False, False),
        }
        for card in cards:
            # A redrawing that was under way when the third person came.
            boards.again(tx, card.id, NOW, NOW)
        assert [c.message for c in boards.claim(tx, "matrix", (), NOW, 10)] == ["$open"]
        rows = tx.execute(select(Outbox).filter_by(platform="matrix")).scalars().all()
        states = {(r.place, r.person_id is None): (r.state, r.error) for r in rows}
        assert states == {
            ("!chat", False): ("failed", "no longer a direct chat"),
            ("!chat", True): ("queued", None),
            ("!other", False): ("queued", None),
        }
        assert all(not r.content for r in rows if r.state == "failed")


@pytest.mark.synapse
async def test_what_waited_while_a_third_person_came_is_not_sent(
    synapse: Synapse, tmp_path: Path
) -> None:
    bot, login, third = (synapse.user(n) for n in ("gnk-bot", "anna", "jemand"))
    async with online(login, tmp_path / "anna") as anna:
        async with running(tmp_path, bot) as town:
            chat = await anna.chats_with(bot.user_id)
            await anna.says(chat, "sag unter uns")
            await anna.sees("unter uns")
            await town.until(lambda: set(town.counts()) == {"sent"})
            with town.db.begin() as tx:
                world.settle(tx, world.MORNING)
        db = Database(f"sqlite:///{tmp_path / 'bot.sqlite3'}")
        with db.begin() as tx:
            person = tx.execute(select(Person)).scalars().first()
            assert person is not None
            card = card_to_json(Card((plain("Ihr Stimmzettel"),)))
            draft = Draft("matrix", chat, "card", card, "de", person.municipality_id, person.id)
            outbox.put(tx, [draft], datetime.now(UTC))
        db.close()
        await anna.invites(third.user_id, chat)
        async with running(tmp_path, bot) as town:
            await town.until(lambda: town.counts().get("failed") == 1)
            await anna.says(chat, "!sag laut")
            await anna.sees("laut")
        assert anna.saw("Stimmzettel") == 0


# --- messages without a key ----------------------------------------------------------------------


@pytest.mark.synapse
async def test_many_messages_without_a_key_cost_little(
    synapse: Synapse, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bot, login = synapse.user("gnk-bot"), synapse.user("anna")
    async with online(login, tmp_path / "anna") as anna:
        async with running(tmp_path, bot) as town:
            room = await anna.chats_with(bot.user_id)
            await anna.says(room, "sag erst")
            await anna.sees("erst")
        for number in range(MOST + 10):
            await _sends_raw(anna, room, _without_key(number))
        async with running(tmp_path, bot) as town:
            await town.until(lambda: len(_put_aside(town.db)) == MOST)
            assert "10 messages without a key are dropped" in caplog.text
            asked: list[str] = []
            event.listen(town.db.engine, "before_cursor_execute", _noting(asked))
            town.pass_time(PATIENCE.total_seconds() + 1)
            await anna.says(room, "sag weiter")
            await anna.sees("Bitte schreiben Sie sie noch einmal")
            await town.until(lambda: set(town.counts()) == {"sent"})
            asked.clear()
            town.pass_time(2 * 86_400)
            for number in range(3):
                await anna.says(room, f"sag danach {number}")
                await anna.sees(f"danach {number}")
            assert asked and not [a for a in asked if "cannot_read" in a or "undecrypted" in a]
        async with running(tmp_path, bot):
            await anna.says(room, "sag nach dem Neustart")
            await anna.sees("nach dem Neustart")
            await anna.says(room, "sag zuletzt")
            await anna.sees("zuletzt")
        assert anna.saw("noch einmal") == 1


def _without_key(number: int) -> dict[str, Any]:
    return {
        "algorithm": "m.megolm.v1.aes-sha2",
        "sender_key": "A" * 43,
        "ciphertext": "AwgAEnACgAkLmt6qF84IK",
        "session_id": f"{number:043}",
        "device_id": "FREMD",
    }


def _put_aside(db: Database) -> list[str]:
    with db.read() as tx:
        return [key for key, _, _ in inbox.put_aside(tx, "matrix", reading.UNDECRYPTED)]


def _noting(asked: list[str]) -> Any:
    def note(_1: Any, _2: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append(f"{statement} {parameters}")

    return note


# --- whose card is it ----------------------------------------------------------------------------


@pytest.mark.synapse
async def test_a_reply_to_a_card_without_choices_is_meant_for_the_bot(
    synapse: Synapse, tmp_path: Path
) -> None:
    bot, login = synapse.user("gnk-bot"), synapse.user("anna")
    async with running(tmp_path, bot) as town, online(login, tmp_path / "anna") as anna:
        room = await anna.opens("Kernteam", invite=(bot.user_id,))
        await anna.meets(bot.user_id, room)
        await anna.says(room, "!strophe 1 Nr.")
        card = await anna.sees("Nr. 1")
        await town.until(lambda: set(town.counts()) == {"sent"})
        answer = {"content": {"m.relates_to": {"m.in_reply_to": {"event_id": card.id}}}}
        other = {"content": {"m.relates_to": {"m.in_reply_to": {"event_id": "$andere"}}}}
        where = Room(room, False, False, "Kernteam", {})
        assert await cards_among(town.db, [answer, other], where) == {card.id}


@pytest.mark.synapse
async def test_what_was_said_alone_is_answered_as_where_a_third_person_reads(
    synapse: Synapse, tmp_path: Path
) -> None:
    bot, login, third = (synapse.user(n) for n in ("gnk-bot", "anna", "jemand"))
    async with running(tmp_path, bot) as town, online(login, tmp_path / "anna") as anna:
        chat = await anna.chats_with(bot.user_id)
        # It has not been handled yet when the third person is invited.
        here = Room(chat, True, True, "", {})
        made = {"kind": "said", "text": "mein Stimmzettel", "reply_to": None, "addressed": True}
        kept = reading.row("$1", here, anna.id, made, "$1")
        row = Waiting(1, "matrix", kept.key, f"matrix:{chat}", kept.payload, NOW)
        before = town.matrix.read(row)
        assert before is not None and before.place.kind is PlaceKind.DIRECT
        await anna.invites(third.user_id, chat)
        await town.until(lambda: any(third.user_id in note for note in town.noted()))
        after = town.matrix.read(row)
        assert after is not None and after.place.kind is PlaceKind.CHANNEL
