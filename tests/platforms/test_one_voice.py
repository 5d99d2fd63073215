"""One person on two messengers has one voice: Telegram, encrypted Matrix and a real homeserver."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.platforms.matrix import Matrix
from bot.platforms.telegram import Telegram
from bot.running import running
from handlers.features import ROUTERS
from handlers.router import Routes
from storage import invitations
from storage.db import Database
from storage.models import Account, Ballot, Outbox, Person, Poll, RollSeat
from tests.platforms import botapi
from tests.platforms.botapi import Person as TelegramPerson
from tests.platforms.botapi import shown
from tests.platforms.matrix.synapse import Member, Synapse, online, synapse

__all__ = ["synapse"]

pytestmark = pytest.mark.synapse

WITHIN = 20.0


def invite(db: Database, key: str) -> str:
    """A one-time code for one of Ilmbrück's people."""
    with db.begin() as tx:
        person = tx.execute(select(Person).filter_by(key=key)).scalar_one()
        return invitations.create(tx, person.id, person.municipality_id, datetime.now(UTC))


def values(db: Database) -> list[dict[str, Any]]:
    with db.read() as tx:
        return [dict(b.value) for b in tx.execute(select(Ballot)).scalars()]


def states(db: Database) -> set[str]:
    """What became of everything said on the two messengers (the web chat is not running)."""
    with db.read() as tx:
        rows = tx.execute(select(Outbox)).scalars()
        return {row.state for row in rows if row.platform != "web"}


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN):
        while not holds():  # noqa: ASYNC110 - the database tells nobody when it changes
            await asyncio.sleep(0.02)


async def accept_on_telegram(who: TelegramPerson, code: str) -> None:
    who.says(f"/start {code}")
    await who.reads("Ilmbrück", within=WITHIN)
    who.presses("Gelesen")
    await who.reads("Willkommen", within=WITHIN)


async def accept_on_matrix(who: Member, bot: str, code: str) -> str:
    room = await who.chats_with(bot)
    await who.says(room, f"!beitreten {code}")
    assert (await who.sees("1 Gelesen")).encrypted
    await who.says(room, "1")
    await who.sees("Willkommen")
    return room


