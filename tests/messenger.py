"""A small messenger with groups, anonymous voices and invitations, and Ilmbrück's people in it.

It speaks the platforms' protocol as Telegram and Matrix do, without a network: what tests need
to bring the bot into groups and out of them again.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import select

from bot.app import App
from bot.delivery import Deliveries
from bot.platforms import Delivered, Delivery, Failed, Outcome, Receive
from bot.text import Reader, body_plain, label, plain
from handlers.chat import (
    AccountRef,
    Board,
    Button,
    Capabilities,
    Command,
    Event,
    MembershipChanged,
    Place,
    PlaceKind,
    Press,
    Said,
    Text,
    What,
)
from handlers.features import ROUTERS
from handlers.router import Routes, pack
from storage.db import Database
from storage.inbox import Arrival, Waiting
from storage.models import Account
from tests.world import MORNING, PEOPLE


@dataclass(frozen=True)
class Shown:
    """Something that the bot did at a place."""

    place: str
    kind: str
    text: str
    labels: tuple[str, ...]
    actions: tuple[str, ...]
    pinned: bool
    board: Board | None
    message: str


class Messenger:
    """The platform: keeps what happened until it is read, and what was delivered."""

    name = "messenger"
    capabilities = Capabilities(buttons=True, private_toast=True)
    repeatable: tuple[str, ...] | None = ()

    def __init__(self) -> None:
        self.caught_up = asyncio.Event()
        self.happened: dict[str, Event] = {}
        self.shown: list[Shown] = []
        self.toasts: list[tuple[str, str]] = []
        self.closed: set[str] = set()
        self.menus: dict[str, list[str]] = {}
        self._numbers = itertools.count(1)

    def read(self, waiting: Waiting) -> Event | None:
        """The event, with the time at which it reached the inbox."""
        return replace(self.happened[waiting.key], at=waiting.received_at)

    async def run(self, receive: Receive) -> None:
        """Nothing comes by itself."""
        self.caught_up.set()

    async def deliver(self, delivery: Delivery) -> Outcome:
        """Show it, unless the place is closed to the bot."""
        if delivery.place in self.closed:
            return Failed("forbidden", gone=True)
        message = delivery.message or str(next(self._numbers))
        card, reader = delivery.card, delivery.reader
        buttons = [b for row in card.buttons for b in row] if card else []
        self.shown.append(
            Shown(
                delivery.place,
                delivery.kind,
                body_plain(card.body, reader) if card else "",
                tuple(label(b, reader) for b in buttons),
                tuple(pack(b.action) for b in buttons if isinstance(b, Button)),
                delivery.pin,
                delivery.board,
                message,
            )
        )
        return Delivered(message)

    async def fetch(self, ref: str) -> bytes:
        """There are no files here."""
        raise KeyError(ref)

    async def toast(self, event: Event, text: Text | None, reader: Reader) -> None:
        """Show it to the one who pressed."""
        if text is not None and event.account is not None:
            self.toasts.append((event.account.id, plain(text, reader)))

    async def offer(self, place: str, language: str, commands: Sequence[tuple[str, str]]) -> None:
        """Keep the menu of a direct chat."""
        self.menus[place] = [word for word, _ in commands]

    async def close(self) -> None:
        """There is nothing to end."""


class Meeting:
    """The bot in the messenger, in a town that is settled. Accounts are called as in PEOPLE."""

    def __init__(self, db: Database, messenger: Messenger | None = None) -> None:
        self.db, self.now = db, MORNING
        self.routes = Routes(ROUTERS)
        self.messenger = messenger or Messenger()
        self.app = App(db, self.routes, [self.messenger], self.clock)
        self.deliveries = Deliveries(db, self.routes, self.messenger, self.clock)
        self._keys = itertools.count(1)

    def clock(self) -> datetime:
        """The time as the bot is told it."""
        return self.now

    def link(self, *names: str) -> None:
        """Link accounts of the messenger, as an invitation would."""
        with self.db.begin() as tx:
            for name in names:
                web = tx.execute(
                    select(Account).filter_by(platform="web", external_id=PEOPLE[name])
                ).scalar_one()
                tx.add(
                    Account(
                        municipality_id=web.municipality_id,
                        person_id=web.person_id,
                        platform=self.messenger.name,
                        external_id=name,
                        direct=f"d-{name}",
                        linked_at=self.now,
                        used_at=self.now,
                    )
                )

    async def happens(
        self,
        who: str | None,
        what: What,
        at: str | None = None,
        *,
        anonymous: bool = False,
        language: str | None = "de",
        message: str | None = None,
        title: str = "",
    ) -> Sequence[Shown]:
        """Somebody does something in a group (``at``) or the direct chat; returns the answers."""
        mine = self.messenger.name
        account = AccountRef(mine, who, language=language, anonymous=anonymous) if who else None
        kind = PlaceKind.CHANNEL if at else PlaceKind.DIRECT
        place = Place(mine, at or f"d-{who}", kind, title)
        token = "token" if isinstance(what, Press) else None
        key = str(next(self._keys))
        self.messenger.happened[key] = Event(place, account, what, self.now, message, token)
        before = len(self.messenger.shown)
        await self.app.receive(mine, [Arrival(key, place.id, "{}")])
        await self.settle()
        return self.messenger.shown[before:]

    async def types(self, who: str, text: str, at: str | None = None, **more: Any) -> str:
        """A command or words; returns the answers' text."""
        name, _, args = text[1:].partition(" ")
        what: What = Command(name, args) if text.startswith("/") else Said(text)
        return "\n\n".join(s.text for s in await self.happens(who, what, at, **more))

    async def presses(self, who: str, wanted: str, at: str | None = None, **more: Any) -> str:
        """The newest button at the place whose label contains ``wanted``."""
        place = at or f"d-{who}"
        for shown in reversed([s for s in self.messenger.shown if s.place == place]):
            for words, packed in zip(shown.labels, shown.actions, strict=True):
                if wanted in words:
                    press = Press(packed)
                    answers = await self.happens(who, press, at, message=shown.message, **more)
                    return "\n\n".join(s.text for s in answers)
        raise AssertionError(f"no button {wanted!r} at {place}")

    async def joins(self, who: str | None, change: Any, at: str | None, **more: Any) -> list[Shown]:
        """Somebody changes the bot's membership of a place."""
        return list(await self.happens(who, MembershipChanged(change, of_bot=True), at, **more))

    def at(self, place: str) -> list[Shown]:
        """What the bot did at a place."""
        return [s for s in self.messenger.shown if s.place == place]

    def toast_of(self, who: str) -> str:
        """The newest toast that somebody saw."""
        return next((text for whose, text in reversed(self.messenger.toasts) if whose == who), "")

    async def settle(self) -> None:
        """Handle and deliver everything there is."""
        busy = True
        while busy:
            busy = False
            while await self.app.work():
                await self.app.settle()
            while await self.deliveries.step():
                await self.deliveries.finish()
                busy = True

    def all(self, table: Any, **values: Any) -> list[Any]:
        """All rows with these values."""
        with self.db.read() as tx:
            return list(tx.execute(select(table).filter_by(**values)).scalars())

    def passes(self, **time: float) -> None:
        """Let time go by."""
        self.now += timedelta(**time)
