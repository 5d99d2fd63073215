"""A town you can talk to: Ilmbrück, its people in the web chat, and a clock that is handed in.

Everything is the real thing (features, app, outbox, web chat) except the HTTP in between and the
clock. Nothing runs by itself: what somebody does is handled and answered before the call returns.

    await town.group_a.press("Radweg")
    assert "Gespeichert" in town.group_a.toast
"""

from __future__ import annotations

import html
import re
import uuid
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlmodel import select

from bot import loading
from bot.app import App
from bot.delivery import Deliveries
from bot.drawing import drawing
from bot.importing import read_municipality
from bot.platforms.web import WebChat
from bot.platforms.web.checks import Pressed, Spoken, Uploaded
from handlers.features import ROUTERS
from handlers.router import Routes
from storage import timers
from storage.db import Database, Tx
from storage.models import Account, Municipality, Person

DEMO = Path(__file__).resolve().parent.parent / "bot" / "demo"
MORNING = datetime(2027, 1, 12, 8, 0, tzinfo=UTC)
"""Tuesday, 9 o'clock in Ilmbrück."""

PEOPLE = {
    "coordination": "sg-01",
    "second_coordination": "sg-02",
    "treasury": "sg-03",
    "group_a": "sg-08",
    "group_a_deputy": "sg-08-d",
    "group_b": "sg-09",
    "sports_club": "sg-11",
    "sports_club_deputy": "sg-11-d",
    "nature_club": "sg-12",
    "fire_brigade": "sg-13",
    "parish": "sg-14",
    "one_world_club": "sg-15",
    "school": "sg-16",
    "traders": "sg-18",
    "seniors": "sg-20",
    "adviser": "g-01",
    "neighbour": "tw-01",
    "neighbour_member": "tw-02",
}
"""What the tests call whom. ``one_world_club`` reads English, ``seniors`` Einfache Sprache."""


def settle(tx: Tx, now: datetime) -> None:
    """Both towns with their people, each person with a web account they have written from."""
    for name in ("ilmbrueck", "tannwiesen"):
        file = read_municipality((DEMO / f"{name}.yaml").read_text(encoding="utf-8"))
        loading.load(tx, file, now)
    tx.flush()
    for person in tx.execute(select(Person)).scalars():
        tx.add(
            Account(
                municipality_id=person.municipality_id,
                person_id=person.id,
                platform="web",
                external_id=person.key,
                direct=person.key,
                linked_at=now,
                used_at=now,
            )
        )


class Somebody:
    """A person at the web chat, or a stranger."""

    def __init__(self, town: Town, who: str) -> None:
        self.town, self.who = town, who
        self._stream = town.pages.enter_context(town.chat.streams.open(who))

    async def says(self, text: str, at: str = "direct") -> str:
        """Type something; returns what the bot answered."""
        before = self._last(at)
        await self.town.chat.said(self.who, Spoken(str(uuid.uuid4()), self._place(at), text))
        await self.town.settle()
        return self._since(before, at)

    async def press(self, label: str, at: str = "direct") -> str:
        """Press the newest button whose words contain ``label``; returns what was answered."""
        message, action = self.button(label, at)
        return await self.presses(message, action, at)

    async def presses(self, message: int, action: str, at: str = "direct") -> str:
        """Press what a page may hold, even if it is not offered any more."""
        before = self._last(at)
        pressed = Pressed(str(uuid.uuid4()), self._place(at), message, action)
        await self.town.chat.pressed(self.who, pressed)
        await self.town.settle()
        return self._since(before, at)

    async def sends(self, name: str, data: bytes) -> str:
        """Send a file."""
        before = self._last("direct")
        file = Uploaded(str(uuid.uuid4()), "direct", name, "application/octet-stream", data)
        await self.town.chat.uploaded(self.who, file)
        await self.town.settle()
        return self._since(before, "direct")

    def button(self, label: str, at: str = "direct") -> tuple[int, str]:
        """Message and action of the newest button whose words contain ``label``."""
        for message in reversed(self.messages(at)):
            for button in (b for row in message["buttons"] for b in row):
                if label in button["label"] and "action" in button:
                    return message["id"], button["action"]
        raise AssertionError(f"{self.who} sees no button {label!r} among {self.buttons(at)}")

    def buttons(self, at: str = "direct") -> list[str]:
        """The words of all buttons of the newest message that has some."""
        for message in reversed(self.messages(at)):
            if message["buttons"]:
                return [b["label"] for row in message["buttons"] for b in row]
        return []

    def messages(self, at: str = "direct") -> list[dict[str, Any]]:
        """What the page shows, the oldest first."""
        with self.town.db.read() as tx:
            page = self.town.looking.page(tx, self.who, "/api/chat/me", self._place(at), None)
        return list(page["messages"])

    def sees(self, at: str = "direct") -> str:
        """Everything the page shows, as words."""
        return "\n\n".join(_words(message) for message in self.messages(at))

    def newest(self, at: str = "direct") -> str:
        """The newest message of the bot's, as words."""
        return next((_words(m) for m in reversed(self.messages(at)) if m["from"] == "bot"), "")

    @property
    def toast(self) -> str:
        """The short confirmation that appeared last."""
        return self._stream.toasts[-1] if self._stream.toasts else ""

    def _last(self, at: str) -> int:
        return max((m["id"] for m in self.messages(at)), default=0)

    def _since(self, before: int, at: str) -> str:
        new = [m for m in self.messages(at) if m["id"] > before and m["from"] == "bot"]
        return "\n\n".join(_words(m) for m in new)

    def _place(self, at: str) -> str:
        if at == "direct":
            return at
        with self.town.db.read() as tx:
            around = self.town.looking.around(tx, self.who)
        return next((place for place, title in around.channels if title == at), at)