async def test_a_vote_on_telegram_is_changed_on_matrix_and_counted_once(
    synapse: Synapse, tmp_path: Path, town_template: Path
) -> None:
    path = tmp_path / "bot.sqlite3"
    shutil.copy(town_template, path)
    db = Database(f"sqlite:///{path}")

    def clock() -> datetime:
        return datetime.now(UTC)

    with db.begin() as tx:
        for account in tx.execute(select(Account)).scalars():
            tx.delete(account)
    routes, login = Routes(ROUTERS), synapse.user("bot-one-voice")
    async with botapi.running() as server:
        telegram = Telegram(server.token, clock, base_url=server.url)
        matrix = Matrix(db, clock, login, store=tmp_path / "store")
        async with (
            running(db, routes, [telegram, matrix], clock),
            online(synapse.user("fraktion-a"), tmp_path / "a") as member,
            online(synapse.user("koordination"), tmp_path / "k") as office,
        ):
            coordination = server.user(501, "Koordination 1")
            group_a = server.user(502, "Fraktion A")
            await accept_on_telegram(coordination, invite(db, "sg-01"))
            await accept_on_telegram(group_a, invite(db, "sg-08"))
            room_of_a = await accept_on_matrix(member, login.user_id, invite(db, "sg-08"))
            await accept_on_matrix(office, login.user_id, invite(db, "sg-01"))

            # The steering group has a Telegram group and an encrypted Matrix room.
            group = server.group("Steuerungsgruppe", [coordination, group_a], supergroup=True)
            group.bot_becomes("administrator", coordination)
            coordination.says("/kanal", group)
            await coordination.reads("Gremium", group, WITHIN)
            coordination.presses("Steuerungsgruppe", group=group)
            room = await office.opens("Steuerungsgruppe", encrypted=True, invite=(login.user_id,))
            await office.meets(login.user_id, room)
            await office.says(room, "!kanal")
            card = await office.sees("Gremium")
            number = next(
                line.split()[0] for line in card.text.splitlines() if "Steuerungsgruppe" in line
                and line[0].isdigit()
            )  # fmt: skip
            await office.replies(card, number)
            await office.invites(member.id, room)
            await member.client.join(room)

            # Coordination prepares the vote on Telegram, by buttons alone.
            coordination.says("/abstimmung")
            for question, answer in (
                ("Wie soll", "Klebepunkte"),
                ("Worüber", "TF1"),
                ("Welche Maßnahmen", "Fertig"),
                ("Überschrift", "Klimaschutz"),
                ("Wer stimmt ab", "Steuerungsgruppe"),
                ("Ab wann", "Sofort"),
                ("Bis wann", f"{clock() + timedelta(days=7):%d.%m.%Y} 18:00"),
                ("Offen oder geheim", "Offen"),
                ("Wie viele Punkte hat", "3 ("),
                ("höchstens", "2 ("),
                ("So geht", "Veröffentlichen"),
            ):
                await coordination.reads(question, within=WITHIN)
                if question == "Bis wann":
                    coordination.says(answer)
                else:
                    coordination.presses(answer)
            await coordination.reads("Die Abstimmung läuft", within=WITHIN)
            await group_a.reads("0 von 19", group, WITHIN)
            assert (await office.sees("0 von 19")).encrypted

            # The ballot comes where somebody wrote last, and wherever it is asked for.
            await member.sees("Ihr Stimmzettel")
            group_a.presses("Jetzt abstimmen", group=group)
            await group_a.reads("Ihr Stimmzettel", within=WITHIN)
            group_a.presses("Photovoltaik")
            await until(lambda: len(group_a.user.toasts) == 3)
            assert [toast["text"] for toast in group_a.user.toasts[1:]] == [
                "Ihr Stimmzettel liegt im Direktchat mit mir.",
                "Gespeichert. Noch 2 Punkte frei.",
            ]
            assert [sum(v.values()) for v in values(db)] == [1]

            # … and goes on in the encrypted chat: the ballot there shows the dot, and changes it.
            await member.says(room_of_a, "offen")
            await member.sees("abgestimmt, änderbar")
            await member.says(room_of_a, "1")
            ballot = await member.sees("Ihr Stimmzettel")
            assert ballot.encrypted and "1 Photovoltaik" in ballot.text and "●○" in ballot.text
            await member.says(room_of_a, "2 2")
            await member.sees("Alle Punkte sind vergeben")
            await until(lambda: [sorted(v.values()) for v in values(db)] == [[1, 2]])
            await group_a.reads("Alle Punkte sind vergeben", within=WITHIN)

            # One ballot, one seat, in both places.
            await group_a.reads("1 von 19 Sitzen hat abgestimmt", group, WITHIN)
            await member.sees("1 von 19 Sitzen hat abgestimmt")
            coordination.says("/abstimmungen")
            await coordination.reads("Laufend", within=WITHIN)
            for label, then in (
                ("Verwalten", "Abstimmen bis"),
                ("Jetzt beenden", "jetzt beenden?"),
                ("Ja, beenden", "Sie haben diese Abstimmung beendet"),
            ):
                coordination.presses(label)
                await coordination.reads(then, within=WITHIN)
            result = await group_a.reads("Ergebnis: Klimaschutz", group, WITHIN)
            in_matrix = await member.sees("Ergebnis: Klimaschutz")
            for text in (shown(result), in_matrix.text):
                assert "Abgestimmt hat 1 von 19" in text
                assert "1. Solardachkataster" in text and "2. Photovoltaik" in text
            assert office.unreadable == 0
            await until(lambda: states(db) == {"sent"})
    with db.read() as tx:
        result_of = tx.execute(select(Poll)).scalar_one().result
        assert result_of is not None and result_of["cast"] == 1
        assert len(tx.execute(select(RollSeat).filter_by(voted_as=0)).all()) == 1
    db.close()
    # Nothing was announced twice.
    texts = [shown(m) for m in group.messages() if m["from"].get("is_bot")]
    assert sum("Ergebnis: Klimaschutz" in text for text in texts) == 1
