"""Due times become events: once, in time, and late rather than never."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from bot.scheduler import Scheduler
from storage import inbox, timers
from storage.db import Database
from storage.inbox import Arrival
from storage.models import Dialog

START = datetime(2027, 3, 26, 17, 0, tzinfo=UTC)
WITHIN = 10.0


class Clock:
    """The time, as the test has it."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


def real() -> datetime:
    return datetime.now(UTC)


async def waiting(db: Database) -> list[str]:
    return [w.payload for w in await db.look(lambda tx: inbox.take(tx, 100))]


async def put(db: Database, key: str, due_at: datetime) -> None:
    await db.write(lambda tx: timers.put(tx, key, f"act:{key}", due_at))


@asynccontextmanager
async def at_work(scheduler: Scheduler) -> AsyncIterator[None]:
    task = asyncio.create_task(scheduler.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_only_what_is_due_becomes_an_event(db: Database) -> None:
    clock, arrived = Clock(), asyncio.Event()
    scheduler = Scheduler(db, clock, arrived.set)
    await put(db, "past", START - timedelta(hours=1))
    await put(db, "future", START + timedelta(hours=1))
    async with at_work(scheduler):
        await asyncio.wait_for(arrived.wait(), WITHIN)
        events = await waiting(db)
        assert len(events) == 1 and "act:past" in events[0]
        assert (START - timedelta(hours=1)).isoformat() in events[0]
        arrived.clear()
        clock.now += timedelta(hours=2)
        scheduler.changed()
        await asyncio.wait_for(arrived.wait(), WITHIN)
    assert len(await waiting(db)) == 2
    assert await db.look(timers.next_due) is None


async def test_it_wakes_by_itself_when_a_timer_is_due(db: Database) -> None:
    arrived = asyncio.Event()
    scheduler = Scheduler(db, real, arrived.set)
    async with at_work(scheduler):
        await put(db, "soon", real() + timedelta(seconds=0.4))
        scheduler.changed()
        await asyncio.wait_for(arrived.wait(), WITHIN)
    assert len(await waiting(db)) == 1


async def test_an_earlier_timer_is_not_kept_waiting_by_a_later_one(db: Database) -> None:
    arrived = asyncio.Event()
    scheduler = Scheduler(db, real, arrived.set)
    await put(db, "tomorrow", real() + timedelta(days=1))
    async with at_work(scheduler):
        await put(db, "soon", real() + timedelta(seconds=0.4))
        scheduler.changed()
        await asyncio.wait_for(arrived.wait(), WITHIN)
    events = await waiting(db)
    assert len(events) == 1 and "act:soon" in events[0]


async def test_two_processes_fire_a_timer_once(db: Database, db_url: str) -> None:
    other = Database(db_url)
    try:
        for number in range(20):
            await put(db, f"t{number}", START)
        both = [Scheduler(d, Clock(), lambda: None) for d in (db, other)]
        fired = await asyncio.gather(*(s.fire() for s in both for _ in range(3)))
        assert sum(fired) == 20
        assert len(await waiting(db)) == 20
    finally:
        other.close()


async def test_old_things_are_tidied_up_at_start(db: Database) -> None:
    clock = Clock()

    with db.begin() as tx:
        inbox.put(tx, "web", [Arrival("k1", "p", "{}")], START - timedelta(days=8))
        inbox.put(tx, "web", [Arrival("k2", "p", "{}")], START)
        inbox.done(tx, [w.id for w in inbox.take(tx, 10)])
        tx.add(
            Dialog(
                platform="web",
                place="p",
                account="a",
                form="f",
                step="s",
                touched_at=START - timedelta(days=3),
            )
        )
    arrived = asyncio.Event()
    await put(db, "mark", START)
    async with at_work(Scheduler(db, clock, arrived.set)):
        await asyncio.wait_for(arrived.wait(), WITHIN)
    with db.read() as tx:
        left = tx.execute(text("SELECT key FROM inbox WHERE platform = 'web'")).scalars().all()
        dialogs = tx.execute(text("SELECT count(*) FROM dialog")).scalar_one()
    assert (left, dialogs) == (["k2"], 0)
