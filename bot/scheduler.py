"""Wakes when a timer is due and turns it into an inbox event; tidies up every night.

Timers are rows (``storage.timers``). Nothing is remembered here: whatever ends the process, what
was due meanwhile fires at the next start.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy.exc import DBAPIError

from handlers.channels.actions import comparison
from handlers.privacy.actions import EnforcePeriods
from handlers.router import pack
from storage import housekeeping, rosters, timers
from storage.db import Database, Tx

log = logging.getLogger(__name__)

LOOK_AGAIN = 60
"""Seconds after which it looks without being told: another process may have set a timer, and a
machine that slept does not notice how late it is."""

NIGHT = CronTrigger(hour=2, minute=17, timezone=UTC)

RETRY = 5.0
"""Seconds until it tries again when the database refused."""


class Scheduler:
    """The one that looks at the clock, for one database."""

    def __init__(
        self, db: Database, clock: Callable[[], datetime], arrived: Callable[[], None]
    ) -> None:
        """``arrived`` is called when timers became inbox events (``App.arrived.set``)."""
        self.db, self.clock, self.arrived = db, clock, arrived
        self._look = asyncio.Event()
        self._clockwork = AsyncIOScheduler(timezone=UTC)

    def changed(self) -> None:
        """A timer may have been set or dropped: look again."""
        self._look.set()

    async def run(self) -> None:
        """Fire what is due, and wake for what is due next, until cancelled."""
        self._clockwork.add_job(self._wake, IntervalTrigger(seconds=LOOK_AGAIN, timezone=UTC))
        self._clockwork.add_job(self._tidy, NIGHT, coalesce=True, misfire_grace_time=None)
        self._clockwork.start()
        try:
            await self._tidy()
            while True:
                self._look.clear()
                try:
                    await self.fire()
                except DBAPIError as error:
                    log.error("timers could not be read (%s)", type(error).__name__)
                    await asyncio.sleep(RETRY)
                    continue
                await self._look.wait()
        finally:
            self._clockwork.shutdown(wait=False)

    async def fire(self) -> int:
        """Turn what is due into events and arrange the next waking; returns how many were due."""
        due = await self.db.look(timers.next_due)
        fired = 0
        if due is not None and due <= self.clock():
            fired = await self.db.write(self._fire)
            self.arrived()
            due = await self.db.look(timers.next_due)
        if due is not None:
            self._wake_in(due - self.clock())
        return fired

    def _fire(self, tx: Tx) -> int:
        return timers.fire(tx, self.clock())

    def _wake_in(self, wait: timedelta) -> None:
        # A far one is found again later; APScheduler's own clock is not the one handed in.
        at = datetime.now(UTC) + min(max(wait, timedelta()), timedelta(days=1))
        self._clockwork.add_job(
            self._wake,
            DateTrigger(at),
            id="due",
            replace_existing=True,
            misfire_grace_time=None,
        )

    async def _wake(self) -> None:
        # APScheduler runs what is no coroutine in a thread, where an event must not be set.
        self._look.set()

    async def _tidy(self) -> None:
        try:
            dropped = await self.db.write(self._tidied)
        except DBAPIError as error:
            log.error("tidying up failed (%s); tried again next night", type(error).__name__)
            return
        self.changed()
        if dropped:
            log.info("tidied up: %s rows", dropped)

    def _tidied(self, tx: Tx) -> int:
        """Tidy up, and have each municipality's periods enforced and its channels
        compared with its roster, each as an event of its own."""
        now = self.clock()
        dropped = housekeeping.tidy(tx, now)
        for town in rosters.towns(tx):
            due = pack(EnforcePeriods(town.id, dropped > 0))
            timers.put(tx, f"retention:{town.id}", due, now, town.id)
            timers.put(tx, *comparison(town.id), now, town.id)
        return dropped