class Town:
    """Ilmbrück, and Tannwiesen next door."""

    def __init__(self, db: Database, start: datetime = MORNING) -> None:
        self.db, self.now, self.pages = db, start, ExitStack()
        self.routes = Routes(ROUTERS)
        self.chat = WebChat(db, drawing(self.routes, self.clock), self.clock)
        self.looking = self.chat._looking
        self._people: dict[str, Somebody] = {}
        self.restart()

    def clock(self) -> datetime:
        """The time as the bot is told it."""
        return self.now

    def restart(self) -> None:
        """A new process on the same database."""
        self.app = App(self.db, self.routes, [self.chat], self.clock)
        self.deliveries = Deliveries(self.db, self.routes, self.chat, self.clock)

    def __getattr__(self, name: str) -> Somebody:
        if name not in PEOPLE:
            raise AttributeError(name)
        return self.somebody(PEOPLE[name])

    def somebody(self, who: str) -> Somebody:
        """Whoever sits behind this web account; unknown ones are strangers."""
        if who not in self._people:
            self._people[who] = Somebody(self, who)
        return self._people[who]

    async def settle(self) -> None:
        """Handle and deliver everything there is, boards included."""
        busy = True
        while busy:
            busy = False
            while await self.app.work():
                await self.app.settle()
            await self.app._forget()
            await self.app.settle()
            while await self._deliver():
                busy = True

    async def _deliver(self) -> bool:
        delivered = False
        while await self.deliveries.step():
            await self.deliveries.finish()
            delivered = True
        # Boards are drawn at most every two seconds; nobody here wants to wait for that.
        stale = await self.deliveries._pause()
        if stale <= 2.1:
            self.now += timedelta(seconds=2)
            return True
        return delivered

    async def pass_time(self, **time: float) -> None:
        """Let time go by (``hours=2``); what became due happens."""
        await self.until(self.now + timedelta(**time))

    async def until(self, moment: datetime) -> None:
        """Let time go by until ``moment``."""
        self.now = moment
        await self.db.write(lambda tx: timers.fire(tx, self.now))
        await self.settle()

    def one(self, table: Any, **values: Any) -> Any:
        """The one row with these values."""
        with self.db.read() as tx:
            row = tx.execute(select(table).filter_by(**values)).scalars().one()
            tx.expunge_all()
            return row

    def all(self, table: Any, **values: Any) -> list[Any]:
        """All rows with these values."""
        with self.db.read() as tx:
            rows = list(tx.execute(select(table).filter_by(**values)).scalars())
            tx.expunge_all()
            return rows

    @property
    def id(self) -> int:
        """Ilmbrück's id."""
        return int(self.one(Municipality, slug="ilmbrueck").id)


@asynccontextmanager
async def living(db: Database, start: datetime = MORNING) -> AsyncIterator[Town]:
    """A town on a database in which it is settled."""
    town = Town(db, start)
    with town.pages:
        yield town


def _words(message: dict[str, Any]) -> str:
    text = re.sub(r"<[^>]+>", "", message["html"].replace("<br>", "\n"))
    rows = [" | ".join(b["label"] for b in row) for row in message["buttons"]]
    return "\n".join([html.unescape(text), *(f"[{row}]" for row in rows)])
