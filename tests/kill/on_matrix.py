"""People on Matrix, in encrypted direct chats and an encrypted room, who type numbers."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

from sqlalchemy import delete, func, select

from bot.platforms.matrix import Login
from storage.db import Database
from storage.models import Account, Inbox, Municipality, Person
from tests.kill.lives import Life
from tests.kill.on_web import left_of
from tests.kill.vote import COORDINATION, DOTS, START, Press
from tests.platforms.matrix.synapse import Member

WITHIN = 20.0


class OnMatrix:
    """Some voters and coordination, each with a client of their own."""

    platform = "matrix"
    has_buttons = False
    repeats = True
    points = frozenset(
        {"fetched", "received", "handling", "handled", "sending", "sent", "drawing", "drawn",
         "due", "closing", "closed", "forgetting", "forgotten"}
    )  # fmt: skip

    def __init__(self, db: Database, bot: Login, store: Path, people: dict[str, Member]) -> None:
        """``people`` by key, coordination among them."""
        self.db, self.bot, self.store, self.people = db, bot, store, people
        self.rooms: dict[str, str] = {}
        """Everybody's direct chat."""
        self.channel = ""
        self.options: list[int] = []
        self.presses: dict[str, list[Press]] = {who: [] for who in people}
        with db.begin() as tx:
            town = tx.execute(select(Municipality).filter_by(slug="ilmbrueck")).scalar_one()
            tx.execute(delete(Account))
            for who, member in people.items():
                person = tx.execute(select(Person).filter_by(key=who)).scalar_one()
                tx.add(Account(municipality_id=town.id, person_id=person.id, platform="matrix",
                               external_id=member.id, linked_at=START, used_at=START))  # fmt: skip

    async def meet(self) -> None:
        """Everybody begins a direct chat with the living bot, and coordination opens a room."""
        for who, member in self.people.items():
            self.rooms[who] = await member.chats_with(self.bot.user_id)
        office = self.people[COORDINATION]
        self.channel = await office.opens(
            "Steuerungsgruppe", encrypted=True, invite=(self.bot.user_id,)
        )
        await office.meets(self.bot.user_id, self.channel)

    @property
    def accounts(self) -> dict[str, list[tuple[str, str]]]:
        """Everybody's accounts and direct chats."""
        return {who: [(self.people[who].id, room)] for who, room in self.rooms.items()}

    def about(self) -> dict[str, str]:
        """What the bot has to know of it."""
        bot = self.bot
        return {
            "homeserver": bot.homeserver,
            "user_id": bot.user_id,
            "access_token": bot.access_token,
            "device_id": bot.device_id,
            "store": str(self.store),
        }

    async def asks(self, action: str) -> None:
        """Nobody misses a ballot: deliveries are repeated."""

    async def casts(self, press: Press) -> None:
        """The option's number, typed in the direct chat."""
        number = self.options.index(press.option) + 1
        press.id = await self.people[press.who].says(self.rooms[press.who], str(number))
        press.accepted = True
        self.presses[press.who].append(press)

    async def closes(self, action: str) -> None:
        """There are no buttons; the deadline closes the poll."""
        raise NotImplementedError

    async def lived(self, life: Life) -> None:
        """Nobody waits for that."""

    def settled(self) -> bool:
        """Whether every number is in the inbox."""
        ids = [press.id for presses in self.presses.values() for press in presses]
        with self.db.read() as tx:
            known = tx.execute(
                select(func.count()).select_from(Inbox).where(Inbox.key.in_(ids))  # type: ignore[attr-defined]
            )
            return int(known.scalar_one()) == len(ids)

    def confirmed(self) -> list[Press]:
        """How many dots are left tells which vote was saved."""
        made = []
        for who, member in self.people.items():
            for heard in member.heard:
                if heard.room == self.rooms.get(who) and heard.text.startswith("Gespeichert"):
                    made.append(self.presses[who][DOTS - 1 - left_of(heard.text)])
        return made

    def refused(self) -> list[Press]:
        """Nobody votes here when the poll is about to be closed."""
        return []

    async def shown(self) -> Counter[str]:
        """Pictures belong to the words that follow them."""
        made: Counter[str] = Counter()
        for who, room in (*self.rooms.items(), (COORDINATION, self.channel)):
            heard = await self._all_heard(self.people[who], room)
            made[room] = sum(not text.startswith("picture ") for text in heard)
        return made

    async def results(self) -> list[str]:
        """In the room; a picture that was sent twice would be found here too."""
        heard = await self._all_heard(self.people[COORDINATION], self.channel)
        pictures = [text for text in heard if text.startswith("picture ")]
        assert len(pictures) == len(set(pictures)), pictures
        return [text for text in heard if text.startswith("Ergebnis: ")]

    def card(self, place: str, message: str) -> str | None:
        """With all changes, as clients show it."""
        whose = {room: who for who, room in self.rooms.items()} | {self.channel: COORDINATION}
        heard = self.people[whose[place]].heard
        return [h.text for h in heard if message in (h.id, h.changes)][-1]

    async def _all_heard(self, member: Member, room: str) -> list[str]:
        """The bot's messages in a room as a client shows them, once it has caught up."""
        there = await self._events(member, room)  # changes among them
        async with asyncio.timeout(WITHIN):
            while not there <= {heard.id for heard in member.heard}:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        first = [h for h in member.heard if h.room == room and h.changes is None]
        assert member.unreadable == 0
        assert len({h.id for h in first}) == len(first)
        return [
            ("picture " if h.content["msgtype"] == "m.image" else "") + h.text
            for h in first
            if h.sender == self.bot.user_id
        ]

    async def _events(self, member: Member, room: str) -> set[str]:
        """The ids of what the bot said there."""
        path = f"/_matrix/client/v3/rooms/{room}/messages?dir=b&limit=500"
        headers = {"Authorization": f"Bearer {member.login.access_token}"}
        answer = await (await member.client.send("GET", path, None, headers)).json()
        return {
            event["event_id"]
            for event in answer["chunk"]
            if event["sender"] == self.bot.user_id
            and event["type"] in ("m.room.message", "m.room.encrypted")
        }
