"""The real app and deliveries on Matrix, with the web town's little feature and a doorkeeper."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlmodel import SQLModel, select

from bot.app import App
from bot.delivery import Deliveries
from bot.platforms.matrix import Login, Matrix
from handlers.chat import (
    Answers,
    Button,
    Card,
    Command,
    Enter,
    Leave,
    MembershipChanged,
    PlaceMoved,
    Say,
    plain,
)
from handlers.router import Context, Role, Router, Routes
from storage import outbox, remembered
from storage.db import Database
from storage.models import Posted
from tests.platforms.matrix.works import Works, works
from tests.platforms.webtown import Count, tally

WITHIN = 20.0

door = Router("door")


@door.when(MembershipChanged)
def came(ctx: Context, changed: MembershipChanged) -> Answers:
    """Accept invitations except to rooms that say so in their name, and note the rest."""
    place, account = ctx.event.place, ctx.event.account
    by = account.id if account else ""
    note = f"{changed.change} {'bot' if changed.of_bot else ''} {by} {place.kind} {place.title}"
    remembered.put(ctx.tx, "noted", f"{ctx.now.isoformat()} {place.id}", note)
    if changed.change != "invited" or not changed.of_bot:
        return []
    return [Leave()] if "Nein" in place.title else [Enter()]


@door.when(PlaceMoved)
def moved(ctx: Context, to: PlaceMoved) -> Answers:
    """Note where a room went."""
    remembered.put(ctx.tx, "noted", ctx.event.place.id, f"moved {to.new_id}")
    return []


@door.command("viel", by=Role.ANYONE, where="anywhere")
def much(ctx: Context, typed: Command) -> Answers:
    """A card of that many characters, with a choice."""
    words = ("Wort & <b> " * (int(typed.args) // 11 + 1))[: int(typed.args)]
    paragraphs = tuple(plain(words[i : i + 3000]) for i in range(0, len(words), 3000))
    return [Say(Card((*paragraphs, plain("Ende")), ((Button(plain("Radweg"), Count(1)),),)))]


@door.command("strophe", by=Role.ANYONE, where="anywhere")
def verse(ctx: Context, typed: Command) -> Answers:
    """Say it back that many times."""
    number, _, words = typed.args.partition(" ")
    return [Say(Card((plain(f"{words} {i}"),))) for i in range(1, int(number) + 1)]


@door.command("merke", by=Role.ANYONE, where="anywhere")
def keep(ctx: Context, typed: Command) -> Answers:
    """Keep a word, in the order of handling, and say nothing."""
    before = remembered.get(ctx.tx, "kept", "words")
    words = f"{before} {typed.args}" if before else typed.args
    remembered.put(ctx.tx, "kept", "words", words)
    return []


@dataclass
class Town:
    """The running bot."""

    db: Database
    matrix: Matrix
    app: App
    deliveries: Deliveries
    tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    later: timedelta = timedelta()
    _works: Works | None = None

    @property
    def works(self) -> Works:
        """Has tasks done."""
        self._works = self._works or Works(self)
        return self._works

    def pass_time(self, seconds: float) -> None:
        """Let the clock go on, so that boards may be drawn again."""
        self.later += timedelta(seconds=seconds)
        self.deliveries.wake.set()

    def rooms(self) -> set[str]:
        """The rooms that the bot is in."""
        return set(self.matrix._device.rooms)

    def noted(self) -> list[str]:
        """What the doorkeeper noted, in order."""
        with self.db.read() as tx:
            return [note for _, note in sorted(remembered.under(tx, "noted", "").items())]

    def kept(self) -> list[str]:
        """The words that were to be kept."""
        with self.db.read() as tx:
            return (remembered.get(tx, "kept", "words") or "").split()

    def counts(self) -> dict[str, int]:
        """Outbox rows by state."""
        with self.db.read() as tx:
            return outbox.counts(tx)

    def to_unpin(self) -> int:
        """Cards that still have to be unpinned."""
        with self.db.read() as tx:
            return len(tx.execute(select(Posted).filter_by(unpin=True)).all())

    async def until(self, holds: Any) -> None:
        """Wait for something that happens inside the bot."""
        async with asyncio.timeout(WITHIN):
            while not holds():  # noqa: ASYNC110 - the database tells nobody when it changes
                await asyncio.sleep(0.02)


@asynccontextmanager
async def running(
    folder: Path, login: Login, *, synced: bool = True, of: type[Matrix] = Matrix
) -> AsyncIterator[Town]:
    """The bot on the database and store in ``folder``, made where they do not exist yet."""
    path = folder / "bot.sqlite3"
    db = Database(f"sqlite:///{path}")
    SQLModel.metadata.create_all(db.engine)
    town: list[Town] = []

    def clock() -> datetime:
        return datetime.now(UTC) + (town[0].later if town else timedelta())

    routes = Routes([tally, door, works])
    matrix = of(db, clock, login, store=folder / "store")
    app = App(db, routes, [matrix], clock)
    deliveries = Deliveries(db, routes, matrix, clock)
    app.decided, deliveries.answered = deliveries.wake.set, app.arrived.set
    made = Town(db, matrix, app, deliveries)
    town.append(made)
    work = {"matrix": matrix.run(app.receive), "app": app.run(), "out": deliveries.run()}
    made.tasks = {name: asyncio.create_task(job) for name, job in work.items()}
    try:
        if synced:
            await asyncio.wait_for(matrix.caught_up.wait(), WITHIN)
        yield made
    finally:
        for task in made.tasks.values():
            task.cancel()
        ended = await asyncio.gather(*made.tasks.values(), return_exceptions=True)
        await matrix.close()
        db.close()
    assert all(isinstance(e, asyncio.CancelledError) for e in ended), ended
