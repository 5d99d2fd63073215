"""A Bot API server for tests, with the people who use Telegram.

``async with running() as server:`` gives ``server.url`` and ``server.token`` for the bot, and
``server.user(id).says(…)``, ``.presses(…)``, ``.reads(…)`` for its people.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from tests.platforms.botapi.flood import Limits
from tests.platforms.botapi.people import Group, Person, buttons, shown
from tests.platforms.botapi.server import Server

__all__ = ["Group", "Limits", "Person", "Server", "buttons", "running", "shown"]


def now() -> datetime:
    """The time of this machine."""
    return datetime.now(UTC)


@asynccontextmanager
async def running(
    clock: Callable[[], datetime] = now, limits: Limits | None = None
) -> AsyncIterator[Server]:
    """A server for as long as the block lasts; without ``limits`` it never says 429."""
    server = Server(clock, limits)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
