"""A town on Telegram: the real app, deliveries and adapter against the Bot API server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol, TypeVar

from sqlmodel import SQLModel, select

from bot.app import App
from bot.delivery import Deliveries
from bot.platforms.telegram import Telegram
from handlers.chat import (
    Action,
    Answers,
    Board,
    Button,
    Card,
    Command,
    Leave,
    MembershipChanged,
    Picture,
    PlaceMoved,
    Post,
    Replace,
    Say,
    SendFile,
    plain,
)
from handlers.router import Context, Look, Role, Router, Routes, action
from storage import places
from storage.db import Database, Tx
from storage.models import Account, Body, Channel, Membership, Municipality, Outbox, Person
from tests.platforms.botapi.people import Group
from tests.platforms.botapi.people import Person as Member
from tests.platforms.botapi.server import Server
from tests.platforms.webtown import png, tally

WITHIN = 5.0

R = TypeVar("R", bound=SQLModel)

ANNA, BERND, CLARA = 52_000_001, 52_000_002, 52_000_003
"""Two members, and somebody from elsewhere."""


@action("tt1")
@dataclass(frozen=True, slots=True)
class Grow(Action):
    words: int


probe = Router("telegramtown")


@probe.command("lang", by=Role.ANYONE)
def long(ctx: Context, typed: Command) -> Answers:
    return [Say(_long(int(typed.args), "Weiter"))]


@probe.command("langbild", by=Role.ANYONE)
def long_with_picture(ctx: Context, typed: Command) -> Answers:
    return [Say(Card(_long(int(typed.args), "Weiter").body, _keys(), _picture()))]


@probe.command("langtafel", by=Role.ANYONE)
def long_board(ctx: Context, typed: Command) -> Answers:
    return [Post(Board("tt_long", int(typed.args)))]


@probe.board("tt_long")
def draw(look: Look, words: int) -> Card | None:
    return _long(words, "Tafel")


@probe.command("bild", by=Role.ANYONE)
def only_picture(ctx: Context, typed: Command) -> Answers:
    return [Say(Card((), _keys(), _picture()))]


@probe.command("wort", by=Role.ANYONE)
def word(ctx: Context, typed: Command) -> Answers:
    return [Say(_long(1, "Wachsen"))]


@probe.press(Grow, by=Role.ANYONE)
def grow(ctx: Context, pressed: Grow) -> Answers:
    if pressed.words == -1:
        return [Replace(Card((plain("Nur Text"),)))]
    return [Replace(_long(pressed.words, "Weiter"))]


@probe.command("bildundtext", by=Role.ANYONE)
def picture_then_text(ctx: Context, typed: Command) -> Answers:
    return [Say(Card((plain("Bild"),), ((Button(plain("Text"), Grow(-1)),),), _picture()))]


@probe.command("grossedatei", by=Role.ANYONE)
def big_file(ctx: Context, typed: Command) -> Answers:
    return [SendFile("Anlage.csv", "text/csv", b"a;b\n", plain("wort " * int(typed.args)))]


@probe.command("geh", by=Role.ANYONE, where="channel")
def go(ctx: Context, typed: Command) -> Answers:
    return [Leave()]


@probe.when(MembershipChanged)
def changed(ctx: Context, what: MembershipChanged) -> Answers:
    who = ctx.event.account.name if ctx.event.account else "?"
    if what.change == "left" and what.of_bot:
        return []
    return [Say(Card((plain(f"{what.change} {who} {'Bot' if what.of_bot else ''}"),)))]


@probe.when(PlaceMoved)
def moved(ctx: Context, what: PlaceMoved) -> Answers:
    places.move(ctx.tx, "telegram", ctx.event.place.id, what.new_id, ctx.now)
    return []


def _long(words: int, label: str) -> Card:
    text = " ".join(f"Wort-{n:05d}" for n in range(words))
    return Card((plain("Anfang"), plain(text)), ((Button(plain(label), Grow(900)),),))


def _keys() -> tuple[tuple[Button, ...], ...]:
    return ((Button(plain("Weiter"), Grow(1)),),)


def _picture() -> Picture:
    return Picture(png(7), plain("Ein Balken"))


def settle(tx: Tx, now: datetime) -> None:
    """One municipality; Anna and Bernd are in its steering group."""
    town = Municipality(slug="ilmbrueck", name="Ilmbrück")
    tx.add(town)
    tx.flush()
    body = Body(municipality_id=town.id, kind="steering_group", name={"de": "Steuerungsgruppe"})
    tx.add(body)
    tx.flush()
    for number, language in ((ANNA, "de"), (BERND, "en")):
        person = Person(
            municipality_id=town.id, key=f"p{number}", name={"de": "Mitglied"}, language=language
        )
        tx.add(person)
        tx.flush()
        tx.add(
            Account(
                municipality_id=town.id,
                person_id=person.id,
                platform="telegram",
                external_id=str(number),
                linked_at=now,
                used_at=now,
            )
        )
        tx.add(Membership(municipality_id=town.id, body_id=body.id, person_id=person.id))


class Api(Protocol):
    """Where the server is."""

    @property
    def url(self) -> str:
        """Its address."""

    @property
    def token(self) -> str:
        """The bot's token."""


