"""The parts of the bot together: what one platform's trouble does to the others, and stopping."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from bot import running as wiring
from bot.platforms import Delivered, Delivery, Outcome, Receive
from bot.running import Broken, Running, running
from bot.text import Reader
from handlers.chat import (
    AccountRef,
    Action,
    Answers,
    Capabilities,
    Card,
    Event,
    Place,
    Said,
    Say,
    plain,
)
from handlers.chat import Text as Words
from handlers.router import Context, Role, Router, Routes, action, pack
from storage import inbox, outbox, timers
from storage.db import Database
from storage.inbox import Arrival, Waiting

WITHIN = 15.0


def now() -> datetime:
    return datetime.now(UTC)


class Radio:
    """A platform of the tests' own: it hears what it is told to hear, and can fail."""

    capabilities = Capabilities(buttons=True, private_toast=True)
    repeatable: tuple[str, ...] | None = ()

    def __init__(self, name: str, hears: list[str], fails: int = 0, takes: float = 0.0) -> None:
        self.name, self.hears, self.fails, self.takes = name, hears, fails, takes
        self.caught_up = asyncio.Event()
        self.said: list[str] = []
        self.starts = 0
        self.closed = False

    def read(self, waiting: Waiting) -> Event | None:
        account = AccountRef(self.name, "someone")
        return Event(Place(self.name, "here"), account, Said(waiting.payload), waiting.received_at)

    async def run(self, receive: Receive) -> None:
        self.starts += 1
        if self.starts <= self.fails:
            raise ConnectionError("no signal")
        await receive(self.name, [Arrival(word, "here", f"/{word}") for word in self.hears])
        self.caught_up.set()
        await asyncio.Event().wait()

    async def deliver(self, delivery: Delivery) -> Outcome:
        await asyncio.sleep(self.takes)
        assert delivery.card is not None
        self.said.append(str(delivery.card.body[0].args["text"]))
        return Delivered(str(len(self.said)))

    async def fetch(self, ref: str) -> bytes:
        raise KeyError(ref)

    async def toast(self, event: Event, text: Words | None, reader: Reader) -> None:
        return None

    async def offer(self, place: str, language: str, commands: Sequence[tuple[str, str]]) -> None:
        return None

    async def close(self) -> None:
        self.closed = True


@action("prg1")
@dataclass(frozen=True, slots=True)
class Ring(Action):
    """A bell, for the tests of what is due."""


def features() -> tuple[Routes, list[str]]:
    """A feature that repeats what it hears and notes what happened, in order."""
    router, order = Router("echo"), []

    @router.command("hallo", by=Role.ANYONE)
    def hello(ctx: Context, said: object) -> Answers:
        order.append("hallo")
        return [Say(Card((plain("Guten Tag"),)))]

    @router.due(Ring)
    def ring(ctx: Context, due: Ring) -> Answers:
        order.append("ring")
        return []

    return Routes([router]), order


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN):
        while not true():  # noqa: ASYNC110 - what is waited for has no event of its own
            await asyncio.sleep(0.01)


async def test_a_platform_that_fails_is_started_again_and_the_other_does_not_notice(
    db: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(wiring, "FIRST_PAUSE", 0.05)
    good, bad = Radio("good", ["hallo"]), Radio("bad", ["hallo"], fails=2)
    routes, _ = features()
    async with running(db, routes, [good, bad], now):
        await until(lambda: good.said == ["Guten Tag"])
        await until(lambda: bad.said == ["Guten Tag"])
    assert (good.starts, bad.starts) == (1, 3)
    assert "bad broke off (ConnectionError)" in caplog.text
    assert good.closed and bad.closed


async def test_what_waited_at_the_platforms_goes_before_what_is_overdue(db: Database) -> None:
    await db.write(lambda tx: timers.put(tx, "bell", pack(Ring()), now() - timedelta(days=1)))
    slow, (routes, order) = Radio("slow", ["hallo"], fails=1), features()
    async with running(db, routes, [slow], now):
        await until(lambda: len(order) == 2)
    assert order == ["hallo", "ring"]


async def test_a_platform_that_is_away_does_not_hold_up_deadlines_for_ever(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiring, "CATCH_UP", 0.2)
    await db.write(lambda tx: timers.put(tx, "bell", pack(Ring()), now() - timedelta(days=1)))
    away, (routes, order) = Radio("away", [], fails=1_000), features()
    async with running(db, routes, [away], now):
        await until(lambda: order == ["ring"])


async def test_stopping_finishes_the_delivery_under_way(db: Database) -> None:
    radio = Radio("radio", ["hallo"], takes=0.7)
    routes, order = features()
    began = time.monotonic()
    async with running(db, routes, [radio], now):
        await until(lambda: order == ["hallo"])
    assert radio.said == ["Guten Tag"]
    assert time.monotonic() - began < 5
    assert await db.look(outbox.counts) == {"sent": 1}


async def test_stopping_takes_no_more_than_seconds_however_long_a_delivery_takes(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wiring, "FINISH", 0.3)
    radio = Radio("radio", ["hallo"], takes=60)
    routes, order = features()
    async with running(db, routes, [radio], now):
        await until(lambda: order == ["hallo"])
        began = time.monotonic()
    assert time.monotonic() - began < 3
    counts = await db.look(outbox.counts)
    assert set(counts) <= {"sending", "queued", "unknown"}


async def test_what_is_in_the_inbox_at_the_end_is_handled_or_waits(db: Database) -> None:
    radio, (routes, order) = Radio("radio", []), features()
    async with running(db, routes, [radio], now) as bot:
        await bot.app.receive("radio", [Arrival("x", "here", "/hallo")])
    waiting = await db.look(lambda tx: inbox.take(tx, 10))
    assert len(order) + len(waiting) == 1


class ShortLived:
    """A web server that ends by itself, as none should."""

    def __init__(self) -> None:
        self.ready = asyncio.Event()

    async def run(self) -> None:
        self.ready.set()
        await asyncio.sleep(0.05)


async def test_the_end_of_a_part_that_all_need_is_not_overlooked(db: Database) -> None:
    routes, _ = features()
    async with running(db, routes, [], now, server=ShortLived()) as bot:
        with pytest.raises(Broken, match="web server has ended"):
            await asyncio.wait_for(bot.until_broken(), WITHIN)


async def test_a_taken_port_is_said_at_once(db: Database) -> None:
    from bot.platforms.web.server import WebServer

    routes, _ = features()
    first = WebServer("127.0.0.1", 0, [])
    async with running(db, routes, [], now, server=first):
        second = WebServer("127.0.0.1", first.port, [])
        bot = Running(db, routes, [], now, second)
        with pytest.raises(OSError, match="address"):
            await bot.start()
        await bot.stop()
