"""The parts of the running bot, put together: used by the demo, by ``run``, tests and benchmarks.

async with running(db, routes, platforms, clock, server=server) as bot:
    await bot.until_broken()
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Protocol, runtime_checkable

from bot.app import App, Clock
from bot.delivery import Deliveries
from bot.platforms import Platform
from bot.scheduler import Scheduler
from handlers.router import Routes
from storage.db import Database

log = logging.getLogger(__name__)

CATCH_UP = 60.0
"""Seconds that overdue timers wait for a platform to hand over what waited there."""

FINISH = 4.0
"""Seconds at the end for what is being handled and delivered."""

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 300.0
"""Seconds between attempts to run a platform that ended."""


class Server(Protocol):
    """A web server (``bot.platforms.web.server.WebServer``)."""

    ready: asyncio.Event

    async def run(self) -> None:
        """Serve until cancelled."""


@runtime_checkable
class BringsItself(Protocol):
    """A platform that stores what happened by itself (the web chat), and says so."""

    arrived: Callable[[], None]


class Broken(Exception):
    """A part without which the bot cannot go on has ended."""


class Running:
    """The running bot. ``deliveries`` by platform; ``app`` and ``scheduler`` as they are."""

    def __init__(
        self,
        db: Database,
        routes: Routes,
        platforms: Sequence[Platform],
        clock: Clock,
        server: Server | None = None,
    ) -> None:
        self.platforms, self.server = platforms, server
        self.app = App(db, routes, platforms, clock)
        self.deliveries = {p.name: Deliveries(db, routes, p, clock) for p in platforms}
        for deliveries in self.deliveries.values():
            deliveries.answered = self.app.arrived.set
        self.scheduler = Scheduler(db, clock, self.app.arrived.set)
        self.app.decided = self._decided
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._receiving: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin to receive, handle and deliver; returns when the web server answers."""
        self._start("app", self.app.run())
        for name, deliveries in self.deliveries.items():
            self._start(f"deliveries of {name}", deliveries.run())
        for platform in self.platforms:
            self._receiving.append(
                self._start(f"platform {platform.name}", self._keep_running(platform))
            )
        if self.server is not None:
            self._receiving.append(self._start("web server", self.server.run()))
            await self._first(self.server.ready.wait())
        self._receiving.append(self._start("scheduler", self._schedule()))

    async def until_broken(self) -> None:
        """Wait for a part to end, which none should; raises Broken."""
        done, _ = await asyncio.wait(self._tasks.values(), return_when=asyncio.FIRST_COMPLETED)
        self._report(done)

    async def stop(self) -> None:
        """End: nothing more comes in, what is under way is finished within seconds."""
        await _cancel(self._receiving)
        with suppress(TimeoutError):
            async with asyncio.timeout(FINISH):
                await self._finish()
        await _cancel(list(self._tasks.values()))
        for platform in self.platforms:
            await platform.close()

    async def _finish(self) -> None:
        if self._tasks["app"].done():
            return
        await self.app.work()
        await self.app.settle()
        for deliveries in self.deliveries.values():
            deliveries.stopping = True
            deliveries.idle.clear()
            deliveries.wake.set()
        await asyncio.gather(*(d.idle.wait() for d in self.deliveries.values()))

    def _start(self, name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=name)
        self._tasks[name] = task
        return task

    async def _first(self, waited_for: Coroutine[Any, Any, Any]) -> None:
        """Wait, but not for what can no longer come because a part has ended."""
        waiting = asyncio.ensure_future(waited_for)
        try:
            done, _ = await asyncio.wait(
                [waiting, *self._tasks.values()], return_when=asyncio.FIRST_COMPLETED
            )
            self._report({task for task in done if task is not waiting})
        finally:
            waiting.cancel()

    def _report(self, ended: set[asyncio.Task[None]]) -> None:
        for task in ended:
            error = None if task.cancelled() else task.exception()
            if isinstance(error, OSError):
                # The address is taken: who starts the bot has to know, and nothing is broken.
                raise error
            raise Broken(f"{task.get_name()} has ended") from error

    def _decided(self) -> None:
        for deliveries in self.deliveries.values():
            deliveries.wake.set()
        self.scheduler.changed()

    async def _schedule(self) -> None:
        """Ballots that waited at a platform go before a deadline that passed meanwhile."""
        waiting = [asyncio.ensure_future(p.caught_up.wait()) for p in self.platforms]
        try:
            if waiting:
                await asyncio.wait(waiting, timeout=CATCH_UP)
            for platform in self.platforms:
                if not platform.caught_up.is_set():
                    log.warning(
                        "%s has not handed over what waited there; deadlines go on without it",
                        platform.name,
                    )
        finally:
            for task in waiting:
                task.cancel()
        await self.scheduler.run()

    async def _keep_running(self, platform: Platform) -> None:
        """Run a platform; one that ends is started anew, and the others do not notice."""
        pause = FIRST_PAUSE
        while True:
            began = time.monotonic()
            try:
                await platform.run(self.app.receive)
                log.error("%s has ended; next attempt in %.0f s", platform.name, pause)
            except Exception as error:
                # The adapter logs what it knows; the traceback helps where it did not expect this.
                log.error(
                    "%s broke off (%s); next attempt in %.0f s",
                    platform.name,
                    type(error).__name__,
                    pause,
                    exc_info=error,
                )
            await asyncio.sleep(pause)
            lived = time.monotonic() - began
            pause = FIRST_PAUSE if lived > LONGEST_PAUSE else min(pause * 2, LONGEST_PAUSE)


@asynccontextmanager
async def running(
    db: Database,
    routes: Routes,
    platforms: Sequence[Platform],
    clock: Clock,
    *,
    server: Server | None = None,
) -> AsyncIterator[Running]:
    """The running bot; at the end everything is stopped, the database stays open.

    The web chat among ``platforms`` needs ``server`` with it as a part, and wakes the app by
    itself here. Raises OSError where the server's address is taken.
    """
    bot = Running(db, routes, platforms, clock, server)
    for platform in platforms:
        if isinstance(platform, BringsItself):
            platform.arrived = bot.app.arrived.set
    try:
        await bot.start()
        yield bot
    finally:
        await bot.stop()


async def _cancel(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