class Town:
    """The running bot, its database, and the server that it talks to."""

    def __init__(self, api: Api, db: Database) -> None:
        self.api, self.db = api, db
        self.later = timedelta()
        self.telegram: Telegram
        self.app: App
        self.deliveries: Deliveries

    @property
    def server(self) -> Server:
        """The server, where it is in this process."""
        if not isinstance(self.api, Server):
            raise TypeError("the server is a process of its own")
        return self.api

    def clock(self) -> datetime:
        """Now, and what was let pass."""
        return datetime.now(UTC) + self.later

    def pass_time(self, seconds: float) -> None:
        """Let the clock go on, so that boards may be drawn again."""
        self.later += timedelta(seconds=seconds)
        self.deliveries.wake.set()

    def person(self, id: int, name: str, language: str = "de") -> Member:
        """Somebody on Telegram."""
        return self.server.user(id, name, language)

    def bind(self, group: Group) -> int:
        """Make a group the steering group's channel."""
        with self.db.begin() as tx:
            body = tx.exec(select(Body)).one()
            channel = Channel(
                municipality_id=body.municipality_id,
                body_id=body.id,
                platform="telegram",
                external_id=str(group.id),
                title={"de": "Gruppe"},
                bound_at=self.clock(),
            )
            tx.add(channel)
            tx.flush()
            return channel.id

    def rows(self, table: type[R]) -> list[R]:
        """All rows of a table, oldest first."""
        with self.db.read() as tx:
            key: Any = table.__table__.c.id  # type: ignore[attr-defined]
            rows = list(tx.exec(select(table).order_by(key)))
            tx.expunge_all()
            return rows

    async def settled(self, state: str, within: float = WITHIN) -> Outbox:
        """The newest outbox row, once it is in a state."""
        async with asyncio.timeout(within):
            while True:
                rows = await asyncio.to_thread(self.rows, Outbox)
                if rows and rows[-1].state == state:
                    return rows[-1]
                await asyncio.sleep(0.02)


@asynccontextmanager
async def running(
    api: Api, path: Path, routers: Iterable[Router] = (), **options: Any
) -> AsyncIterator[Town]:
    """The bot on a database file, made and settled where it does not exist yet.

    ``routers`` are further features.
    """
    fresh = not path.exists()  # noqa: ASYNC240 - before anything runs
    db = Database(f"sqlite:///{path}")
    town = Town(api, db)
    if fresh:
        SQLModel.metadata.create_all(db.engine)
        with db.begin() as tx:
            settle(tx, town.clock())
    routes = Routes([tally, probe, *routers])
    town.telegram = Telegram(api.token, town.clock, base_url=api.url, **options)
    town.app = App(db, routes, [town.telegram], town.clock)
    town.deliveries = Deliveries(db, routes, town.telegram, town.clock)
    town.app.decided = town.deliveries.wake.set
    town.deliveries.answered = town.app.arrived.set
    tasks = [
        asyncio.create_task(work)
        for work in (town.telegram.run(town.app.receive), town.app.run(), town.deliveries.run())
    ]
    try:
        yield town
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        await town.app.settle()
        await town.telegram.close()
        db.close()
        assert all(isinstance(e, asyncio.CancelledError) for e in ended), ended
